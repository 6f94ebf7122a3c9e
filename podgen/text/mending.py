"""Repairs English text before hibari's G2P reads it.

Each rule below answers a reading that hibari 0.2.1 gets wrong (its tests name it). Rules either
spell a reading out in words, or shield a word so that hibari's own normaliser leaves it alone:
a shielded span stands between OPEN and CLOSE, and after SPEAK it may carry phonemes of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from podgen.text.mending_numbers import MONTHS, mend_numbers
from podgen.text.mending_web import mend_web

OPEN, SPEAK, CLOSE = "\ue000", "\ue001", "\ue002"

# What hibari's normaliser expects a Roman numeral after; it takes any word that merely begins
# with a numeral letter for one ("King Charles"), so every such word is decided here.
_KINGS = (
    "Pope|King|Queen|Emperor|Tsar|Henry|Louis|Edward|George|William|Charles|James|Richard|"
    "Elizabeth|Napoleon|Pius|Benedict|Leo|Ramses|Frederick|Philip|Alexander|Nicholas|Peter|"
    "Catherine|Ivan|Umberto|Gustav|Christian|Ferdinand|John Paul|Victor Emmanuel"
)
_LETTERED = "Type|type|Level|level|Class|class|Grade|grade"
_NUMBERED = (
    f"Chapter|chapter|Part|part|Act|Scene|Section|section|Volume|volume|Book|book|Phase|phase|"
    f"Article|article|Mark|{_LETTERED}|Stage|stage|Apollo|Gemini|Star Wars Episode|Episode|Round|"
    f"round|Rocky|World War|Super Bowl|Final Fantasy"
)
_TITLES = "King|Queen|Pope|Emperor|Tsar|Empress|Tsarina"
_ROMAN = re.compile(r"(?=[MDCLXVI])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_AFTER_TRIGGER = rf"\b({_KINGS}|{_NUMBERED}) "
_NUMERAL_AFTER = re.compile(rf"{_AFTER_TRIGGER}({_ROMAN.pattern})(?![^\W_])")
_NAME_AFTER = re.compile(rf"{_AFTER_TRIGGER}([IVXLC][^\W\d_]*)")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ENDS_NAME = re.compile(
    r"(?:['’]s\b|[-–]|\s*(?:$|[.,;:!?)\"”]|(?:of|and|or|to|was|is|had|has|in|by|died|ruled|"
    r"reigned|became|begins|ends|ended|began|opens|covers)\b))"
)

# Abbreviations that hibari expands wherever they stand, though most of them are also words or
# names: expanded only where the next word is a number.
_CALENDAR = "Mar|Sun|Sat|Wed|Mon|Jan|Dec"
_BEFORE_NUMBER = re.compile(
    rf"(?<![\w.])(no|nos|fig|Fig|ch|Ch|vol|Vol|ed|eds|pp|est|{_CALENDAR})\.(?!\w)"
)
_CALENDAR_CUE = re.compile(
    r"(?:\b(?:in|on|of|since|until|till|by|from|to|through|and|or|every|next|last|this|early|late|"
    r"mid|before|after|each)|\d(?:st|nd|rd|th)?|[-–,/])\s*$",
    re.IGNORECASE,
)
_CALENDAR_TAIL = re.compile(r"\s*(?:[-–,]|(?:and|or|to|through)\b) ?[A-Z][a-z]{2,3}\.")

_INTERJECTIONS = {
    "shh": "ʃ", "shhh": "ʃ", "sh": "ʃ", "psst": "pst", "pst": "pst", "pfft": "ft", "brr": "bˈɜɹ",
    "brrr": "bˈɜɹ", "tsk": "tˈɪsk", "ugh": "ˈʌɡ", "aww": "ˈɔ", "aw": "ˈɔ", "eww": "jˈu",
    "ew": "jˈu", "hmm": "hmm", "hm": "hmm", "hmmm": "hmm", "mmm": "mm", "mm": "mm", "whew": "hwjˈu",
    "'tis": "tˈɪz", "'twas": "twˈʌz", "'em": "əm", "'cause": "kˈʌz",
}  # fmt: skip

_LATIN = (("e.g.", "for example"), ("i.e.", "that is"), ("a.k.a.", "also known as"))
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_MARKS = str.maketrans({
    "\u00ad": None, "\u200b": None, "\u200c": None, "\u200d": None, "\u2060": None, "\ufeff": None,
    "\ufe0f": None, "\ufe0e": None, "’": "'", "ʼ": "'", "′": "'", "″": '"', "«": "“", "»": "”",
    "„": "“", "‹": "“", "›": "”", "‐": "-", "‑": "-", "−": "-", "‒": "-", "―": "—",
    "⁄": "/", "·": " ",
    "¿": None, "¡": None, "，": ",", "。": ".", "！": "!", "？": "?",
})  # fmt: skip


def shield(word: str) -> str:
    """`word` as a span that hibari's normaliser does not touch."""
    return f"{OPEN}{word}{CLOSE}"


def mend(text: str, *, british: bool = False) -> str:
    """One sentence of English with its known misreadings repaired."""
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text).translate(_MARKS)).strip()
    for rule in (_mend_marks, mend_web, _mend_words, _mend_roman):
        text = _outside_spans(rule, text)
    text = _outside_spans(lambda part: mend_numbers(part, british=british), text)
    return re.sub(r"\s+", " ", _outside_spans(_mend_abbreviations, text)).strip()


def _outside_spans(rule: Callable[[str], str], text: str) -> str:
    """`rule` applied to what lies outside the spans, which it sees as one neutral letter each."""
    spans: list[str] = []

    def hide(match: re.Match[str]) -> str:
        spans.append(match[0])
        return OPEN

    masked = re.sub(f"{OPEN}[^{CLOSE}]*{CLOSE}", hide, text)
    # A rule may add spans of its own, so only lone OPEN marks are put back.
    parts = iter(spans)
    return re.sub(f"{OPEN}(?![^{OPEN}]*{CLOSE})", lambda _: next(parts), rule(masked))


def _mend_marks(text: str) -> str:
    text = re.sub(r"(?<!\w)[:;=8][-o]?[)(DPp|/](?!\w)", " ", text)  # emoticons
    text = re.sub(r"\s*-{2,}\s*", " — ", text)
    text = re.sub(r"\.{4,}", "...", text)
    text = re.sub(r"!(?:\s*!)+", "!", text)
    text = re.sub(r"\?(?:\s*\?)+", "?", text)
    text = re.sub(r"(?:!\?|\?!)[!?]*", "?!", text)
    # Single quotation marks as quotes; apostrophes stay.
    text = re.sub(
        r"(?<!\w)['‘](?!(?:tis|twas|em|cause|n|\d0s)\b)([^'‘]+?)['’](?!\w)", r"“\1”", text
    )
    return re.sub(r"(?i)\b(rock|salt|drum|mac)\s+'n'?\s+(?=\w)", r"\1 and ", text)


def _mend_words(text: str) -> str:
    text = re.sub(
        r"(?i)(?<![\w'])(" + "|".join(re.escape(w) for w in _INTERJECTIONS) + r")(?![\w']|-\w)",
        lambda m: f"{OPEN}{m[1]}{SPEAK}{_INTERJECTIONS[m[1].lower()]}{CLOSE}",
        text,
    )
    text = re.sub(r"[Α-Ωα-ω](?![\u0370-\u03ff])", _greek, text)
    text = re.sub(r"\bWW(I{1,2})\b", lambda m: f"World War {len(m[1])}", text)
    text = re.sub(r"\b([CFDGA])#", r"\1 sharp", text)
    return re.sub(r"\b(H2O|CO2|O2|N2O|NO2|CH4|SO2)\b", lambda m: " ".join(m[0]), text)


def _greek(match: re.Match[str]) -> str:
    name = _GREEK.get(match[0].lower())
    return f" {name} " if name else match[0]


def _mend_roman(text: str) -> str:
    def read(match: re.Match[str]) -> str:
        trigger, word = match.groups()
        if not _is_numeral(trigger, word, text[: match.start()], text[match.end() :]):
            return match[0]
        number = roman_value(word)
        if re.fullmatch(_KINGS, trigger):
            return f"{trigger} the {number}{ordinal_suffix(number)}"
        return f"{trigger} {number}"

    text = _NUMERAL_AFTER.sub(read, text)
    return _NAME_AFTER.sub(lambda match: f"{match[1]} {shield(match[2])}", text)


def _is_numeral(trigger: str, word: str, before: str, tail: str) -> bool:
    if len(word) > 1:
        return not re.match(r"\.\w", tail)
    if re.match(r"['’](?!s\b)|\.\w", tail):  # "I'm", "C. S. Lewis", "Louis C.K."
        return False
    if word in "CL":
        return False
    if re.fullmatch(_LETTERED, trigger) and word != "I":
        return False
    if word != "I":
        return True
    titled = re.search(rf"\b(?:{_TITLES}) $", before) is not None
    return titled or (trigger[0].isupper() and _ENDS_NAME.match(tail) is not None)


def roman_value(numeral: str) -> int:
    """The number that a well-formed Roman numeral stands for."""
    values = [_ROMAN_VALUES[c] for c in numeral]
    following = [*values[1:], 0]
    return sum(-v if v < n else v for v, n in zip(values, following, strict=True))


def ordinal_suffix(number: int) -> str:
    """The letters after an ordinal's figures: st, nd, rd or th."""
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _mend_abbreviations(text: str) -> str:
    for short, words in _LATIN:
        text = re.sub(rf"(?<![\w.]){re.escape(short)}", words, text)
    text = re.sub(r"\betc\.(?=\s*[,;:)\w])", "et cetera", text)
    text = re.sub(r"\b(\d+(?:st|nd|rd|th)|second|third|new|revised) ed\.", r"\1 edition", text)

    def keep(match: re.Match[str]) -> str:
        word = match[1]
        if re.match(r"\s*\d", text[match.end() :]):
            return match[0]
        before, after = text[: match.start()], text[match.end() :]
        if re.fullmatch(_CALENDAR, word) and (
            _CALENDAR_CUE.search(before) or _CALENDAR_TAIL.match(after)
        ):
            return match[0]
        return shield(word) + "."

    text = _BEFORE_NUMBER.sub(keep, text)
    # hibari swallows the stop of an abbreviation that ends a clause but not the text.
    months = "|".join(MONTHS)
    return re.sub(rf"\b({months})\. (?=\d)", r"\1 ", text)
