"""The same source again: what changed in it since goes into the script, what was made there stays.

Three states meet: what was imported last (kept beside the script), the script as it is now, and
the source as it is now. An item is a block of the script's text and stays as it is, to the letter,
unless the source changed it.
"""

from __future__ import annotations

import difflib
import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from podgen.errors import Place, Problem, ScriptError
from podgen.show.ids import derived_id
from podgen.show.importers.draft import Draft, Line, Remark, shorten
from podgen.show.importers.script import (
    blank_before,
    comments,
    fields,
    indented,
    item,
    item_lines,
    paragraphs,
)
from podgen.show.model import Turn
from podgen.show.read import load_show
from podgen.show.source import read_source

LIKE = 0.5
"""Two texts of a speaker that share so much are one turn, changed."""
_WORD = {"chapter": "title", "pause": "seconds", "music": "file", "sound": "file"}
_WORDS = re.compile(r"\w+")
_KEPT_COMMENTS = re.compile(r"^\s*(#.*)?$")


@dataclass(slots=True)
class Unit:
    """An item as it is compared: whose, its words, its keys, its id, and the lines before it."""

    name: str
    keys: dict[str, Any]
    id: str | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What is compared of it."""
        value = self.keys.get(_WORD.get(self.name, "text"), "")
        return " ".join(str(value).split())


@dataclass(slots=True)
class Block:
    """An item in the script's text: comments and blanks before it, its own lines, what it is."""

    before: list[str]
    lines: list[str]
    unit: Unit
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a merge came to."""

    changed: int
    added: int
    removed: int
    told: tuple[str, ...]


def base_path(script: Path) -> Path:
    """Where the last import is kept: beside the script."""
    return script.with_suffix(".import.json")


def units_of(draft: Draft) -> list[Unit]:
    """A source's items; what nobody says goes with the next one."""
    units: list[Unit] = []
    waiting: list[str] = []
    for entry in draft.entries:
        waiting += comments(entry)
        if not isinstance(entry, Remark):
            units.append(Unit(*fields(entry), remarks=list(waiting)))
            waiting.clear()
    return units


def save_base(draft: Draft, ids: Sequence[str | None]) -> str:
    """The text of the file that keeps an import; `ids` has one for each item."""
    entries = [
        {"name": unit.name, "id": given, "keys": unit.keys, "remarks": unit.remarks}
        for unit, given in zip(units_of(draft), ids, strict=True)
    ]
    document = {"version": 1, "form": draft.form, "entries": entries}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def load_base(script: Path) -> list[Unit] | None:
    """The last import, or None where none is kept.

    Raises:
        ScriptError: the file is not what an import writes.
    """
    path = base_path(script)
    if not path.exists():
        return None
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["entries"]
        return [Unit(e["name"], e["keys"], e["id"], e["remarks"]) for e in entries]
    except (ValueError, KeyError, TypeError, OSError):
        what = "not what 'podgen import' writes"
        remedy = "remove it; the script's own turns are then compared"
        raise ScriptError(Problem(what, remedy, Place(str(path)))) from None


class Script:
    """A script's text in parts: what stands before the items, the items, and what follows."""

    def __init__(self, path: Path) -> None:
        """Raises `ScriptError` if it cannot be read, or has its turns in brackets."""
        show = load_show(path)
        source = read_source(path, "script")
        assert isinstance(source.root, yaml.MappingNode)
        turns = next(value for key, value in source.root.value if key.value == "turns")
        if turns.flow_style:
            what = "turns in brackets cannot be merged into"
            raise ScriptError(
                Problem(what, "write one a line, after '- '", source.place(("turns",)))
            )
        text = path.read_text(encoding="utf-8-sig")
        lines = text.split("\n")
        starts = []
        for node in turns.value:
            at = node.start_mark.line
            while not lines[at].lstrip().startswith("-"):
                at -= 1
            starts.append(at)
        self.indent = len(lines[starts[0]]) - len(lines[starts[0]].lstrip())
        limits = [*starts[1:], _seq_end(source.root, turns, lines)]
        ends = [_body_end(lines, start, limit) for start, limit in zip(starts, limits, strict=True)]
        heads = [_body_end(lines, 0, starts[0]), *ends[:-1]]
        self.head, self.tail = lines[: heads[0]], lines[ends[-1] :]
        self.blocks = [
            Block(lines[before:start], lines[start:end], _unit(lines[start:end], shown))
            for before, start, end, shown in zip(heads, starts, ends, show.items, strict=True)
        ]

    def text(self) -> str:
        """The whole."""
        body = [line for block in self.blocks for line in (*block.before, *block.lines)]
        return "\n".join([*self.head, *body, *self.tail])


def _seq_end(root: yaml.MappingNode, turns: yaml.Node, lines: Sequence[str]) -> int:
    later = [k.start_mark.line for k, _ in root.value if k.start_mark.line > turns.start_mark.line]
    return min(later, default=len(lines))


def _body_end(lines: Sequence[str], start: int, end: int) -> int:
    """Where an item's own lines end: comments and blanks after them are the next one's."""
    while end > start + 1 and _KEPT_COMMENTS.match(lines[end - 1]):
        end -= 1
    return end


def _unit(lines: Sequence[str], shown: object) -> Unit:
    [[(name, value)]] = [
        list(found.items()) for found in yaml.load("\n".join(lines), Loader=yaml.BaseLoader)
    ]
    name = " ".join(name.split())
    keys = value if isinstance(value, dict) else {_WORD.get(name, "text"): value}
    return Unit(name, keys, shown.id if isinstance(shown, Turn) else None)


def align(before: Sequence[Unit], after: Sequence[Unit]) -> dict[int, int]:
    """Which item of `after` each of `before` has become: the same id, the same words, or words
    that are like them; the same words elsewhere have moved."""
    ids = {unit.id: index for index, unit in enumerate(after) if unit.id}
    found = {i: ids[u.id] for i, u in enumerate(before) if u.id in ids and u.id}
    one, two = ([(u.name, u.words) for u in units] for units in (before, after))
    taken = set(found.values())

    def pair(first: int, second: int) -> None:
        if first not in found and second not in taken:
            found[first] = second
            taken.add(second)

    matcher = difflib.SequenceMatcher(None, one, two, autojunk=False)
    opcodes = matcher.get_opcodes()
    for kind, low, high, other, _ in opcodes:
        if kind == "equal":
            for step in range(high - low):
                pair(low + step, other + step)
    places: dict[tuple[str, str], list[int]] = {}
    for index, unit in enumerate(two):
        places.setdefault(unit, []).append(index)
    for index, unit in enumerate(one):
        for place in places.get(unit, ()):
            pair(index, place)
    for _, low, high, other, last in opcodes:
        for index in range(low, high):
            free = [n for n in range(other, last) if n not in taken and two[n][0] == one[index][0]]
            likeness = {n: _likeness(one[index][1], two[n][1]) for n in free}
            best = max(free, key=lambda n: likeness[n], default=None)
            if best is not None and likeness[best] >= LIKE:
                pair(index, best)
    return found


def _likeness(one: str, two: str) -> float:
    """How much of two texts is the same words, 0 to 1, each held against the longer."""
    first, second = (Counter(_WORDS.findall(words.casefold())) for words in (one, two))
    return (first & second).total() / max(first.total(), second.total(), 1)


def merge(script: Script, base: Sequence[Unit] | None, draft: Draft) -> Changes:
    """Bring a script up to its source."""
    return _Merge(script, base, draft).run()


class _Merge:
    def __init__(self, script: Script, base: Sequence[Unit] | None, draft: Draft) -> None:
        self.script = script
        current = [block.unit for block in script.blocks]
        self.base = list(base) if base is not None else current
        self.new = units_of(draft)
        self.entries = [entry for entry in draft.entries if not isinstance(entry, Remark)]
        self.here = align(self.base, current)
        self.there = {new: old for old, new in align(self.base, self.new).items()}
        self.known = base is not None
        self.told: list[str] = []
        self.changed = self.added = 0

    def run(self) -> Changes:
        followers, anchored = self._followers()
        result: list[Block] = [*followers.pop(-1, [])]
        used: set[int] = set()
        for index, unit in enumerate(self.new):
            old = self.there.get(index)
            at = None if old is None else self.here.get(old)
            if old is not None and at is None:
                if unit.words == self.base[old].words:
                    continue  # taken out by hand
                self.told.append(f"line {self.entries[index].line}: changed, but its item is gone "
                                 "from the script; it is there again")  # fmt: skip
            if old is not None and at is not None:
                block = self.script.blocks[at]
                self._update(block, self.base[old], unit, index)
                used.add(at)
            else:
                block = self._made(index, not result)
                self.added += 1
            result.append(block)
            result += followers.pop(at, []) if at is not None else []
        # Without the last import nobody knows what was made here, so all of it stays.
        removed = [at for at in anchored if at not in used] if self.known else []
        for at in removed:
            unit = self.script.blocks[at].unit
            self.told.append(f"removed: {unit.name}: {shorten(unit.words)}")
        for at in [*followers, *(a for a in anchored if a not in used and a not in removed)]:
            kept = followers.get(at, [])
            if at not in removed and at >= 0:
                kept = [self.script.blocks[at], *kept]
            place = next((n + 1 for n in range(len(result) - 1, -1, -1)
                          if self._position(result[n]) < at), 0)  # fmt: skip
            result[place:place] = [block for block in kept if block not in result]
        self.script.blocks = result
        return Changes(self.changed, self.added, len(removed), tuple(self.told))

    def _position(self, block: Block) -> int:
        blocks = self.script.blocks
        return next((n for n, one in enumerate(blocks) if one is block), -1)

    def _followers(self) -> tuple[dict[int, list[Block]], list[int]]:
        """Items made by hand after each that was imported (-1: before all), and those."""
        anchored = sorted(self.here.values())
        marked = set(anchored)
        followers: dict[int, list[Block]] = {}
        last = -1
        for at, block in enumerate(self.script.blocks):
            if at in marked:
                last = at
            else:
                followers.setdefault(last, []).append(block)
        return followers, anchored

    def _made(self, index: int, first: bool) -> Block:
        entry = self.entries[index]
        before = [
            *blank_before(entry, first),
            *indented(self.new[index].remarks, self.script.indent),
        ]
        return Block(before, indented(item(entry), self.script.indent), self.new[index])

    def _update(self, block: Block, base: Unit, new: Unit, index: int) -> None:
        pad = " " * self.script.indent
        gone = {line for line in base.remarks if line not in new.remarks}
        block.before = [line for line in block.before if line.strip() not in gone]
        there = {line.strip() for line in block.before}
        fresh = [line for line in new.remarks if line not in base.remarks and line not in there]
        block.before += [pad + line for line in fresh]
        word = _WORD.get(new.name, "text")
        changes: dict[str, Any] = {}
        for name in {**base.keys, **new.keys}:
            was, is_, now = (unit.keys.get(name) for unit in (base, new, block.unit))
            if is_ == was or _same(now, is_):
                continue
            if not _same(now, was):
                if name != word:
                    continue  # made by hand, so it stays
                line = self.entries[index].line
                self.told.append(
                    f"line {line}: changed here and in the script; the source's stands"
                )
            changes[name] = is_
        if new.name != block.unit.name:
            changes[""] = new.name
        if changes:
            self.changed += 1
            block.lines = indented(_edited(block, changes, new), self.script.indent)


def _same(one: object, two: object) -> bool:
    """Whether two values of a key are the same as a script writes them."""
    if isinstance(one, dict) and isinstance(two, dict):
        return {k: str(v) for k, v in one.items()} == {k: str(v) for k, v in two.items()}
    if one is None or two is None:
        return one is two
    try:
        return float(str(one)) == float(str(two))
    except ValueError:
        return " ".join(str(one).split()) == " ".join(str(two).split())


def _edited(block: Block, changes: dict[str, Any], new: Unit) -> list[str]:
    """An item's lines with some keys changed; a turn keeps the id that it had."""
    name = changes.pop("", block.unit.name)
    word = _WORD.get(name, "text")
    keys = dict(block.unit.keys)
    keys.update(changes)
    keys = {key: value for key, value in keys.items() if value is not None}
    if block.unit.id is not None and "id" not in keys:
        text = paragraphs(str(keys["text"]))
        if block.unit.id != derived_id(name, text):
            keys = {"id": block.unit.id, **keys}
    if set(block.unit.keys) <= {word, "id"}:
        return item_lines(name, keys)
    from ruamel.yaml import YAML

    rounds = YAML()
    rounds.preserve_quotes, rounds.width, rounds.allow_unicode = True, 96, True
    margin = len(block.lines[0]) - len(block.lines[0].lstrip())
    document = rounds.load("\n".join(line[margin:] for line in block.lines))
    [(was, value)] = document[0].items()
    if "id" in keys and "id" not in value:
        value.insert(0, "id", keys["id"])
    for key, changed in changes.items():
        if changed is None:
            value.pop(key, None)
        else:
            value[key] = changed
    if name != was:
        document[0] = {name: value}
    stream = io.StringIO()
    rounds.dump(document, stream)
    return stream.getvalue().rstrip("\n").split("\n")


def ids_of(script: Path, draft: Draft) -> list[str | None]:
    """The ids that a source's items have in the script; None for those that are no turns."""
    current = [block.unit for block in Script(script).blocks]
    found = align(units_of(draft), current)
    lines = [entry for entry in draft.entries if not isinstance(entry, Remark)]
    return [
        current[found[index]].id if index in found and isinstance(entry, Line) else None
        for index, entry in enumerate(lines)
    ]
