"""Words to say otherwise than they are written, as respellings, as IPA phonemes, or as both.

An entry is matched as whole words: `cat` not in `category` and `don` not in `don't`, but `cat` in
`cat's` and `cat-like` and `homme` in `l'homme`. Upper and lower case are the same, except for an
entry with a capital inside a word (`AI`, `iOS`), which is matched as written. In scripts without
spaces between words any place will do. The longest entry wins.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Letters of scripts that put no space between words: each is a word of its own here."""
# Vowel signs and accents that belong to the letter before, though \w does not hold them.
_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u0900-\u0903"
    "\u093a-\u094f\u0951-\u0963\u0981-\u0983\u09bc-\u09e3\u0a01-\u0a51\u0a81-\u0acd\u0b01-\u0b63"
    "\u0b82-\u0bcd\u0c00-\u0c63\u0c81-\u0cf3\u0d00-\u0d63\u0d81-\u0df3\u200c\u200d"
)
_LETTER = f"(?:[^\\W{UNSPACED}]|[{_MARKS}])"
_TOKEN = re.compile(f"{_LETTER}+(?:['’]{_LETTER}+)*|[^\\s]")
_BETWEEN = re.compile(r"/([^/]*)/\s*(.*)", re.DOTALL)
_CONTRACTED = frozenset(("s", "d", "ll", "ve", "re", "m"))


class Said(NamedTuple):
    """How a word is said: as IPA, as a respelling, or as either, by what the engine takes."""

    ipa: str | None
    respelling: str | None


class Match(NamedTuple):
    """Where an entry occurs in a text, and how it is said."""

    start: int
    end: int
    said: Said


class _Entry(NamedTuple):
    tokens: tuple[str, ...]
    spaced: tuple[bool, ...]
    exact: bool
    said: Said


_Firsts = Mapping[str, Sequence[_Entry]]
"""Entries by their first word."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Word or phrase -> how it is said, see `read_said`. Compiled once, when it is made."""

    entries: Mapping[str, str] = field(default_factory=dict)
    _first: _Firsts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first: dict[str, list[_Entry]] = {}
        for word, value in self.entries.items():
            entry = _compile(word, value)
            if entry is not None:
                first.setdefault(entry.tokens[0], []).append(entry)
        object.__setattr__(self, "_first", first)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def __hash__(self) -> int:
        return hash(tuple(self.entries.items()))

    def __or__(self, over: Lexicon) -> Lexicon:
        """Both, `over` deciding where they hold the same word."""
        said = {_key(word) for word in over.entries}
        kept = {word: value for word, value in self.entries.items() if _key(word) not in said}
        return Lexicon({**kept, **over.entries}) if over else self


NO_WORDS = Lexicon()


def find(text: str, lexicons: Sequence[Lexicon]) -> list[Match]:
    """Every entry in `text`, from left to right; of two equally long ones, the first lexicon's."""
    firsts = [lexicon._first for lexicon in lexicons if lexicon]
    if not firsts:
        return []
    heads = {word for word in set(_TOKEN.findall(text)) if _may_begin(word, firsts)}
    if not heads:
        return []
    tokens = list(_TOKEN.finditer(text))
    matches: list[Match] = []
    done = 0
    for at, token in enumerate(tokens):
        if token[0] in heads and token.start() >= done:
            found = _longest(text, tokens, at, firsts)
            if found is not None:
                matches.append(found)
                done = found.end
    return matches


def _may_begin(word: str, firsts: list[_Firsts]) -> bool:
    """Whether an entry may begin with this word or, after an apostrophe, inside it."""
    folded = word.casefold()
    if any(word in first or folded in first for first in firsts):
        return True
    if "'" not in word and "’" not in word:
        return False
    parts = [form for _, part in _beginnings(word) for form in (part, part.casefold())]
    return any(form in first for first in firsts for form in parts)


def read_said(value: str) -> Said:
    """What a lexicon writes of a word: a respelling, IPA between slashes, or IPA and after it the
    respelling for engines that take no IPA."""
    value = value.strip()
    if between := _BETWEEN.fullmatch(value):
        return Said(between[1].strip(), between[2] or None)
    return Said(None, value)


def _exact(word: str) -> bool:
    return any(b.isupper() and a.isalnum() for a, b in itertools.pairwise(word))


def _key(word: str) -> str:
    word = word.strip()
    return word if _exact(word) else word.casefold()


def _straight(text: str) -> str:
    return text.replace("’", "'")


def _compile(word: str, value: str) -> _Entry | None:
    found = list(_TOKEN.finditer(_straight(_key(word))))
    if not found:
        return None
    spaced = tuple(b.start() > a.end() for a, b in itertools.pairwise(found))
    words = tuple(match[0] for match in found)
    return _Entry(words, spaced, _exact(word), read_said(value))


def _longest(
    text: str, tokens: list[re.Match[str]], at: int, firsts: list[_Firsts]
) -> Match | None:
    """The longest entry that begins at or inside token `at`."""
    best: Match | None = None
    for offset, word in _beginnings(tokens[at][0]):
        start = tokens[at].start() + offset
        for first in firsts:
            for form in {word: None, word.casefold(): None}:
                for entry in first.get(form, ()):
                    end = _end(text, tokens, at, start, entry)
                    if end is not None and (best is None or end - start > best.end - best.start):
                        best = Match(start, end, entry.said)
    return best


def _beginnings(word: str) -> list[tuple[int, str]]:
    """Where in a word an entry may begin, and what it may be: `cat` of `cat's`, `homme` of
    `l'homme`, and the whole.
    """
    word = _straight(word)
    found = [(0, word)]
    cut = word.rfind("'")
    if cut > 0:
        head, tail = word[:cut], word[cut + 1 :]
        if tail.casefold() in _CONTRACTED:
            found.append((0, head))
        elif len(tail) > 2:
            found.append((cut + 1, tail))
    return found


def _end(text: str, tokens: list[re.Match[str]], at: int, start: int, entry: _Entry) -> int | None:
    """Where `entry` ends if it stands at `start`, in token `at` and those that follow."""
    last = at + len(entry.tokens) - 1
    if last >= len(tokens):
        return None
    for offset, wanted in enumerate(entry.tokens):
        token = tokens[at + offset]
        if offset and entry.spaced[offset - 1] != (token.start() > tokens[at + offset - 1].end()):
            return None
        begin = token.start() if offset else start
        heard = _straight(text[begin : token.end()])
        if _same(heard, wanted, entry.exact):
            continue
        cut = heard.rfind("'")
        contracted = cut > 0 and heard[cut + 1 :].casefold() in _CONTRACTED
        if at + offset == last and contracted and _same(heard[:cut], wanted, entry.exact):
            return begin + cut
        return None
    return tokens[last].end()


def _same(heard: str, wanted: str, exact: bool) -> bool:
    return heard == wanted if exact else heard.casefold() == wanted
