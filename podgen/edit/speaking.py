"""Speaking behind the page: what is wanted most first, some turns at a time."""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from collections.abc import Callable, Container, Iterable

from podgen.edit.outline import Found, Sounding
from podgen.errors import EngineError, PodgenError, Problem
from podgen.render.plan import Plan
from podgen.render.speak import Wanted, speak
from podgen.render.store import Clip, Store
from podgen.render.turns import PlannedTurn

BATCH = 4
"""Turns given to an engine at once; between batches what is wanted most may have changed."""


class Speaker:
    """Turns to be spoken, by their keys: those asked for, in order, then those changed since the
    page was opened; of either, those on the screen first.

    Everything is done under `work`, but for the speaking itself. `found` says what there is to
    speak, `missing` holds the keys that the store is known not to have; `landed` is told of each
    take, `tell` that something is other than it was.
    """

    def __init__(
        self,
        store: Store,
        work: threading.Condition,
        found: Callable[[], Found],
        missing: Container[str],
        landed: Callable[[PlannedTurn, Clip], None],
        tell: Callable[[], None],
    ) -> None:
        self._store, self._work = store, work
        self._found, self._missing, self._landed, self._tell = found, missing, landed, tell
        self._asked: dict[str, None] = {}
        self._changed: dict[str, None] = {}
        self._soon: set[int] = set()
        self._speaking: frozenset[str] = frozenset()
        self._failed: dict[str, str] = {}
        self._cancelled = self._called_off = self._closing = self._at_work = False
        self.engines = threading.Lock()
        """Held while an engine speaks."""
        self.seen: list[int] = []
        """The entries on the screen."""
        self.by_itself = True
        """Whether changed turns are spoken without being asked for."""

    @property
    def sounding(self) -> Sounding:
        """How it goes."""
        wanted = frozenset((*self._asked, *self._changed))
        return Sounding(self._speaking, self._failed, wanted)

    def ask(self, numbers: Iterable[int] | None) -> None:
        """Have the turns of entries spoken before others; all that are missing for None.

        Those that have just been changed are, as soon as they have been looked through.
        """
        with self._work:
            found = self._found()
            if numbers is None:
                self._asked |= self._keys(found, found.ids)
            else:
                self._soon |= set(numbers)
                self._ask_soon(found)
            self._tell()
            self._work.notify_all()

    def _ask_soon(self, found: Found) -> None:
        now = self._soon & found.ids.keys()
        self._soon -= now
        self._asked = {**self._keys(found, now), **self._asked}

    def _keys(self, found: Found, numbers: Iterable[int]) -> dict[str, None]:
        """The keys of entries' turns that are not spoken, nor being spoken."""
        planned = {turn.id: turn for turn in found.plan.turns} if found.plan else {}
        dressed = found.draft.dressed if found.draft else {}
        turns = (planned.get(found.ids[number]) for number in numbers)
        keys = {
            turn.key: None
            for turn in turns
            if turn and turn.id not in dressed and turn.key not in self._speaking
        }
        self._failed = {key: why for key, why in self._failed.items() if key not in keys}
        return keys

    def note(self, before: Plan, plan: Plan) -> None:
        """Another plan: turns of which the sound is new are to be spoken when nobody types."""
        with self._work:
            now, old = [turn.key for turn in plan.turns], {turn.key for turn in before.turns}
            there = set(now)
            self._asked = {key: None for key in self._asked if key in there}
            self._changed = {key: None for key in self._changed if key in there}
            if self.by_itself:
                self._changed |= dict.fromkeys(key for key in now if key not in old)
            self._work.notify_all()

    def cancel(self) -> None:
        """Speak nothing more than what is being spoken."""
        with self._work:
            self._asked.clear()
            self._changed.clear()
            self._soon.clear()
            self._cancelled = self._called_off = True
            self._tell()

    def speak_all(self, tell: Callable[[float], None]) -> bool:
        """Have all that is missing spoken, and wait for it; whether it was not called off.

        `tell` gets how much of it is done, 0 to 1.
        """
        with self._work:
            self._called_off = False
            self.ask(None)
            most = max(1, len(self._asked))
            while (self._at_work or self._next()) and not self._closing:
                tell(1 - len(self._asked) / most)
                self._work.wait()
            return not (self._called_off or self._closing)

    def speak_by_itself(self, on: bool) -> None:
        """Whether changed turns are to be spoken without being asked for."""
        with self._work:
            self.by_itself = on
            if not on:
                self._changed.clear()
            self._tell()

    def at_once(self, plan: Plan, planned: PlannedTurn) -> Clip:
        """Speak one turn now, and store its take.

        Raises:
            EngineError: it cannot be spoken.
        """
        wanted = Wanted(planned.id, planned, plan.engines[planned.part.engine])
        with self.engines:
            for _, clip in speak([wanted], self._store, lambda event: None):
                if isinstance(clip, PodgenError):
                    raise clip
                return clip
        raise EngineError(f"turn {planned.id} was not spoken")

    def close(self) -> None:
        """Begin to end."""
        with self._work:
            self._closing = True
            self._work.notify_all()

    def run(self) -> None:
        """Speak what is wanted until it is closed."""
        while True:
            with self._work:
                while not self._closing and not self._next():
                    self._work.wait()
                if self._closing:
                    return
                plan, turns = self._found().plan, self._next()
                assert plan is not None
                keys = frozenset(turn.key for turn in turns)
                self._cancelled, self._at_work = False, True
                self._speaking = keys
                self._tell()
            landed, failed = self._speak(plan, turns)
            with self._work:
                for key in keys:
                    self._asked.pop(key, None)
                    self._changed.pop(key, None)
                self._failed |= failed
                self._speaking = landed  # until they are shown
                self._at_work = False
                self._tell()
                self._work.notify_all()

    def _next(self) -> list[PlannedTurn]:
        """The turns to be spoken next, all of one engine."""
        found = self._found()
        if self._soon:
            self._ask_soon(found)
        if found.plan is None or found.draft is None or not (self._asked or self._changed):
            return []
        there = found.draft.dressed
        by_key = {
            turn.key: turn
            for turn in found.plan.turns
            if turn.id not in there and turn.key in self._missing and turn.key not in self._failed
        }
        seen = {found.ids.get(number) for number in self.seen}
        for wishes in (self._asked, self._changed):
            turns = [by_key[key] for key in wishes if key in by_key]
            if turns:
                first = [turn for turn in turns if turn.id in seen] or turns
                engine = first[0].part.engine
                return [turn for turn in first if turn.part.engine == engine][:BATCH]
        return []

    def _speak(self, plan: Plan, turns: list[PlannedTurn]) -> tuple[frozenset[str], dict[str, str]]:
        """Speak turns; the keys of those that are, and why others failed."""
        wanted = [Wanted(turn.id, turn, plan.engines[turn.part.engine]) for turn in turns]
        landed: set[str] = set()
        failed: dict[str, str] = {}
        spoken = speak(wanted, self._store, lambda event: None)
        try:
            with self.engines, contextlib.closing(spoken):  # type: ignore[type-var]
                for one, clip in spoken:
                    if isinstance(clip, PodgenError):
                        failed[one.turn.key] = "; ".join(map(_why, clip.problems))
                    else:
                        self._landed(one.turn, clip)
                        landed.add(one.turn.key)
                    if self._cancelled or self._closing:
                        break
        except Exception as error:
            if isinstance(error, PodgenError):  # the store, say, cannot be written
                why = "; ".join(map(_why, error.problems))
            else:
                traceback.print_exc(file=sys.stderr)
                why = f"podgen failed: {error!r}; see its terminal"
            failed |= {turn.key: why for turn in turns if turn.key not in landed}
        return frozenset(landed), failed


def _why(problem: Problem) -> str:
    return f"{problem.what}; {problem.remedy}" if problem.remedy else problem.what
