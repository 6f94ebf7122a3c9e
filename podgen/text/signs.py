"""Signs between words and figures, as they are said."""

from __future__ import annotations

import re

from podgen.text import cldr
from podgen.text.rules import Rule, rule


def sign_rules(language: str) -> list[Rule]:
    """Signs between words and figures; brackets around a word are only brackets."""

    def said(name: str) -> str:
        return f" {cldr.sign(name, language)} "

    return [
        rule(r"<(?=[^\s<>])([^<>]*[^\s<>])>(?!\s*\w)|<(?=[^\s<>])([^<>\s]+)>", _bracketed),
        rule(r"(?<=[\w)])\s*<(?!-)\s?(?=[\w(])", said("less")),
        rule(r"(?<=[\w)])\s*(?<![-=])>\s?(?=[\w(])", said("greater")),
        rule(r"(?<=[\w)])\s*&\s?(?=[\w(])", said("and")),
        rule(r"(?<=[\w)])\s*\+\s?(?=[\w(])", said("plus")),
        rule(r"(?<=[\w)])\s*={1,3}\s?(?=[\w(])", said("equals")),
        rule(r"(?<=[\w)])\s*×\s?(?=[\w(])", said("times")),
        rule(r"(?<=[\w)])\s*÷\s?(?=[\w(])", said("divided")),
        rule(r"(?<!\w)\+(?=\w)", said("plus")),
        rule(r"±\s?(?=\w)", f"{said('plus')}{cldr.sign('minus', language)} "),
        rule(r"(?<!\w)#(?=\w)", said("number")),
        rule(r"(?<=[^\W\d_])[/_](?=[^\W\d_])", " "),
    ]


def _bracketed(match: re.Match[str]) -> str:
    return f" {match[1] or match[2]} "
