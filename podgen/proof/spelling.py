"""Words as letters, so that spelling, marks and abbreviations are no difference."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from podgen.text.saying import in_words

MARKS = '.,;:!?…"“”„«»()[]¿¡—–'
_SOUNDS = re.compile(r"[^\W\d_]+|\d+")
_INTERJECTIONS = frozenset(
    ("ah", "aha", "eh", "er", "erm", "ha", "hm", "hmm", "huh", "mhm", "mm", "mmm", "oh", "ooh")
) | {"uh", "uhm", "um"}


def split(text: str) -> list[str]:
    """The words of a text, at its spaces, that have any sound."""
    return [word for word in text.split() if any(char.isalnum() for char in word)]


@lru_cache(maxsize=65536)
def letters(word: str) -> str:
    """A word without case, marks, accents, apostrophes or hyphens."""
    folded = unicodedata.normalize("NFKD", word.casefold().replace("ß", "ss"))
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return "".join(_SOUNDS.findall(plain))


def is_interjection(word: str) -> bool:
    """Whether it is said and written in any way, and heard as anything or nothing."""
    return letters(word) in _INTERJECTIONS


@lru_cache(maxsize=4096)
def in_full(word: str, language: str) -> str:
    """A heard word, or what it stands for if it is an abbreviation."""
    plain = letters(word)
    if len(plain) > 4 or not plain:
        return word
    said = in_words(f"{word.strip('.,;:!?')}. Xx", language).text
    return said.rpartition(" ")[0] or word
