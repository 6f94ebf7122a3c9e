"""Abbreviations that are never said as they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from podgen.text.languages import LANGUAGES
from podgen.text.rules import Rule, rule


def abbreviation_rules(language: str) -> list[Rule]:
    """One rule for all that the language has; the stop that ends a sentence stays one."""
    known = LANGUAGES[language].abbreviations
    longest = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    return [rule(rf"(?<![\w.])(?:{longest})(?!\w)", partial(_said, known))] if known else []


def _said(known: Mapping[str, str], match: re.Match[str]) -> str | None:
    follows = match.string[match.end() :].lstrip()[:1]
    if match[0][1:] == "." and (not follows.isalpha() or follows.islower()):
        return None  # one letter is a title before a name, and nowhere else
    said = known[match[0]]
    return said if not match[0].endswith(".") or match.end() < len(match.string) else f"{said}."
