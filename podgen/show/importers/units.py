"""Items as they are compared: those of two states of a script or its source, paired."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from podgen.show.importers.draft import Draft, Remark
from podgen.show.importers.script import comments, fields
from podgen.show.writing.item import short_key

LIKE = 0.5
"""Two texts of a speaker that share so much are one turn, changed."""
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Unit:
    """An item as it is compared: whose, its keys, its id, and the comments before it."""

    name: str
    keys: Mapping[str, Any]
    id: str | None = None
    remarks: Sequence[str] = field(default=())

    @property
    def word(self) -> str:
        """The key that is compared."""
        return short_key(self.name) or "seconds"

    @property
    def words(self) -> str:
        """What is compared of it."""
        return " ".join(str(self.keys.get(self.word, "")).split())


def units_of(draft: Draft) -> list[Unit]:
    """A source's items; what nobody says goes with the next one."""
    units: list[Unit] = []
    waiting: list[str] = []
    for entry in draft.entries:
        waiting += comments(entry)
        if not isinstance(entry, Remark):
            units.append(Unit(*fields(entry), remarks=tuple(waiting)))
            waiting.clear()
    return units


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


def same(one: object, two: object) -> bool:
    """Whether two values of a key are the same as a script writes them."""
    if isinstance(one, dict) and isinstance(two, dict):
        return {k: str(v) for k, v in one.items()} == {k: str(v) for k, v in two.items()}
    if one is None or two is None:
        return one is two
    try:
        return float(str(one)) == float(str(two))
    except ValueError:
        return " ".join(str(one).split()) == " ".join(str(two).split())
