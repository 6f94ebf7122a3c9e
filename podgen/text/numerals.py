"""How a language writes its figures: point, grouping, scales."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from podgen.text import cldr

GAP = "\u00a0\u202f "
"""Spaces that may stand between a figure and what belongs to it."""

_SCALES = {
    "en": "hundred|thousand|million|billion|trillion",
    "fr": "mille|millions?|milliards?",
    "es": "mil|mill[oó]n|millones",
    "de": "Tausend|Millionen|Million|Milliarden|Milliarde|Mio\\.|Mrd\\.",
    "it": "mila|milion[ei]|miliard[oi]",
    "pt": "mil|milh[ãõ]o|milhões|bilh(?:ão|ões)",
    "nl": "duizend|miljoen|miljard",
    "ar": "ألف|مليون|مليار",
    "hi": "हज़ार|लाख|करोड़",
}


@dataclass(frozen=True, slots=True)
class Numerals:
    """The figures of one language.

    Attributes:
        language: its code.
        number: a pattern of a number without sign.
        signed: a pattern of a number at the beginning of a word, with its minus.
        groups_by_comma: whether a comma parts thousands.
        end: a pattern of what may follow a number.
        scale: a pattern of words such as million.
    """

    language: str
    number: str
    signed: str
    groups_by_comma: bool
    end: str
    scale: str
    _thousands: str
    _point: str

    def bare(self, written: str) -> str:
        """Digits alone, a full stop as the point, a plain minus."""
        digits = re.sub(self._thousands, "", written.replace("−", "-"))
        return digits.replace(self._point, ".")

    def words(self, written: str) -> str:
        """A number in words."""
        return cldr.number(self.bare(written), self.language)

    def one_by_one(self, digits: str) -> str:
        """Every digit by itself."""
        return " ".join(cldr.number(digit, self.language) for digit in digits)


@lru_cache(maxsize=16)
def numerals(language: str) -> Numerals:
    """The figures of a language of `LANGUAGES`."""
    point, group = (".", ",") if language in ("en", "ar", "hi") else (",", ".")
    spaces = GAP if language == "fr" else "\u00a0\u202f"
    thousands = rf"[{re.escape(group)}{spaces}]" if group == "." else group
    figures = rf"\d{{1,3}}(?:{thousands}\d{{2,3}})*{thousands}\d{{3}}(?!\d)|\d+"
    number = rf"(?:{figures})(?:{re.escape(point)}\d+)?"
    return Numerals(
        language=language,
        number=number,
        signed=rf"(?<![\w.,])[-−]?(?:{number})",
        groups_by_comma=group == ",",
        end=rf"(?![\w]|[{re.escape(point)}]\d)",
        scale=_SCALES[language],
        _thousands=thousands,
        _point=point,
    )
