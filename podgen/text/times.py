"""Dates and times of day in words."""

from __future__ import annotations

import re

from podgen.text import cldr
from podgen.text.rules import Rule, rule


def date_rules(language: str, *, month_first: bool) -> list[Rule]:
    """Dates in figures, and with the month's name; where a name stands, its place is kept."""
    months = {
        name.rstrip(".").casefold(): index
        for width in ("wide", "abbreviated")
        for index, name in cldr.locale(language).months["format"][width].items()
    }
    if language == "en":
        months["sept"] = 9
    month = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
    wide = {name.casefold() for name in cldr.locale(language).months["format"]["wide"].values()}

    def stop(match: re.Match[str], name: str) -> str:
        """The full stop behind a month that is not short for anything ends the sentence."""
        return "." if match["stop"] and name in wide and not match["year"] else ""

    def dated(day: str, number: int, year: str | None, *, day_first: bool) -> str | None:
        if not (1 <= int(day) <= 31 and 1 <= number <= 12):
            return None
        return cldr.date(
            int(day), number, int(year) if year else None, language, day_first=day_first
        )

    def named(match: re.Match[str], day: str, name: str, *, day_first: bool) -> str | None:
        said = dated(day, months[name], match["year"], day_first=day_first)
        return said and said + stop(match, name)

    def slashed(match: re.Match[str]) -> str | None:
        year = match[4]
        if len(year) == 2:
            if match[2] != "/":
                return None
            year = ("19" if int(year) > 30 else "20") + year
        american = month_first and match[2] == "/"
        first, second = (match[1], match[3]) if american else (match[3], match[1])
        if int(first) > 12:
            first, second = second, first
        return dated(second, int(first), year, day_first=not american)

    return [
        rule(
            r"\b(\d{4})-(\d{2})-(\d{2})\b",
            lambda m: dated(m[3], int(m[2]), m[1], day_first=not month_first),
        ),
        rule(r"\b(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d{2})\b(?![./]\d)", slashed),
        rule(
            rf"\b(?:the\s)?(\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?(?:\s|\sde\s|\sof\s)({month})\b(?P<stop>\.?)"
            rf"(?:,?\s(?:de\s)?(?P<year>\d{{4}})\b)?",
            lambda m: named(m, m[1], m[2].casefold(), day_first=True),
            re.IGNORECASE,
        ),
        rule(
            rf"\b({month})(?P<stop>\.?)\s(\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.,]\d|%)"
            rf"(?:,?\s(?P<year>\d{{4}})\b)?",
            lambda m: dated(m[3], months[m[1].casefold()], m["year"], day_first=False),
            re.IGNORECASE,
        ),
    ]


def clock_rules(language: str) -> list[Rule]:
    """Times of day, and lengths of time written with two colons."""
    mark = "[:h]" if language == "fr" else ":"
    half = r"(?P<half>\s?[aApP]\.?[mM]\b\.?)?" if language == "en" else ""
    after = {"de": r"(?:\s?Uhr)?", "nl": r"(?:\s?uur)?", "hi": r"(?:\s?बजे)?"}.get(language, "")

    def at_clock(match: re.Match[str]) -> str | None:
        hour, minute = int(match[1]), int(match[2])
        if hour > 24 or minute > 59:
            return None
        if language == "en" and match["half"]:
            past = cldr.clock(hour, minute, language).partition(" ")[2] if minute else ""
            words = (cldr.number(str(hour), language), past, _half(match["half"], match))
            return " ".join(word for word in words if word)
        return cldr.clock(hour, minute, language)

    def lasting(match: re.Match[str]) -> str | None:
        if int(match[2]) > 59 or int(match[3]) > 59:
            return None
        counted = zip(match.groups(), ("h", "min", "s"), strict=True)
        parts = [cldr.unit(str(int(count)), name, language) for count, name in counted]
        return " ".join(part for part in parts if part)

    rules = [
        rule(r"(?<![\d:.])(\d{1,2}):(\d{2}):(\d{2})(?![\d:])", lasting),
        rule(rf"(?<![\d:.,])(\d{{1,2}}){mark}(\d{{2}})(?!\d|:\d){after}{half}", at_clock),
    ]
    if language == "en":
        rules += [
            rule(
                r"(?i)(?<![\w.,:])(\d{1,2})\s?[-–]\s?(\d{1,2})(?=\s?[ap]\.?m\b)",
                r"\1 to \2",
            ),
            rule(r"(?i)(?<![\w.,:])(\d{1,2})(?P<half>\s?[ap]\.?m\b\.?)", _on_the_hour),
        ]
    return rules


def _on_the_hour(match: re.Match[str]) -> str | None:
    if int(match[1]) > 12:
        return None
    return f"{cldr.number(match[1], 'en')} {_half(match['half'], match)}"


def _half(written: str, match: re.Match[str]) -> str:
    """A.M. or P.M.; a stop that also ends the sentence is not doubled."""
    said = f"{written.strip()[0].upper()}.M."
    return said.removesuffix(".") if match.string[match.end() : match.end() + 1] == "." else said
