"""Letters and figures in one word: R2D2, MP3, A4, COVID-19, H2O."""

from __future__ import annotations

import re

from podgen.text.numerals import numerals
from podgen.text.rules import Rule, rule

_SUFFIXES = re.compile(
    r"[-−]?\d+(?:st|nd|rd|th|s|er|re|ères?|e|ème|de|ste|º|ª|x|k|K|m|M|b|B|bn|h|[ap]m|[AP]M)"
)
"""Figures with an ending that other rules know."""


def mixed_rules(language: str) -> list[Rule]:
    """A word of letters and figures, part by part; single letters by their names."""
    n = numerals(language)

    def read(match: re.Match[str]) -> str | None:
        word = match[0]
        if _SUFFIXES.fullmatch(word) or _is_measure(word):
            return None
        parts = re.findall(r"[^\W\d_]+|\d+", word)
        said = []
        for part in parts:
            if part.isdecimal():
                said.append(
                    n.one_by_one(part) if part[0] == "0" and len(part) > 1 else n.words(part)
                )
            else:
                said.append(_letters(part))
        short = all(part.isdecimal() or len(part) <= 2 for part in parts)
        if language == "ar":  # "and" is written together with what it joins
            return "".join(said)
        return ("-" if short else " ").join(said)

    return [
        rule(r"(?<![\w.,])(?=\w*[^\W\d_]\w*\d|\w*\d\w*[^\W\d_])[^\W_½¼¾⅓⅔]+(?![\w]|[.,]\d)", read),
        rule(r"(?<![\w.,-])([^\W\d_]+)-(?=\d+(?![\d.,:/]))", lambda m: f"{_letters(m[1])} "),
    ]


def _letters(part: str) -> str:
    """A run of letters as it is said: one or two capitals, and runs without a vowel, spelt."""
    if len(part) <= 2 and (part.isupper() or not re.search("[aeiouyAEIOUY]", part)):
        return "-".join(part.upper())
    return part.upper() if not re.search("[aeiouyAEIOUY]", part) else part


def _is_measure(word: str) -> bool:
    """Whether figures come first, with a unit's symbol behind them."""
    from podgen.text.cldr import UNITS

    return re.fullmatch(rf"\d+(?:{UNITS})", word) is not None
