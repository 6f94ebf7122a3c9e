"""Text as it is said: figures, dates, times, money, units, signs and addresses in words.

The model reads figures unreliably and was given no normaliser; the reference leaves this to the
caller. What is said is what CLDR says (see `words`). Cases and genders that only the sentence
around a number decides are left in their commonest form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from podgen.text import words
from podgen.text.language import primary

Rule = tuple[re.Pattern[str], Callable[[re.Match[str], str], str | None]]

_HOST = r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,12}"
_SCALES = {
    "en": "hundred|thousand|million|billion|trillion",
    "fr": "mille|millions?|milliards?",
    "es": "mil|mill[oó]n|millones",
    "de": "Tausend|Millionen|Million|Milliarden|Milliarde",
    "it": "mila|milion[ei]|miliard[oi]",
    "pt": "mil|milh[ãõ]o|milhões|bilh(?:ão|ões)",
    "nl": "duizend|miljoen|miljard",
    "ar": "ألف|مليون|مليار",
    "hi": "हज़ार|लाख|करोड़",
}


@lru_cache(maxsize=4096)
def spoken_text(text: str, language: str) -> str:
    """`text` as it is said in a language given by its BCP 47 tag.

    A language that the model does not speak comes back unchanged. Idempotent: what is already in
    words stays.
    """
    spoken = primary(language)
    if spoken not in words.LANGUAGES:
        return text
    text = unicodedata.normalize("NFC", text).translate(_DIGITS)
    text = _unmark(text)
    for pattern, say in _rules(spoken, month_first=language.replace("_", "-") == "en-US"):
        text = pattern.sub(_saying(say, spoken), text)
    return re.sub(r"[ \t\u00a0\u202f]+", " ", text).strip()


# Figures of the Arabic and Devanagari scripts are figures too.
_DIGITS = {zero + i: str(i) for zero in (0x0660, 0x06F0, 0x0966) for i in range(10)} | {
    0x066B: ".",
    0x066C: ",",
    0x066A: "%",
}


def _saying(
    say: Callable[[re.Match[str], str], str | None], language: str
) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        said = say(match, language)
        return match[0] if said is None else said

    return replace


def _unmark(text: str) -> str:
    """`text` without the marks of Markdown."""
    text = re.sub(r"!?\[([^\]]+)\]\([^)\s]+\)", r"\1", text)
    text = re.sub(r"(?m)^\s{0,3}(?:#{1,6}|>|[*+-])\s+", "", text)
    text = re.sub(r"`([^`]+)`", r"\1", text)
    return re.sub(r"(?<!\w)(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1(?!\w)", r"\2", text)


@lru_cache(maxsize=32)
def _rules(language: str, month_first: bool) -> list[Rule]:
    """What to replace and by what, in order; a rule that answers None leaves its match."""
    point, group = (".", ",") if language in ("en", "ar", "hi") else (",", ".")
    gap = "\u00a0\u202f "
    spaces = "\u00a0\u202f " if language == "fr" else "\u00a0\u202f"
    thousands = rf"[{re.escape(group)}{spaces}]" if group == "." else group
    figures = rf"\d{{1,3}}(?:{thousands}\d{{2,3}})*{thousands}\d{{3}}|\d+"
    num = rf"(?:{figures})(?:{re.escape(point)}\d+)?"
    signed = rf"(?<![\w.,])[-−]?(?:{num})"
    end = rf"(?![\w]|[{re.escape(point)}]\d)"
    months = {
        name.rstrip(".").casefold(): index
        for width in ("wide", "abbreviated")
        for index, name in words.locale(language).months["format"][width].items()
    }
    month = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
    scale = _SCALES[language]

    def plain(written: str) -> str:
        """Digits, a full stop as the point, a plain minus."""
        bare = re.sub(thousands, "", written.replace("−", "-"))
        return bare.replace(point, ".")

    def dated(day: str, month_number: int, year: str | None, language: str) -> str | None:
        if not (1 <= int(day) <= 31 and 1 <= month_number <= 12):
            return None
        return words.date(int(day), month_number, int(year) if year else None, language)

    def slashed(match: re.Match[str], language: str) -> str | None:
        first, second = match[1], match[3]
        if month_first and match[2] == "/":
            first, second = second, first
        return dated(first, int(second), match[4], language)

    def amount(match: re.Match[str], language: str) -> str:
        return words.money(
            plain(match["value"]), match["sign"], (match["scale"] or "").strip(), language
        )

    def in_range(match: re.Match[str], language: str) -> str:
        return f"{match[1]} {words.LANGUAGES[language].to} {match[2]}"

    def at_clock(match: re.Match[str], language: str) -> str | None:
        hour, minute = int(match[1]), int(match[2])
        if hour > 24 or minute > 59:
            return None
        if language == "en" and match["half"]:
            said = words.number(str(hour), language)
            past = "" if not minute else words.clock(hour, minute, language).partition(" ")[2]
            half = " ".join(match["half"].replace(".", "").upper())
            return " ".join(part for part in (said, past, half) if part)
        said = words.clock(hour, minute, language)
        return said + (match["half"] or "")

    def figure(match: re.Match[str], language: str) -> str:
        written = match[0]
        digits = re.sub(r"\D", "", written)
        grouped = len(digits) != len(written.lstrip("-−"))
        if not grouped and (len(digits) > 12 or (len(digits) > 1 and digits[0] == "0")):
            return " ".join(words.number(digit, language) for digit in digits)
        if not grouped and len(digits) == 4 and written[0].isdigit():
            return words.year(int(digits), language)
        return words.number(plain(written), language)

    clock_mark = r"[:h]" if language == "fr" else r"[:]"
    half = r"(?P<half>\s?[ap]\.?m\b\.?)?" if language == "en" else r"(?P<half>)"
    uhr = r"(?:\s?Uhr)?" if language == "de" else r"(?:\s?uur)?" if language == "nl" else ""
    rules: list[tuple[str, Callable[[re.Match[str], str], str | None]]] = [
        (rf"\b([\w.+-]+)@({_HOST})\b", lambda m, lang: _address(m[0], lang)),
        (
            rf"\b(?:https?://(?:www\.)?|www\.)({_HOST}(?:/[^\s)\"”]*)?)",
            lambda m, lang: _address(m[1], lang),
        ),
        (rf"\b({_HOST}/[^\s)\"”]+)", lambda m, lang: _address(m[1], lang)),
        (
            r"\b([A-Za-z0-9-]+\.(?:com|org|net|edu|io|dev|fm|ai|de|fr|es|it|nl|br|in))\b",
            lambda m, lang: _address(m[1], lang),
        ),
        *(
            (rf"(?<![\w.]){re.escape(short)}(?!\w)", _always(said))
            for short, said in sorted(
                words.LANGUAGES[language].abbreviations.items(), key=lambda item: -len(item[0])
            )
        ),
        (
            r"\b(\d{4})-(\d{2})-(\d{2})\b",
            lambda m, lang: dated(m[3], int(m[2]), m[1], lang),
        ),
        (r"\b(\d{1,2})([./])(\d{1,2})[./](\d{4})\b", slashed),
        (
            rf"\b(\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?(?:\s|\sde\s)({month})\b\.?(?:,?\s(?:de\s)?(\d{{4}})\b)?",
            lambda m, lang: dated(m[1], months[m[2].casefold()], m[3], lang),
        ),
        (
            rf"\b({month})\.?\s(\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.,]\d)(?:,?\s(\d{{4}})\b)?",
            lambda m, lang: dated(m[2], months[m[1].casefold()], m[3], lang),
        ),
        (rf"\b(\d{{1,2}}){clock_mark}(\d{{2}})(?!\d|:\d){uhr}{half}", at_clock),
        (r"\b(\d{1,2})()(?P<half>\s?[ap]\.?m\b\.?)", _half_hour),
        (r"(?<![\w.])(v?)(\d+(?:[.]\d+){2,})(?!\w)", _version),
        (rf"(?<![\w.,-])({num})\s?[–—-]\s?({num})(?![\w-])", in_range),
        (
            rf"(?P<sign>{words.CURRENCIES})[{gap}]?(?P<value>{num})(?P<scale>[{gap}](?:{scale})\b)?{end}",
            amount,
        ),
        (
            rf"(?<![\w.,])(?P<value>{num})(?P<scale>[{gap}](?:{scale}))?[{gap}]?(?P<sign>{words.CURRENCIES})(?!\w)",
            amount,
        ),
        (r"(?<!\w)['’]?(\d0|\d\d\d0)s\b", _decade),
        _ORDINALS.get(language, (r"(?!)", _always(""))),
        (
            rf"({signed})[{gap}]?%",
            lambda m, lang: f"{words.number(plain(m[1]), lang)} {words.mark('percent', lang)}",
        ),
        (
            rf"({signed})[{gap}]?({words.UNITS})(?![\w/²³])",
            lambda m, lang: words.unit(plain(m[1]), m[2], lang),
        ),
        (rf"{signed}{end}", figure),
        (r"(?<=\w)\s?&\s?(?=\w)", lambda m, lang: f" {words.mark('and', lang)} "),
        (r"(?<=\w)\s?([+=])\s?(?=\w)", _operator),
        (r"(?<!\w)#(?=\w)", lambda m, lang: f"{words.mark('number', lang)} "),
        (r"\d+", lambda m, lang: f" {words.number(m[0], lang)} "),
    ]  # fmt: skip
    return [
        (re.compile(pattern, re.IGNORECASE if month in pattern else 0), say)
        for pattern, say in rules
    ]


def _always(said: str) -> Callable[[re.Match[str], str], str]:
    return lambda match, language: said


def _address(address: str, language: str) -> str:
    """An address in words: its signs by name, its stops at the end left alone."""
    body = address.rstrip(".,;:!?/")
    names = {".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", "+": "plus"}
    pieces = re.findall(r"[^\W_]+|[\W_]", body)
    said = [words.mark(names[p], language) if p in names else p for p in pieces]
    return " ".join(p for p in said if p.strip()) + address[len(body) :].replace("/", "")


def _half_hour(match: re.Match[str], language: str) -> str | None:
    if language != "en" or int(match[1]) > 12:
        return None
    half = " ".join(match["half"].strip().replace(".", "").upper())
    return f"{words.number(match[1], language)} {half}"


def _version(match: re.Match[str], language: str) -> str:
    parts = [words.number(part, language) for part in match[2].split(".")]
    return f"{match[1]} " * bool(match[1]) + f" {words.mark('dot', language)} ".join(parts)


def _decade(match: re.Match[str], language: str) -> str | None:
    if language != "en":
        return None
    said = (
        words.year(int(match[1]), language)
        if len(match[1]) == 4
        else words.number(match[1], language)
    )
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"


def _operator(match: re.Match[str], language: str) -> str:
    return f" {words.mark('plus' if match[1] == '+' else 'equals', language)} "


def _ordinal(match: re.Match[str], language: str) -> str:
    feminine = match[2] in ("ª", "re", "a")
    return words.ordinal(int(match[1]), language, feminine)


_ORDINALS: dict[str, tuple[str, Callable[[re.Match[str], str], str | None]]] = {
    "en": (r"\b(\d+)(st|nd|rd|th)\b", _ordinal),
    "fr": (r"\b(\d+)(er|re|ères?|e|ème)\b", _ordinal),
    "es": (r"\b(\d+)\.?(º|ª)", _ordinal),
    "it": (r"\b(\d+)(°|º|ª)(?!\s?[CF]\b)", _ordinal),
    "pt": (r"\b(\d+)\.?(º|ª)", _ordinal),
    "nl": (r"\b(\d+)(de|ste|e)\b", _ordinal),
}
