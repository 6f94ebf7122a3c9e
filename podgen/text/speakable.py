"""Which characters an English voice can say, known without loading its G2P."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Symbols that are read as words, and marks that shape a sentence or rightly pass unheard.
_SYMBOLS = frozenset("$£€¥₹₩₽₺₪₫₴₿¢%‰°§¶±×÷™®©•·→←²³¹µμ½¼¾⅓⅔⁄−¿¡«»‹›„‚“”‘’ʼ′″…–—―‐‑‒ªº")
_INVISIBLE = frozenset("\u00ad\u200b\u2060\ufeff\u200e\u200f\u202f\u2009\u00a0")


@lru_cache(maxsize=4096)
def _is_speakable(char: str) -> bool:
    if char.isascii():
        return char.isprintable() or char.isspace()
    if char in _SYMBOLS or char in _INVISIBLE or char.isspace():
        return True
    if "\u0370" <= char <= "\u03ff":
        return True  # a lone Greek letter is named; see `unspeakable`
    name = unicodedata.name(char, "")
    return name.startswith("LATIN ") and unicodedata.category(char) in ("Ll", "Lu", "Lt")


def unspeakable(text: str) -> list[str]:
    """The words and signs of `text` that an English voice would drop, each once, in order."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isascii():
        return []
    found: dict[str, None] = {}
    for word in composed.split():
        greek = sum("\u0370" <= c <= "\u03ff" and c.isalpha() for c in word)
        if not all(_is_speakable(c) for c in word) or greek > 1:
            found[_core(word)] = None
    return list(found)


def has_words(text: str) -> bool:
    """Whether there is a letter, a figure or a spoken symbol in `text` at all."""
    return any(c.isalnum() or c in "$£€%&@+=" for c in text)


def _core(word: str) -> str:
    return word.strip(".,;:!?\"'()[]“”‘’…") or word
