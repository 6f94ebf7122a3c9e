"""A script's text as the entries of its `turns`, each its own lines, so that one can be changed.

What stands before, between and after them is kept to the letter. An entry has a number that stays
with it while it is changed and moved, and while the file is changed by somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import yaml

from podgen.errors import ScriptError
from podgen.show.source import Value, compose
from podgen.show.writing.item import (
    indent_of,
    new_item,
    newline_of,
    read_item,
    renamed,
    short_key,
    with_key,
)
from podgen.show.writing.values import Given, end_of, is_empty, value_of

_DASH = re.compile(r"(?m)^[ ]*-(?=\s)")
_BREAKS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_REMARK = re.compile(r"((?:[ \t]*#[^\n]*\n)*)\Z")
_OF_ONE_PLACE = ("id", "pause_before", "overlap")
"""Keys that stay with the first part of a turn that is split."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `lead` is the blank lines and comments above it, `body` its own lines.

    `name` and `values` are what the body says: who speaks or what it is, and each key's value as
    text. The name is empty where the body is no entry.
    """

    number: int
    lead: str
    body: str
    name: str
    values: Mapping[str, Value]

    def saying(self, body: str) -> Entry:
        """The same entry with another body."""
        item = read_item(body)
        return replace(self, body=body, name=item.name, values=item.values)


@dataclass(frozen=True, slots=True)
class Document:
    """A script's text in parts; `highest` is the highest number that an entry has had."""

    head: str
    entries: tuple[Entry, ...]
    tail: str
    highest: int

    @property
    def text(self) -> str:
        """The whole script."""
        return self.head + "".join(e.lead + e.body for e in self.entries) + self.tail

    def at(self, number: int) -> int:
        """Where the entry of this number stands.

        Raises:
            ScriptError: it is gone.
        """
        for place, entry in enumerate(self.entries):
            if entry.number == number:
                return place
        raise ScriptError("this entry is no longer in the script")

    def lines(self) -> list[tuple[int, int]]:
        """The number of each entry with the line (from 1) in which it begins, in order."""
        line = _breaks(self.head) + 1
        found = []
        for entry in self.entries:
            line += _breaks(entry.lead)
            found.append((line, entry.number))
            line += _breaks(entry.body)
        return found

    @property
    def last_line(self) -> int:
        """The line in which the last entry ends."""
        return self.lines()[-1][0] + _breaks(self.entries[-1].body.rstrip())

    def with_key(self, number: int, path: tuple[str, ...], value: Given | None) -> Document:
        """With a value at a path of an entry's keys; None takes it away.

        Raises:
            ScriptError: the entry is gone, or it cannot be written by itself.
        """
        return self._changed(number, lambda body: with_key(body, path, value))

    def renamed(self, number: int, name: str) -> Document:
        """With another name for an entry, such as another speaker; raises as `with_key` does."""
        return self._changed(number, lambda body: renamed(body, name))

    def inserted(self, after: int | None, name: str, value: Given) -> Document:
        """With a new entry after that of a number, or before all; its number is `highest`.

        Raises:
            ScriptError: that entry is gone.
        """
        place = 0 if after is None else self.at(after) + 1
        like = self.entries[max(0, place - 1)].body
        body = new_item(name, value, indent_of(like), newline_of(like))
        return self._put(place, body)

    def deleted(self, number: int) -> Document:
        """Without an entry; what stands above it stays.

        Raises:
            ScriptError: it is gone, or the last one.
        """
        if len(self.entries) == 1:
            raise ScriptError("a script has one entry at least", "add another one first")
        place = self.at(number)
        gone = self.entries[place]
        rest = [*self.entries[:place], *self.entries[place + 1 :]]
        if place < len(rest):
            rest[place] = replace(rest[place], lead=gone.lead + rest[place].lead)
            return replace(self, entries=tuple(rest))
        return replace(self, entries=tuple(rest), tail=gone.lead + self.tail)

    def moved(self, number: int, after: int | None) -> Document:
        """With an entry in another place, and the comments right above it.

        Raises:
            ScriptError: one of the two is gone.
        """
        if number == after:
            return self
        place = self.at(number)
        entry = self.entries[place]
        match = _REMARK.search(entry.lead)
        remark = match[1] if match and place else ""
        above = entry.lead[: len(entry.lead) - len(remark)]
        held = replace(self, entries=_replaced(self.entries, place, replace(entry, lead=above)))
        without = held.deleted(number)
        to = 0 if after is None else without.at(after) + 1
        moving = replace(entry, lead=remark, body=_ended(entry.body))
        return without._with(to, moving)

    def split(self, number: int, first: str, second: str) -> Document:
        """With a turn in two, of which the second has all that the voice is told, too.

        Raises:
            ScriptError: the entry is gone, or is no turn that an engine speaks.
        """
        place = self.at(number)
        item = read_item(self.entries[place].body)
        if "audio" in item.values or "text" not in item.values:
            raise ScriptError("only a turn that is spoken can be split")
        other = with_key(item.body, ("text",), second)
        mine = with_key(item.body, ("text",), first)
        for key in _OF_ONE_PLACE:
            if key in item.values:
                other = with_key(other, (key,), None)
        if "pause_after" in item.values:
            mine = with_key(mine, ("pause_after",), None)
        entry = self.entries[place].saying(mine)
        return replace(self, entries=_replaced(self.entries, place, entry))._put(place + 1, other)

    def joined(self, number: int) -> Document:
        """With a turn and the one right after it as one, which keeps the first one's keys.

        Raises:
            ScriptError: there is no turn right after it, or one of them is a recording.
        """
        place = self.at(number)
        if place + 1 >= len(self.entries):
            raise ScriptError("no turn comes after this one")
        one, two = (read_item(entry.body) for entry in self.entries[place : place + 2])
        if "text" not in one.values or "text" not in two.values:
            raise ScriptError("the next entry is no turn", "move it away first")
        if "audio" in one.values or "audio" in two.values:
            raise ScriptError("a recording cannot be joined")
        text = " ".join(str(item.values["text"] or "").strip() for item in (one, two)).strip()
        body = with_key(one.body, ("text",), text)
        last = two.values.get("pause_after")
        if last is not None or "pause_after" in one.values:
            body = with_key(body, ("pause_after",), str(last) if last is not None else None)
        entry = self.entries[place].saying(body)
        entries = _replaced(self.entries, place, entry)
        return replace(self, entries=entries).deleted(entries[place + 1].number)

    def _changed(self, number: int, change: Callable[[str], str]) -> Document:
        place = self.at(number)
        entry = self.entries[place]
        changed = entry.saying(change(entry.body))
        return replace(self, entries=_replaced(self.entries, place, changed))

    def _put(self, place: int, body: str) -> Document:
        number = self.highest + 1
        entry = Entry(number, "", "", "", {}).saying(_ended(body))
        return replace(self._with(place, entry), highest=number)

    def _with(self, place: int, entry: Entry) -> Document:
        entries = list(self.entries)
        if place and not entries[place - 1].body.endswith("\n"):
            entries[place - 1] = replace(entries[place - 1], body=_ended(entries[place - 1].body))
        return replace(self, entries=(*entries[:place], entry, *entries[place:]))


def read_document(text: str, before: Document | None = None) -> Document:
    """The parts of a script's text; entries that `before` has keep their numbers.

    Raises:
        ScriptError: it is not YAML, has no `turns`, or has them in brackets.
    """
    parts = _parts(text)
    if before is None:
        entries = [replace(entry, number=n) for n, entry in enumerate(parts.entries, 1)]
        return Document(parts.head, tuple(entries), parts.tail, len(entries))
    return _numbered(parts, before)


@dataclass(frozen=True, slots=True)
class _Parts:
    head: str
    entries: Sequence[Entry]
    tail: str


def _parts(text: str) -> _Parts:
    try:
        root = compose(text)
    except yaml.YAMLError:
        raise ScriptError("the script cannot be read") from None
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    turns = next((node for key, node in pairs if key.value == "turns"), None)
    if not isinstance(turns, yaml.SequenceNode) or not turns.value:
        raise ScriptError("the script has no list of turns", "write 'turns:' with a list")
    if turns.flow_style:
        raise ScriptError("`turns` is written in brackets", "write each turn on a line with '- '")
    entries: list[Entry] = []
    reached = text.rfind("\n", 0, turns.start_mark.index) + 1
    head = text[:reached]
    for node in turns.value:
        if node.start_mark.index < reached:
            raise ScriptError("an entry of `turns` is written with &, * or -", "write it out")
        dashes = list(_DASH.finditer(text, reached, node.start_mark.index))
        if not dashes:
            raise ScriptError("two entries of `turns` are on one line", "part them")
        start = dashes[-1].start()
        end = node.start_mark.index if is_empty(node) else end_of(text, node)
        line = text.find("\n", end)
        stop = len(text) if line < 0 else line + 1
        entries.append(Entry(0, text[reached:start], text[start:stop], *_said(node)))
        reached = stop
    return _Parts(head, entries, text[reached:])


def _said(node: yaml.Node) -> tuple[str, Mapping[str, Value]]:
    if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
        return "", {}
    [(key, value_node)] = node.value
    if not isinstance(key, yaml.ScalarNode):
        return "", {}
    value = value_of(value_node)
    return key.value, value if isinstance(value, dict) else {short_key(key.value): value}


def _numbered(parts: _Parts, before: Document) -> Document:
    """The same entry has the same number; so has one that stands changed in its old place."""
    old = [entry.body for entry in before.entries]
    new = [entry.body for entry in parts.entries]
    numbers: list[int | None] = [None] * len(new)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and b - a == d - c):
            for offset in range(d - c):
                numbers[c + offset] = before.entries[a + offset].number
    used = {number for number in numbers if number is not None}
    moved: dict[str, list[int]] = {}
    for entry in before.entries:
        if entry.number not in used:
            moved.setdefault(entry.body, []).append(entry.number)
    highest = before.highest
    entries = []
    for kept, entry in zip(numbers, parts.entries, strict=True):
        there = moved.get(entry.body)
        number = there.pop(0) if kept is None and there else kept
        if number is None:
            highest = number = highest + 1
        entries.append(replace(entry, number=number))
    return Document(parts.head, tuple(entries), parts.tail, highest)


def _replaced(entries: Iterable[Entry], place: int, entry: Entry) -> tuple[Entry, ...]:
    changed = list(entries)
    changed[place] = entry
    return tuple(changed)


def _breaks(text: str) -> int:
    """Line breaks as YAML 1.1 counts them."""
    return len(_BREAKS.findall(text))


def _ended(body: str) -> str:
    return body if body.endswith("\n") else body + newline_of(body)
