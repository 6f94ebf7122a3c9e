"""The clips of a show as they are known to the page: looked up once, kept while they are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from podgen.audio.samples import Floats
from podgen.errors import PodgenError, ScriptError
from podgen.render.assemble import Piece, prepare_pieces
from podgen.render.dress import Dressed, dress_take, gather
from podgen.render.plan import Plan
from podgen.render.room import room_period
from podgen.render.store import Clip, Store
from podgen.render.turns import PlannedTurn
from podgen.show.model import Music, Sound

AT_ONCE = 100
"""Turns looked up together: what a page can show before all of a long book is known."""


class Clips:
    """Dressed clips by turn for whichever plan is asked about."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Dressed] = {}

    def of(self, plan: Plan) -> dict[str, Dressed]:
        """What is known of the plan's turns, by id."""
        found = {}
        for turn in plan.turns:
            dressed = self._known.get(turn.id)
            if dressed is not None and _same(dressed.turn, turn):
                found[turn.id] = replace(dressed, turn=turn)
        for gone in self._known.keys() - found.keys():
            self._known.pop(gone, None)
        return found

    def look(self, plan: Plan, skip: set[str]) -> Iterator[None]:
        """Look those up that are not known, some at a time; `skip` holds keys known to be missing,
        and is added to.

        Raises:
            MachineError: the store cannot be written.
        """
        known = self.of(plan)
        unknown = [turn for turn in plan.turns if turn.id not in known and turn.key not in skip]
        for at in range(0, len(unknown), AT_ONCE):
            some = replace(plan, turns=tuple(unknown[at : at + AT_ONCE]))
            gathered = gather(some, self._store)
            for dressed in gathered.ready:
                self._known[dressed.turn.id] = dressed
            for turn, take in gathered.undressed:
                self.add(plan, turn, take)
            skip.update(turn.key for turn in gathered.missing)
            yield

    def add(self, plan: Plan, turn: PlannedTurn, take: Clip) -> Dressed:
        """Dress a take that has just landed."""
        dressed = dress_take(self._store, turn, take, plan.preset.sample_rate)
        self._known[turn.id] = dressed
        return dressed


def pieces_of(plan: Plan, store: Store) -> tuple[Plan, Sequence[Piece], list[ScriptError]]:
    """Music and effects; where one cannot be read, the plan without any, and why."""
    try:
        return plan, prepare_pieces(plan, store), []
    except ScriptError as error:
        items = tuple(item for item in plan.show.items if not isinstance(item, Music | Sound))
        return replace(plan, show=replace(plan.show, items=items)), (), [error]


def room_of(plan: Plan, store: Store) -> Floats | None:
    """The room tone, or None where its recording is none, which a render tells."""
    try:
        return room_period(plan, store)
    except PodgenError:
        return None


def _same(one: PlannedTurn, two: PlannedTurn) -> bool:
    """Whether a clip dressed for one turn is the other's, too."""
    a, b = one.turn.recording, two.turn.recording
    return (
        one.key == two.key
        and one.part.highpass == two.part.highpass
        and one.part.eq == two.part.eq
        and (a is None or a.trim) == (b is None or b.trim)
    )
