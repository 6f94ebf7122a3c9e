"""Names of turns: given by the writer, else made from the speaker and the words, never by place."""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 60
_ID = re.compile(r"[^\W_][\w-]*")
_FIGURES = re.compile(r"[\d_-]+")


def normal_id(text: str) -> str | None:
    """An id in its normal form, or None if it is not letters, figures, - and _ with a letter."""
    text = unicodedata.normalize("NFC", text)
    fits = _ID.fullmatch(text) and not _FIGURES.fullmatch(text) and len(text) <= LONGEST
    return text if fits else None


def derived_id(speaker: str, text: str) -> str:
    """`cipherfox-3f2a9c41`: the speaker's name and a digest of the words, whatever their wrapping.

    32 bits keep two different lines of a 10-hour book apart (0.3 % odds for 5,000 of one speaker).
    """
    words = " ".join(text.split())
    digest = hashlib.blake2b(words.encode(), digest_size=4).hexdigest()
    slug = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", speaker).casefold()).strip("-")
    return f"{slug[: LONGEST - 16].rstrip('-') or 'turn'}-{digest}"


def unlike(wanted: str, taken: set[str]) -> str:
    """`wanted`, or it with the first of -2, -3, ... that is not taken (case apart)."""
    found, number = wanted, 1
    while found.casefold() in taken:
        number += 1
        found = f"{wanted}-{number}"
    return found
