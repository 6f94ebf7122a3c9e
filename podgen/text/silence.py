"""Whether a text holds anything that is said."""

from __future__ import annotations

import re
import unicodedata

from podgen.text.lexicon import UNSPACED


def has_words(text: str) -> bool:
    """Whether there is a letter or a figure, or a sign that is said by itself."""
    return any(char.isalnum() or char in "$£€%&@+=½¼¾⅓⅔" for char in text)


def is_silent(said: str) -> bool:
    """Whether a text as it is said holds nothing that can be spoken: no letter and no figure."""
    return not any(char.isalnum() for char in said)


def has_sound(ipa: str) -> bool:
    """Whether phonemes hold more than stress, length and other marks."""
    return any(unicodedata.category(char) in ("Ll", "Lu", "Lo") for char in ipa)


def endless_words(text: str) -> list[tuple[str, str]]:
    """Words so long that no voice says them, as `(what, remedy)`.

    Letters of scripts that put no space between words are not counted.
    """
    long = (word for word in _LONG.findall(text) if not _UNSPACED.search(word))
    return [
        (f"the word `{word[:20]}...` has {len(word)} letters", "take it out, or put blanks in it")
        for word in long
    ]


_LONGEST = 100
"""The longest word of a dictionary has 45 letters in English and 80 in German."""
_LONG = re.compile(rf"[^\W_]{{{_LONGEST + 1},}}")
_UNSPACED = re.compile(f"[{UNSPACED}]")
