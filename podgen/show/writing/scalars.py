"""How a text is written as YAML, near to how it was written before.

Everything here proposes; who uses it reads the result back and takes the first proposal that says
what it should.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

WIDTH = 100
"""Columns of a line that is written anew."""
_NARROWEST = 40
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`][^\n]*|-[^\s,\[\]{}][^\n]*")
_BREAK = "\n"


def proposals(
    old: str, style: str | None, value: str, *, indent: int, column: int, newline: str
) -> Iterator[str]:
    """Ways to write `value` in the place of the scalar whose source is `old`, the nearest first.

    Args:
        old: the scalar's source, from its first to its last character.
        style: YAML's sign for it: None for a plain one, or one of ' " | >.
        value: what it is to say.
        indent: columns by which its further lines are indented, where it has none yet.
        column: where its first line begins.
        newline: what ends a line.
    """
    if style in ("|", ">"):
        yield from _block(old, style, value, indent, newline)
    elif _BREAK in old:
        yield from _folded_flow(old, style, value, indent, column, newline)
    elif style == "'":
        yield single(value)
    elif style is None:
        yield from plain(value)
    if _BREAK in value:
        yield from new_block(value, indent, newline)
    yield quoted(value)


def plain(value: str) -> Iterator[str]:
    """The value as it is, if that may be YAML."""
    if _PLAIN.fullmatch(value) and value == value.strip():
        yield value


def single(value: str) -> str:
    """In single quotes."""
    return "'" + value.replace("'", "''") + "'"


def quoted(value: str) -> str:
    """In double quotes, on one line, whatever it holds."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\x7f").replace("\x85", "\\N")


def new_block(value: str, indent: int, newline: str) -> Iterator[str]:
    """A folded block of lines, and a literal one: that first where the value has short lines."""
    lines = value.split(_BREAK)
    literal = newline.join(["|-", *_indented(lines, indent)])
    short = len(lines) > 1 and max(map(len, lines)) <= WIDTH - indent
    if short:
        yield literal
    yield newline.join([">-", *_indented(_wrapped(_tokens(value), WIDTH - indent), indent)])
    if not short:
        yield literal


def _block(old: str, style: str, value: str, indent: int, newline: str) -> Iterator[str]:
    header, *lines = old.splitlines()
    filled = [line for line in lines if line.strip()]
    if filled:
        indent = min(len(line) - len(line.lstrip(" ")) for line in filled)
    own = [line[indent:].rstrip() for line in lines]
    while own and not own[-1]:
        own.pop()
    new = value.split(_BREAK) if style == "|" else _refilled(own, value, indent)
    yield newline.join([header, *_indented(new, indent)])


def _folded_flow(
    old: str, style: str | None, value: str, indent: int, column: int, newline: str
) -> Iterator[str]:
    """A plain or quoted scalar over several lines."""
    mark = style or ""
    first, *rest = old[len(mark) : len(old) - len(mark)].splitlines()
    filled = [line for line in rest if line.strip()]
    if filled:
        indent = len(filled[0]) - len(filled[0].lstrip())
    tokens = [token if token == _BREAK else _within(token, mark) for token in _tokens(value)]
    own = [first.strip(), *(line.strip() for line in rest)]
    new = _kept(own, tokens, WIDTH - indent)
    head, *tail = new or [""]
    yield newline.join([mark + head, *_indented(tail, indent)]) + mark
    # Broken anew: a kept line may begin with what YAML would take for something else.
    head, *tail = _wrapped(tokens, WIDTH - max(indent, column)) or [""]
    yield newline.join([mark + head, *_indented(tail, indent)]) + mark


def _within(word: str, mark: str) -> str:
    """A word as it stands inside quotes of a kind, or none."""
    if mark == "'":
        return word.replace("'", "''")
    return quoted(word)[1:-1] if mark else word


def _refilled(own: Sequence[str], value: str, indent: int) -> list[str]:
    return _kept(own, _tokens(value), WIDTH - indent)


def _kept(own: Sequence[str], tokens: Sequence[str], width: int) -> list[str]:
    """The words in lines, broken where they were broken as far as the words are the same."""
    lines = [_tokens(line) if line else [_BREAK] for line in own]
    before = _same(lines, list(tokens))
    start = sum(map(len, lines[:before]))
    rest = list(tokens[start:])
    after = _same([line[::-1] for line in lines[before:]][::-1], rest[::-1])
    kept = lines[len(lines) - after :]
    middle = rest[: len(rest) - sum(map(len, kept))]
    width = max(_NARROWEST, min(width, max(map(len, own), default=width)))
    return [*own[:before], *_wrapped(middle, width), *own[len(own) - after :]]


def _same(lines: Sequence[Sequence[str]], tokens: Sequence[str]) -> int:
    """How many lines the tokens begin with."""
    at = 0

    def next_is(line: Sequence[str]) -> bool:
        nonlocal at
        fits = list(tokens[at : at + len(line)]) == list(line)
        at += len(line) if fits else 0
        return fits

    return sum(1 for _ in takewhile(next_is, lines))


def _tokens(value: str) -> list[str]:
    """Words, and what parts paragraphs."""
    found: list[str] = []
    for number, line in enumerate(value.split(_BREAK)):
        if number:
            found.append(_BREAK)
        found += line.split(" ") if line else []
    return found


def _wrapped(tokens: Sequence[str], width: int) -> list[str]:
    lines: list[str] = []
    fresh = True
    for token in tokens:
        if token == _BREAK:
            lines.append("")
            fresh = True
        elif fresh or len(lines[-1]) + 1 + len(token) > width:
            lines.append(token)
            fresh = False
        else:
            lines[-1] += f" {token}"
    return lines


def _indented(lines: Sequence[str], indent: int) -> list[str]:
    return [" " * indent + line if line else "" for line in lines]
