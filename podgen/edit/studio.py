"""What goes on behind the page: looking through the script after each change, and speaking turns.

One thread looks through the script, one speaks, one watches the files for what others change.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from podgen.audio.samples import Floats
from podgen.edit import outline
from podgen.edit.bulletin import Bulletin
from podgen.edit.clips import Clips, pieces_of, room_of
from podgen.edit.desk import Desk
from podgen.edit.outline import Found
from podgen.edit.shapes import Shapes
from podgen.edit.speaking import Speaker
from podgen.edit.telling import Telling
from podgen.edit.watching import watch
from podgen.errors import PodgenError, Problem, ScriptError
from podgen.render.assemble import Piece
from podgen.render.draft import make_draft
from podgen.render.plan import Memory, PlannedTurn, examine, refuse_uncastable
from podgen.render.rig import Engines
from podgen.render.store import Clip, Store
from podgen.render.takes import lock_path
from podgen.show.read import in_order

DRAW_SECONDS = 0.5
"""While a long show's clips are looked up, what is known of them is shown this often."""


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
        self.bulletin = Bulletin(self.desk, self.tell)
        document = self.desk.document
        self.found = Found(document, document, None, None, {}, unread=True)
        self._clips = Clips(self.store)
        self._memory: Memory = {}
        self._missing: set[str] = set()
        self._engines = Engines()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._stale, self._settled = True, False
        self._lock = threading.RLock()
        self._work = threading.Condition(self._lock)
        self.speaker = Speaker(
            self.store, self._work, lambda: self.found, self._missing, self._landed, self._publish
        )
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        """Show the script as it is written; look through it, and speak, in the background.

        Raises:
            EngineError: no engine can speak here, or not the one that was asked for.
        """
        options = self.options
        with suppress(ScriptError):  # the page says what is wrong with the script
            refuse_uncastable(
                options.script,
                engine=options.engine,
                settings=options.settings,
                shared=self._engines,
            )
        self.touch()
        for work in (self._keep_looking, self.speaker.run, self._keep_watching):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """End the background's work; a turn that is being spoken ends first."""
        self._closing.set()
        self.speaker.close()
        self._wake.set()
        self.tell.close()
        for thread in self._threads:
            thread.join(20)
        self._engines.close()

    def touch(self) -> None:
        """The script has changed: show it now, look through it soon."""
        self._show(self.found)
        self._stale = True
        self._wake.set()

    def turn(self, number: int) -> tuple[Found, PlannedTurn]:
        """The turn of an entry, with what it was found in.

        Raises:
            ScriptError: there is no such turn, or it cannot be spoken as it stands.
        """
        found = self.found
        if found.unread:
            raise ScriptError("the script is being read", "wait a moment")
        if found.plan is not None and number in found.ids:
            for turn in found.plan.turns:
                if turn.id == found.ids[number]:
                    return found, turn
        raise ScriptError("this turn cannot be spoken as it stands", "see what is said at it")

    def wait(self) -> None:
        """Until the script has been looked through as it is now, and its clips looked up."""
        with self._work:
            self._work.wait_for(lambda: self._settled and not self._stale)

    # Looking through the script.

    def _keep_looking(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._closing.is_set():
                return
            try:
                if self._stale:
                    self._stale = self._settled = False
                    self._examine()
                    self._settle()
                else:
                    self._draw_landed()
            except PodgenError as error:
                self._fail(error.problems)
            except Exception as error:  # the next change is looked through all the same
                traceback.print_exc(file=sys.stderr)
                self._fail([Problem(f"podgen failed: {error!r}", "see its terminal")])

    def _examine(self) -> None:
        document = self.desk.document
        options = self.options
        looked = examine(
            options.script,
            text=document.text,
            engine=options.engine,
            settings=options.settings,
            shared=self._engines,
            memory=self._memory,
        )
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
        drawn = time.monotonic()
        for _ in self._clips.look(plan, self._missing):
            if self._stale or self._closing.is_set():
                return
            if time.monotonic() > drawn + DRAW_SECONDS:
                self._draw(found, pieces, room, problems)
                drawn = time.monotonic()
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

    def _draw_landed(self) -> None:
        """Lay out what has been spoken since; however much landed meanwhile, once."""
        began = time.monotonic()
        with self._lock:
            found = self.found
            if found.draft is not None:
                self._draw(found, found.draft.pieces, found.draft.room)
        # Of a long show, this takes longer than speaking a turn, which it must not hold up.
        self._closing.wait(min(2 * (time.monotonic() - began), DRAW_SECONDS))

    def _fail(self, problems: Iterable[Problem]) -> None:
        document = self.desk.document
        found = replace(self.found.at(document), looked=document, unread=False)
        self._show(found.with_problems(tuple(problems)))
        self._settle()

    def _settle(self) -> None:
        with self._work:
            self._settled = True
            self._work.notify_all()

    def _landed(self, turn: PlannedTurn, take: Clip) -> None:
        with self._work:
            found = self.found
            if found.plan is None:
                return
            self._missing.discard(turn.key)
            for same in found.plan.turns:
                if same.key == turn.key:
                    self._clips.add(found.plan, same, take)
        self._wake.set()

    # Telling.

    def _show(self, found: Found) -> None:
        with self._work:
            self.found = found.at(self.desk.document)
            self._publish()
            self._work.notify_all()

    def _publish(self) -> None:
        with self._lock:
            self.bulletin.publish(
                self.found, self.speaker.sounding, by_itself=self.speaker.by_itself
            )

    # Watching.

    def _keep_watching(self) -> None:
        watch(self._files, self._changed, self._closing)

    def _files(self) -> set[Path]:
        files = {self.options.script, lock_path(self.options.script)}
        plan = self.found.plan
        return files if plan is None else files | {*plan.show.files, *plan.casting.files}

    def _changed(self) -> None:
        self.desk.look()
        self.touch()
