"""Numbers in words as figures, so that "twelve hundred" is what "one thousand two hundred" is.

Read by text2num; where it is not installed, numbers are words like any others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import util

from podgen.proof.spelling import MARKS
from podgen.text.language import primary

_READ = frozenset(("en", "de", "es", "fr", "it", "nl", "pt"))
"""The languages of which text2num reads number words."""
_NOUGHT = frozenset(("oh", "o"))
_WITHIN = frozenset(("a", "an", "and", "eine", "und", "y"))
"""Words that may stand in a number and do not change it."""


def same_number(words: Sequence[str], others: Sequence[str], language: str) -> bool:
    """Whether two runs of words have the same figures in a row, and nothing else."""
    if not all(may_count(word, language) for word in (*words, *others)):
        return False
    one, other = _figures(tuple(words), language), _figures(tuple(others), language)
    return bool(one) and one == other


@lru_cache(maxsize=16384)
def may_count(word: str, language: str) -> bool:
    """Whether a word may be part of a number."""
    plain = word.strip(MARKS).casefold()
    return (
        plain in _WITHIN or plain in _NOUGHT or any(map(str.isdigit, _figures((word,), language)))
    )


@cache
def _installed() -> bool:
    return util.find_spec("text_to_num") is not None


def _figures(words: tuple[str, ...], language: str) -> str:
    if primary(language) not in _READ or not _installed():
        return ""
    from text_to_num import alpha2digit

    plain = [word.strip(MARKS).casefold() for word in words]
    counted = " ".join("zero" if word in _NOUGHT else word for word in plain)
    read: str = alpha2digit(counted, primary(language), threshold=0)
    return "".join(each for each in read.split() if each not in _WITHIN)
