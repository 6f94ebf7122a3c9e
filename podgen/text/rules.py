"""Rules that put words in the place of what is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Say = Callable[[re.Match[str]], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """What to replace and by what; a `say` that answers None leaves its match as it is."""

    pattern: re.Pattern[str]
    say: Say


def rule(pattern: str, say: Say | str, flags: int = 0) -> Rule:
    """A rule of a pattern and of what is said, which may be one text for every match."""
    if isinstance(say, str):
        said = say
        return Rule(re.compile(pattern, flags), lambda match: match.expand(said))
    return Rule(re.compile(pattern, flags), say)


def follow(rules: Iterable[Rule], text: str) -> str:
    """`text` after every rule in order."""
    for each in rules:
        say = each.say

        def replace(match: re.Match[str], say: Say = say) -> str:
            said = say(match)
            return match[0] if said is None else said

        text = each.pattern.sub(replace, text)
    return text
