"""The same source again: what changed in it since goes into the script, what was made there stays.

Three states meet: what was imported last (kept beside the script), the script as it is now, and
the source as it is now. An item of the script stays as it is, to the letter, unless the source
changed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from podgen.errors import Place, Problem, ScriptError
from podgen.show.ids import derived_id
from podgen.show.importers.draft import Draft, Line, Remark, shorten
from podgen.show.importers.script import blank_before, indented, item, paragraphs
from podgen.show.importers.units import Unit, align, same, units_of
from podgen.show.model import Turn
from podgen.show.read import load_show
from podgen.show.source import read_text
from podgen.show.writing.document import Document, Entry, read_document
from podgen.show.writing.item import indent_of, newline_of, with_key


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text in parts, and what each of its entries is."""

    path: Path
    document: Document
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a merge came to."""

    changed: int
    added: int
    removed: int
    told: tuple[str, ...]


def read_script(path: Path) -> Script:
    """A script to merge into.

    Raises:
        ScriptError: it cannot be read, or has its turns in brackets.
    """
    show = load_show(path)
    try:
        document = read_document(read_text(path, "script"))
    except ScriptError as error:
        [problem] = error.problems
        raise ScriptError(replace(problem, place=Place(str(path)))) from None
    units = (
        _unit(entry, shown.id if isinstance(shown, Turn) else None)
        for entry, shown in zip(document.entries, show.items, strict=True)
    )
    return Script(path, document, tuple(units))


def _unit(entry: Entry, turn: str | None) -> Unit:
    keys = {key or "seconds": "" if one is None else one for key, one in entry.values.items()}
    return Unit(" ".join(entry.name.split()), keys, turn)


def ids_of(script: Path, draft: Draft) -> list[str | None]:
    """The ids that a source's items have in the script; None for those that are no turns."""
    current = read_script(script).units
    found = align(units_of(draft), current)
    lines = [entry for entry in draft.entries if not isinstance(entry, Remark)]
    return [
        current[found[index]].id if index in found and isinstance(entry, Line) else None
        for index, entry in enumerate(lines)
    ]


def merge(script: Script, base: Sequence[Unit] | None, draft: Draft) -> tuple[Document, Changes]:
    """A script brought up to its source.

    Raises:
        ScriptError: an entry is written so that it cannot be changed by itself.
    """
    return _Merge(script, base, draft).run()


class _Merge:
    def __init__(self, script: Script, base: Sequence[Unit] | None, draft: Draft) -> None:
        self.script = script
        self.entries = script.document.entries
        self.newline = newline_of(script.document.text)
        self.indent = indent_of(self.entries[0].body)
        self.base = base if base is not None else script.units
        self.new = units_of(draft)
        self.sources = [entry for entry in draft.entries if not isinstance(entry, Remark)]
        self.here = align(self.base, script.units)
        self.there = {new: old for old, new in align(self.base, self.new).items()}
        self.known = base is not None
        self.told: list[str] = []
        self.changed = self.added = 0

    def run(self) -> tuple[Document, Changes]:
        followers, anchored = self._followers()
        result: list[Entry] = [*followers.pop(-1, [])]
        used: set[int] = set()
        for index, unit in enumerate(self.new):
            old = self.there.get(index)
            at = None if old is None else self.here.get(old)
            if old is None:
                result.append(self._made(index, not result))
            elif at is not None:
                result += [self._updated(at, self.base[old], unit, index), *followers.pop(at, [])]
                used.add(at)
            elif unit.words != self.base[old].words:
                self.told.append(
                    f"line {self.sources[index].line}: changed, but its item is gone "
                    "from the script; it is there again"
                )
                result.append(self._made(index, not result))
            # else it was taken out by hand
        # Without the last import nobody knows what was made here, so all of it stays.
        removed = [at for at in anchored if at not in used] if self.known else []
        for at in removed:
            unit = self.script.units[at]
            self.told.append(f"removed: {unit.name}: {shorten(unit.words)}")
        for at in [*followers, *(at for at in anchored if at not in used and at not in removed)]:
            kept = followers.get(at, [])
            if at not in removed and at >= 0:
                kept = [self.entries[at], *kept]
            present = {entry.number for entry in result}
            # New entries have the number 0; those of the script count from 1, in order.
            place = next(
                (n + 1 for n in range(len(result) - 1, -1, -1) if result[n].number - 1 < at), 0
            )
            result[place:place] = [entry for entry in kept if entry.number not in present]
        document = replace(self.script.document, entries=tuple(map(self._ended, result)))
        changes = Changes(self.changed, self.added, len(removed), tuple(self.told))
        return document, changes

    def _followers(self) -> tuple[dict[int, list[Entry]], list[int]]:
        """Items made by hand after each that was imported (-1: before all), and those."""
        anchored = sorted(self.here.values())
        marked = set(anchored)
        followers: dict[int, list[Entry]] = {}
        last = -1
        for at, entry in enumerate(self.entries):
            if at in marked:
                last = at
            else:
                followers.setdefault(last, []).append(entry)
        return followers, anchored

    def _made(self, index: int, first: bool) -> Entry:
        self.added += 1
        source = self.sources[index]
        lead = [*blank_before(source, first), *indented(self.new[index].remarks, self.indent)]
        body = self._lines(indented(item(source), self.indent))
        return Entry(0, self._lines(lead), "", "", {}).saying(body)

    def _updated(self, at: int, base: Unit, new: Unit, index: int) -> Entry:
        entry, unit = self.entries[at], self.script.units[at]
        changes: dict[str, object] = {}
        for name in {**base.keys, **new.keys}:
            was, is_, now = (one.keys.get(name) for one in (base, new, unit))
            if is_ == was or same(now, is_):
                continue
            if not same(now, was):
                if name != new.word:
                    continue  # made by hand, so it stays
                line = self.sources[index].line
                self.told.append(
                    f"line {line}: changed here and in the script; the source's stands"
                )
            changes[name] = is_
        entry = replace(entry, lead=self._lead(entry.lead, base, new))
        if not changes:
            return entry
        self.changed += 1
        text = paragraphs(str(changes.get("text", "")))
        if "text" in changes and unit.id is not None and unit.id != derived_id(unit.name, text):
            changes.setdefault("id", unit.id)  # which keeps its takes
        try:
            return self._with(entry, changes)
        except ScriptError as error:
            begins = {number: line for line, number in self.script.document.lines()}
            place = Place(str(self.script.path), begins[entry.number])
            [problem] = error.problems
            raise ScriptError(Problem(problem.what, problem.remedy, place)) from None

    def _with(self, entry: Entry, changes: dict[str, object]) -> Entry:
        body = entry.body
        for name, value in changes.items():
            path = () if entry.name == "pause" else (name,)
            body = with_key(body, path, value)  # type: ignore[arg-type]
        return entry.saying(body)

    def _lead(self, lead: str, base: Unit, new: Unit) -> str:
        """Comments and blank lines, with those of the source as they are in it now."""
        gone = {line for line in base.remarks if line not in new.remarks}
        lines = [line for line in lead.splitlines() if line.strip() not in gone]
        there = {line.strip() for line in lines}
        fresh = [line for line in new.remarks if line not in base.remarks and line not in there]
        return (
            lead if not gone and not fresh else self._lines([*lines, *indented(fresh, self.indent)])
        )

    def _ended(self, entry: Entry) -> Entry:
        return (
            entry if entry.body.endswith("\n") else replace(entry, body=entry.body + self.newline)
        )

    def _lines(self, lines: Sequence[str]) -> str:
        return "".join(f"{line}{self.newline}" for line in lines)
