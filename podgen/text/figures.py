"""Figures in words, in nine languages: money, units, ranges, ordinals, versions, numbers.

Cases and genders that only the sentence around a number decides are left in their commonest form.
"""

from __future__ import annotations

import re
import unicodedata

from podgen.text import cldr
from podgen.text.languages import LANGUAGES
from podgen.text.numerals import GAP, Numerals, numerals
from podgen.text.rules import Rule, Say, rule

_SHORT_SCALES = {
    "k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion",
    "t": "trillion", "tn": "trillion",
}  # fmt: skip
_FRACTIONS = {
    2: ("half", "halves"), 3: ("third", "thirds"), 4: ("quarter", "quarters"),
    5: ("fifth", "fifths"), 6: ("sixth", "sixths"), 7: ("seventh", "sevenths"),
    8: ("eighth", "eighths"), 9: ("ninth", "ninths"), 10: ("tenth", "tenths"),
}  # fmt: skip
_SIGNED_FRACTIONS = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3)}
_ORDINALS = {
    "en": r"\b(\d+)(st|nd|rd|th)\b",
    "fr": r"\b(\d+)(er|re|ères?|e|ème)\b",
    "es": r"\b(\d+)\.?(º|ª|er\b)",
    "de": r"(?<= )(\d{1,3})(\.)(?= [A-ZÄÖÜ])",
    "it": r"\b(\d+)(°|º|ª)(?!\s?[CF]\b)",
    "pt": r"\b(\d+)\.?(º|ª)",
    "nl": r"\b(\d+)(de|ste|e)\b",
}


def figure_rules(language: str) -> list[Rule]:
    """What is said of figures, in the order in which it must be tried."""
    n = numerals(language)
    about = f"{cldr.sign('about', language)} "
    return [
        rule(r"(?<!\w)[~≈]\s?(?=[\d$£€])", about),
        *_telephones(n),
        *_ratios(n),
        *_versions(n),
        *_money(n),
        *_ranges(n),
        *_ordinals(n),
        *_measures(n),
        *_sums(n),
        rule(rf"{n.signed}{n.end}", _number(n)),
        rule(r"[-−]?\d+", lambda m: f" {n.words(m[0])} "),
        *_raised(n),
        rule(r"[⁰¹²³⁴-⁹]+", lambda m: f" {n.words(_on_the_line(m[0]))} "),
        _lone_currency(n),
    ]


def _raised(n: Numerals) -> list[Rule]:
    if n.language != "en":
        return []
    return [
        rule(r"(?<=[\w)])²(?!\w)", " squared"),
        rule(r"(?<=[\w)])³(?!\w)", " cubed"),
    ]


def _on_the_line(raised: str) -> str:
    return "".join(str(unicodedata.digit(figure)) for figure in raised)


def _telephones(n: Numerals) -> list[Rule]:
    def read(match: re.Match[str]) -> str | None:
        groups = re.findall(r"\d+", match[0])
        if len("".join(groups)) < 8:
            return None
        said = ", ".join(n.one_by_one(group) for group in groups)
        return f"{cldr.sign('plus', n.language)} {said}"

    return [rule(r"(?<![\w+])\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6}(?!\w)", read)]


def _ratios(n: Numerals) -> list[Rule]:
    to = LANGUAGES[n.language].to
    half, quarter, three = LANGUAGES[n.language].halves

    def fraction(over: int, under: int) -> str | None:
        if (over, under) in ((1, 2), (1, 4), (3, 4)) and n.language != "en":
            return {(1, 2): half, (1, 4): quarter}.get((over, under), three)
        if n.language != "en" or not 0 < over < under or under not in _FRACTIONS:
            return None
        return f"{n.words(str(over))} {_FRACTIONS[under][over > 1]}"

    def signed(match: re.Match[str]) -> str | None:
        over, under = _SIGNED_FRACTIONS[match[2]]
        said = fraction(over, under)
        if said is None:
            said = f"{n.words(str(over))} {cldr.sign('divided', n.language)} {n.words(str(under))}"
        if not match[1]:
            return f" {said} "
        if n.language == "en":
            said = re.sub(r"^one ", "a ", said)
        return f"{match[1]} {cldr.sign('and', n.language)} {said}"

    return [
        rule(r"(?<!\d)(\d{1,9})?\s?([½¼¾⅓⅔])", signed),
        rule(
            r"(?<![\w./])(\d{1,2})/(\d{1,2})(?![\w/]|\.\d)",
            lambda m: fraction(int(m[1]), int(m[2])),
        ),
        rule(r"(?<![\w:.])(\d{1,4}):(\d{1,4})(?![\d:])", rf"\1 {to} \2"),
    ]  # fmt: skip


def _versions(n: Numerals) -> list[Rule]:
    dot = cldr.sign("dot", n.language)
    point = "point" if n.language == "en" else dot

    def dotted(match: re.Match[str]) -> str:
        parts = match[2].split(".")
        between = dot if len(parts) == 4 else point
        version = "version " if match[1] and n.language == "en" else match[1]
        said = [n.one_by_one(p) if p[0] == "0" and len(p) > 1 else n.words(p) for p in parts]
        return version + f" {between} ".join(said)

    # Where a full stop groups thousands, "1.200.000" is a number, as "1,200,000" is in English.
    grouped = "" if n.groups_by_comma else r"(?!\d{1,3}(?:\.\d{3})+(?![\d.]))"
    rules = [rule(rf"(?<![\w.])(v?){grouped}(\d+(?:[.]\d+){{2,}})(?!\w)", dotted, re.IGNORECASE)]
    if n.language == "en":
        rules.insert(0, rule(r"(?i)\b(versions?) v(?=\d)", r"\1 "))
        rules.append(rule(r"(?<![\w.])[vV](?=\d+(?:\.\d+)?(?![\w.]*\w))", "version "))
        rules.append(rule(r"\b(\d+)\.x\b", r"\1 point x"))
    return rules


def _money(n: Numerals) -> list[Rule]:
    to = LANGUAGES[n.language].to
    english = n.language == "en"
    scale = rf"(?P<scale>[{GAP}{'-' if english else ''}](?:{n.scale})(?!\w))?"
    short = rf"(?P<short>[{GAP}]?(?:bn|mn|tn|[kKmMbBtT])(?!\w))?" if english else ""
    noun = r"(?P<noun>-(?=[^\W\d])|\s(?=(?:bill|note|coin)s?\b))?" if english else ""

    def amount(match: re.Match[str]) -> str:
        found = match.groupdict()
        written = found["scale"] or ""
        short = _SHORT_SCALES.get((found.get("short") or "").strip(GAP).lower(), "")
        adjective = found.get("noun") or written.startswith("-")
        said = cldr.money(
            n.bare(match["value"]),
            match["sign"],
            written.strip(GAP + "-") or short,
            n.language,
            alone=not adjective,
        )
        return f"{said} " if found.get("noun") else said

    signs = cldr.CURRENCIES
    value = rf"(?P<value>{n.number})"
    before = r"(?<![^\W\d_])" if english else ""
    return [
        rule(rf"{before}({signs})({n.number})\s?[-–—]\s?\1?(?={n.number})", rf"\2 {to} \1"),
        rule(rf"{before}(?P<sign>{signs})[{GAP}]?{value}{scale}{short}(?!\w|[.,]\d){noun}", amount),
        rule(rf"(?<![\w.,]){value}{scale}[{GAP}]?(?P<sign>{signs})(?!\w)", amount),
        rule(
            rf"(?<![\w.,])({n.number})[{GAP}]?¢",
            lambda m: f"{n.words(m[1])} {'cent' if m[1] == '1' else 'cents'}",
        ),
    ]


def _lone_currency(n: Numerals) -> Rule:
    """A sign without a figure, or with one that is already a word."""

    def say(match: re.Match[str]) -> str | None:
        return None if match[0].isalpha() else f" {cldr.currency(match[0], n.language, 1)} "

    return rule(rf"(?<![^\W_])(?:{cldr.CURRENCIES})(?![^\W_])", say)


def _ranges(n: Numerals) -> list[Rule]:
    said = rf"\1 {LANGUAGES[n.language].to} \2"
    ends = rf"(?<![\w.,-])({n.number})\s?[–—-]\s?({n.number})"
    return [
        rule(rf"{ends}(?!\s?=|[\w-]*[-–]\d)(?!\w)", said),
        rule(rf"{ends}(?=\s?(?:{cldr.UNITS})\b)", said),
    ]


def _ordinals(n: Numerals) -> list[Rule]:
    pattern = _ORDINALS.get(n.language)
    rules = []
    if n.language == "en":
        rules.append(rule(r"(?<!\w)['’]?(\d0|\d\d\d0)s\b", _decade))
    if pattern:
        rules.append(
            rule(
                pattern,
                lambda m: _ordinal(m, n.language),
            )
        )
    return rules


_ARTICLE = re.compile(r"(?i)\b(?:im|am|zum|vom|beim|dem|den|des|der|(die|das)) $")


def _ordinal(match: re.Match[str], language: str) -> str | None:
    said = cldr.ordinal(int(match[1]), language, match[2] in ("ª", "re", "a"))
    if language == "es" and match[2] == "er":  # "primero" and "tercero" before a noun
        return re.sub("(?<=er)o$", "", said)
    if language == "de":  # a full stop that follows an article's figure ends no sentence
        article = _ARTICLE.search(match.string[max(0, match.start() - 6) : match.start()])
        return article and (said if article[1] else f"{said}n")
    return said


def _decade(match: re.Match[str]) -> str:
    year = match[1]
    said = cldr.year(int(year), "en") if len(year) == 4 else cldr.number(year, "en")
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"


def _measures(n: Numerals) -> list[Rule]:
    percent = cldr.sign("percent", n.language)
    return [
        rule(rf"({n.signed})[{GAP}]?%", lambda m: f"{n.words(m[1])} {percent}"),
        rule(
            rf"({n.signed})[{GAP}]?({cldr.UNITS})(?![\w/²³']|\.\w)",
            lambda m: cldr.unit(n.bare(m[1]), m[2], n.language),
        ),
    ]


def _sums(n: Numerals) -> list[Rule]:
    def between(signs: str, name: str) -> Rule:
        said = f" {cldr.sign(name, n.language)} "
        return rule(rf"(?<=[\d)])\s?{signs}\s?(?=[\d(])", said)

    minus = f" {cldr.sign('minus', n.language)} "
    divided = f" {cldr.sign('divided', n.language)} "
    rules = [
        rule(rf"(?<=\d)\s?[-–−]\s?(?={n.number}\s?=)", minus),
        rule(rf"(?<=\d)\s?/\s?(?={n.number}\s?=)", divided),
        rule(r"(?<=\d)\s[-−]\s(?=\d)", minus),
        between("[*×]", "times"),
        between("÷", "divided"),
    ]
    if n.language == "en":
        rules.append(rule(r"\b(\d+)[x×](?!\w)", lambda m: f"{n.words(m[1])} times"))
    return rules


def _number(n: Numerals) -> Say:
    def say(match: re.Match[str]) -> str:
        written = match[0]
        digits = re.sub(r"\D", "", written)
        grouped = len(digits) != len(written.lstrip("-−"))
        if not grouped and (len(digits) > 12 or (len(digits) > 1 and digits[0] == "0")):
            return n.one_by_one(digits)
        if not grouped and len(digits) == 4 and written[0].isdigit():
            return cldr.year(int(digits), n.language)
        said = n.words(written)
        if n.language == "es" and re.match(r" [^\W\d]", match.string[match.end() :]):
            return re.sub("uno$", "ún", said) if said.endswith("veintiuno") else _short(said)
        return said

    return say


def _short(said: str) -> str:
    """Spanish "uno" before a noun."""
    return re.sub(r"\buno$", "un", said)
