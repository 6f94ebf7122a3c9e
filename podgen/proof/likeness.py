"""How near two words sound, whatever their spelling.

English words are compared by their phonemes where a G2P is installed (hibari's, of the extra
`embedded`), all others by their letters, those that stand for one sound taken together.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from importlib import util

from podgen.engines.g2p import G2P, UnspeakableError
from podgen.proof.spelling import letters
from podgen.text.language import primary

NEAR = 0.6
"""From this likeness on, 0 to 1, two spellings are taken for the same sound."""
_HOPELESS = 0.2
"""Less like each other in letters than this, words are not looked up."""
_READING = threading.Lock()
_LETTERS = (
    ("sch", "ʃ"), ("tch", "ʧ"), ("ch", "ʧ"), ("sh", "ʃ"), ("ph", "f"), ("ght", "t"), ("th", "θ"),
    ("ck", "k"), ("qu", "kw"), ("wh", "w"), ("kn", "n"), ("wr", "ɹ"), ("dge", "ʤ"), ("ng", "ŋ"),
    ("c", "k"), ("j", "ʤ"), ("r", "ɹ"), ("h", ""),
)  # fmt: skip
"""Letters of several languages, roughly as they sound."""
_VOWELS = frozenset("aeiouyæɑɒɔəɛɜɪʊʌᵻɐᵊAIOQWY")
_PAIRS = ("sz", "fv", "td", "kɡ", "kg", "pb", "ʃʒ", "ʧʤ", "θð", "tT", "dT", "nŋ", "nm", "yʤ", "tθ")
"""Sounds that differ in voice or little else."""
_NEAR_SOUNDS = frozenset(both for pair in _PAIRS for both in (pair, pair[::-1]))


@lru_cache(maxsize=65536)
def likeness(one: tuple[str, ...], other: tuple[str, ...], language: str) -> float:
    """How alike two runs of words sound, 0 to 1; 0 if either is empty."""
    plain, against = "".join(map(letters, one)), "".join(map(letters, other))
    if not plain or not against:
        return 0.0
    if plain == against:
        return 1.0
    spelt = _alike(_by_letters(plain), _by_letters(against))
    if spelt < _HOPELESS or primary(language) != "en":
        return spelt
    said, heard = (_sounds(words, language) for words in (one, other))
    return _alike(said, heard) if said and heard else spelt


def _by_letters(word: str) -> str:
    for spelling, sound in _LETTERS:
        word = word.replace(spelling, sound)
    return re.sub(r"(.)\1+", r"\1", word)


def _sounds(words: tuple[str, ...], language: str) -> str | None:
    """The phonemes of English words, None where they are not to be had."""
    found = [_phonemes(word, language.casefold() == "en-gb") for word in words]
    return None if None in found else "".join(filter(None, found))


@lru_cache(maxsize=16384)
def _phonemes(word: str, british: bool) -> str | None:
    with _READING:
        read = _reader(british)
        try:
            said = read(word.strip("-")) if read else ""
        except UnspeakableError:
            return None
    return re.sub(r"[^\w]|[ˈˌː]", "", said) or None


@lru_cache(maxsize=2)
def _reader(british: bool) -> G2P | None:
    return G2P(british=british) if util.find_spec("hibari") else None


def _alike(one: str, other: str) -> float:
    longest = max(len(one), len(other))
    return 1 - _distance(one, other) / longest if longest else 0.0


def _distance(one: str, other: str) -> float:
    """Levenshtein's, in which near sounds stand for each other at half the cost or less."""
    row = [float(n) for n in range(len(other) + 1)]
    for number, char in enumerate(one, 1):
        before, row[0] = row[0], float(number)
        for at, against in enumerate(other, 1):
            change = _change(char, against)
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + change)
    return row[-1]


def _change(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if one in _VOWELS and other in _VOWELS:
        return 0.5
    return 0.4 if one + other in _NEAR_SOUNDS else 1.0
