"""What goes on behind the page: looking through the script after each change, and speaking turns.

One thread looks through the script, one speaks, one watches the files for what others change.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from podgen.audio.samples import Floats
from podgen.edit import outline
from podgen.edit.clips import Clips, pieces_of, room_of
from podgen.edit.desk import Desk
from podgen.edit.outline import Found
from podgen.edit.shapes import Shapes
from podgen.edit.speaking import Speaker
from podgen.edit.telling import Telling
from podgen.errors import PodgenError, Problem, ScriptError
from podgen.render.assemble import Piece
from podgen.render.draft import make_draft
from podgen.render.plan import Memory, PlannedTurn, examine
from podgen.render.rig import Engines
from podgen.render.store import Clip, Store
from podgen.render.takes import lock_path
from podgen.show.read import in_order

WATCH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Options:
    """What the page's server was started with."""

    script: Path
    engine: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    store: Path | None = None
    output: Path | None = None


class Studio:
    """A show being edited."""

    def __init__(self, options: Options) -> None:
        """Read the script.

        Raises:
            ScriptError: it cannot be read at all.
        """
        self.options = options
        self.desk = Desk(options.script)
        self.store = Store(options.store)
        self.tell = Telling()
        self.shapes = Shapes()
        self.version = 0
        self.found = Found(self.desk.document, self.desk.document, None, None, {})
        self._clips = Clips(self.store)
        self._memory: Memory = {}
        self._missing: set[str] = set()
        self._engines = Engines()
        self._told: dict[int, dict[str, Any]] = {}
        self._times: dict[int, tuple[float, float]] = {}
        self._order: list[int] = []
        self._rest: dict[str, Any] = {}
        self._stale = threading.Event()
        self._lock = threading.RLock()
        work = threading.Condition(self._lock)
        self._work = work
        self.speaker = Speaker(self.store, work, lambda: self.found, self._landed, self._publish)
        self._closing = False
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        """Look through the script once, then go on in the background.

        Raises:
            EngineError: no engine can speak here.
        """
        self._examine()
        for work in (self._keep_examining, self.speaker.run, self._keep_watching):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """End the background's work; a turn that is being spoken ends first."""
        self._closing = True
        self.speaker.close()
        self._stale.set()
        self.tell.close()
        for thread in self._threads:
            thread.join(20)
        self._engines.close()

    # What the page asks.

    def state(self) -> dict[str, Any]:
        """Everything that a page shows."""
        with self._lock:
            return {
                "version": self.version,
                "items": self._told,
                "order": self._order,
                "times": self._times,
                **self._rest,
            }

    def touch(self) -> None:
        """The script has changed: show it now, look through it soon."""
        self._show(self.found)
        self._stale.set()

    def turn(self, number: int) -> tuple[Found, PlannedTurn]:
        """The turn of an entry, with what it was found in.

        Raises:
            ScriptError: there is no such turn, or it cannot be spoken as it stands.
        """
        found = self.found
        if found.plan is not None and number in found.ids:
            for turn in found.plan.turns:
                if turn.id == found.ids[number]:
                    return found, turn
        raise ScriptError("this turn cannot be spoken as it stands", "see what is said at it")

    # Looking through the script.

    def _keep_examining(self) -> None:
        while True:
            self._stale.wait()
            if self._closing:
                return
            self._stale.clear()
            try:
                self._examine()
            except PodgenError as error:
                self._fail(error.problems)

    def _examine(self) -> None:
        document = self.desk.document
        options = self.options
        try:
            looked = examine(
                options.script,
                text=document.text,
                engine=options.engine,
                settings=options.settings,
                shared=self._engines,
                memory=self._memory,
            )
        except ScriptError as error:
            self._fail(error.problems)
            return
        problems = list(looked.problems)
        plan = looked.plan
        if plan is None:
            self._show(Found(document, document, None, None, {}).with_problems(problems))
            return
        problems += [problem for error in looked.silent for problem in error.problems]
        ids = outline.numbers(document, plan)
        before = self.found.plan
        if before is not None:
            self.speaker.note(before, plan)
        plan, pieces, unread = pieces_of(plan, self.store)
        problems += [problem for error in unread for problem in error.problems]
        room = room_of(plan, self.store)
        found = Found(document, document, plan, None, ids)
        self._draw(found, pieces, room, problems)
        for _ in self._clips.look(plan, self._missing):
            if self._stale.is_set() or self._closing:
                return
            self._draw(found, pieces, room, problems)

    def _draw(
        self,
        found: Found,
        pieces: Sequence[Piece],
        room: Floats | None,
        problems: Sequence[Problem] | None = None,
    ) -> None:
        """Lay out what is there and tell the pages; without `problems`, they are as they were."""
        assert found.plan is not None
        with self._lock:
            told = list(problems or ())
            draft = self.found.draft
            try:
                draft = make_draft(found.plan, self._clips.of(found.plan), pieces, room)
            except ScriptError as error:
                told += error.problems
            found = replace(found, draft=draft)
            self._show(found if problems is None else found.with_problems(in_order(told)))

    def _fail(self, problems: Iterable[Problem]) -> None:
        document = self.desk.document
        found = replace(self.found.at(document), looked=document)
        self._show(found.with_problems(tuple(problems)))

    # Telling.

    def _show(self, found: Found) -> None:
        with self._work:
            self.found = found.at(self.desk.document)
            self._publish()
            self._work.notify_all()

    def _publish(self) -> None:
        """Tell the pages what is other than what they were told last."""
        with self._lock:
            found = self.found
            items = outline.items(found, self.speaker.sounding)
            message: dict[str, Any] = {}
            if changed := outline.changes(self._told, items):
                message["items"] = changed
            order = list(items)
            if order != self._order:
                message["order"] = order
            times = outline.times(found)
            if times != self._times:
                message["times"] = times
            rest = self._about(found)
            message |= {name: one for name, one in rest.items() if self._rest.get(name) != one}
            self._told, self._order, self._times, self._rest = items, order, times, rest
            if message:
                self.version += 1
                self.tell("change", {"version": self.version, **message})

    def _about(self, found: Found) -> dict[str, Any]:
        """All that is shown beside the entries."""
        plan, draft = found.plan, found.draft
        undo, redo = self.desk.history.labels
        show = plan.show if plan else None
        return {
            "title": show.title if show else self.options.script.stem,
            "show": (show.show or "") if show else "",
            "language": show.language if show else "en",
            "file": self.options.script.name,
            "cast": outline.cast(plan),
            "pause": show.defaults.pause if show else 0.0,
            "problems": found.others,
            "warnings": list(plan.warnings) if plan else [],
            "fault": self.desk.fault,
            "undo": undo,
            "redo": redo,
            "duration": round(draft.timeline.total / draft.timeline.rate, 3) if draft else 0,
            "rate": plan.preset.sample_rate if plan else 44100,
            "byItself": self.speaker.by_itself,
        }

    def _landed(self, turn: PlannedTurn, take: Clip) -> None:
        with self._work:
            found = self.found
            if found.plan is None:
                return
            self._missing.discard(turn.key)
            for same in found.plan.turns:
                if same.key == turn.key:
                    self._clips.add(found.plan, same, take)
            if found.draft is not None:
                self._draw(found, found.draft.pieces, found.draft.room)

    # Watching.

    def _keep_watching(self) -> None:
        stamps = self._stamps()
        while not self._closing:
            time.sleep(WATCH_SECONDS)
            now = self._stamps()
            if now != stamps:
                stamps = now
                self.desk.look()
                self.touch()

    def _stamps(self) -> dict[Path, tuple[int, int] | None]:
        """Every file of the show with its size and time of change."""
        files = {self.options.script, lock_path(self.options.script)}
        plan = self.found.plan
        if plan is not None:
            files |= {*plan.show.files, *plan.casting.files}
        return {path: _stamp(path) for path in sorted(files)}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
