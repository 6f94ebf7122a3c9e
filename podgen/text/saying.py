"""Text as it is said: figures, dates, times, money, units, signs and addresses in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from podgen.text.language import primary
from podgen.text.languages import LANGUAGES
from podgen.text.rules import Rule, follow
from podgen.text.symbols import plain_signs, without_sound

_FIRST_KEPT = 0x17000
"""Words that must stay stand as single letters of the Tangut script while rules are at work."""
_PLAIN = re.compile(r"(?:(?<!\w)[A-Z]?[a-zß-öø-ÿ]+(?:'[a-z]+)?|[ ,;:!?\"“”()\[\]–—…-])*[.]?")
"""A text that no rule could change: no figures, signs, initials or stops but the last."""


@dataclass(frozen=True, slots=True)
class InWords:
    """A text in words, and the symbols that were passed over, as they have no sound."""

    text: str
    passed_over: tuple[str, ...] = ()


def in_words(text: str, language: str, kept: Sequence[str] = ()) -> InWords:
    """`text` as it is said in a language given by its BCP 47 tag.

    In nine languages (`LANGUAGES`) figures, signs and addresses come out as words; of others only
    symbols without a sound are taken off. What is in words already stays.

    Args:
        text: plain text, paragraphs apart by a blank line.
        language: its region decides how a date in figures is read: "en-GB" puts the day first.
        kept: words that are left as they are, being given to the engine as phonemes.
    """
    spoken = primary(language)
    text, words = _hidden(plain_signs(text, spoken), kept)
    region = language.replace("_", "-").partition("-")[2].upper()
    month_first = spoken == "en" and region in ("", "US")
    passed_over: dict[str, None] = {}
    paragraphs = []
    for part in re.split(r"\n[^\S\n]*\n", text):
        said = " ".join(part.split())
        if spoken in LANGUAGES and not _PLAIN.fullmatch(said):
            for group in _groups(spoken, month_first):
                if group.gate.search(said):
                    said = follow(group.rules, said)
        said, silent = without_sound(said)
        passed_over |= dict.fromkeys(silent)
        paragraphs.append(" ".join(_shown(said, words).split()))
    return InWords("\n\n".join(filter(None, paragraphs)), tuple(passed_over))


@dataclass(frozen=True, slots=True)
class _Group:
    """Rules that change nothing in a text where the gate is not found."""

    gate: re.Pattern[str]
    rules: Sequence[Rule]


@lru_cache(maxsize=32)
def _groups(language: str, month_first: bool) -> list[_Group]:
    # Babel is loaded by the first text that has something to put into words.
    from podgen.text.abbreviations import abbreviation_rules
    from podgen.text.english import english_rules
    from podgen.text.figures import figure_rules
    from podgen.text.mixed import mixed_rules
    from podgen.text.roman import regnal_rules
    from podgen.text.signs import sign_rules
    from podgen.text.times import clock_rules, date_rules
    from podgen.text.web import web_rules

    english = english_rules() if language == "en" else []
    figure = r"[\d⁰¹²³⁴-⁹½¼¾⅓⅔$£€¥₹₩₽₺₪₫₴¢]"
    groups = (
        (r"[@#/]|\w\.\w|\.[A-Z]", web_rules(language)),
        (r"\d|[.'’/#Α-Ωα-ω+]|\b[IVXLCDM]+\b", english),
        (r"[^\W\d]", abbreviation_rules(language)),
        (r"\b[IVX]{2,}\b", regnal_rules(language)),
        (r"\d", date_rules(language, month_first=month_first)),
        (r"\d", clock_rules(language)),
        (r"\d", mixed_rules(language)),
        (figure, figure_rules(language)),
        (r"[<>&+=±×÷#/_]", sign_rules(language)),
    )
    return [_Group(re.compile(gate), rules) for gate, rules in groups]


def _hidden(text: str, kept: Sequence[str]) -> tuple[str, list[str]]:
    """`text` with each of the `kept` words, the longest first, as one letter that no rule knows."""
    words: list[str] = []

    def hide(match: re.Match[str]) -> str:
        words.append(match[0])
        return chr(_FIRST_KEPT + len(words) - 1)

    if kept:
        longest = "|".join(map(re.escape, sorted(kept, key=len, reverse=True)))
        text = re.sub(rf"(?<!\w)(?:{longest})(?!\w)", hide, text)
    return text, words


def _shown(text: str, words: Sequence[str]) -> str:
    for at, word in enumerate(words):
        text = text.replace(chr(_FIRST_KEPT + at), word)
    return text
