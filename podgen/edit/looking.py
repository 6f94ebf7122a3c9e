"""Looking through the script after each change, and laying out what of it is spoken."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from podgen.audio.samples import Floats
from podgen.edit import outline
from podgen.edit.clips import Clips, pieces_of, room_of
from podgen.edit.desk import Desk
from podgen.edit.options import Options
from podgen.edit.outline import Found
from podgen.errors import PodgenError, Problem, ScriptError
from podgen.render.assemble import Piece
from podgen.render.draft import make_draft
from podgen.render.plan import Plan, examine, refuse_uncastable
from podgen.render.rig import Engines
from podgen.render.store import Clip, Store
from podgen.render.turns import Memory, PlannedTurn
from podgen.show.read import in_order

DRAW_SECONDS = 0.5
"""While a long show's clips are looked up, what is known of them is shown this often."""
_REST = 4
"""Between two layings-out lies so many times what one takes."""
LOOK_AGAIN_SECONDS = 2.0
"""The store is looked through for what others have spoken this often; of a long show less often, so
that it takes one part of the time in `_SHARE`."""
_SHARE = 20


class Looking:
    """Finds out what a script comes to, whenever it is another.

    What is found is handed to `show` and is `found` from then on, both under `work`; `planned` is
    told of a plan that takes another one's place.
    """

    def __init__(
        self,
        options: Options,
        desk: Desk,
        store: Store,
        work: threading.Condition,
        found: Callable[[], Found],
        show: Callable[[Found], None],
        planned: Callable[[Plan, Plan], None],
    ) -> None:
        self._options, self._desk, self._store = options, desk, store
        self._work, self._found, self._show, self._planned = work, found, show, planned
        self._clips = Clips(store)
        self._memory: Memory = {}
        self._engines = Engines()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._stale, self._settled = True, False
        self._patience = LOOK_AGAIN_SECONDS
        self.missing: set[str] = set()
        """The keys of turns that the store is known not to have."""

    def refuse(self) -> None:
        """Refuse to begin where nobody could speak.

        Raises:
            EngineError: no engine can speak here, or not the one that was asked for.
        """
        options = self._options
        with suppress(ScriptError):  # the page says what is wrong with the script
            refuse_uncastable(
                options.script,
                engine=options.engine,
                settings=options.settings,
                shared=self._engines,
            )

    def again(self) -> None:
        """The script, or a file of it, has changed."""
        self._stale = True
        self._wake.set()

    def wait(self) -> None:
        """Until the script has been looked through as it is now, and its clips looked up."""
        with self._work:
            self._work.wait_for(lambda: self._settled and not self._stale)

    def landed(self, turn: PlannedTurn, take: Clip) -> None:
        """A take has been spoken."""
        with self._work:
            plan = self._found().plan
            if plan is None:
                return
            self.missing.discard(turn.key)
            for same in plan.turns:
                if same.key == turn.key:
                    self._clips.add(plan, same, take)
        self._wake.set()

    def run(self) -> None:
        """Look whenever there is something new, until it is closed."""
        while True:
            news = self._wake.wait(self._patience)
            self._wake.clear()
            if self._closing.is_set():
                return
            try:
                if self._stale:
                    self._stale = self._settled = False
                    self._examine()
                elif news:
                    self._draw_landed()
                else:
                    self._look_again()
            except PodgenError as error:
                self._fail(error.problems)
            except Exception as error:  # the next change is looked through all the same
                traceback.print_exc(file=sys.stderr)
                self._fail([Problem(f"podgen failed: {error!r}", "see its terminal")])
            with self._work:
                self._settled = True
                self._work.notify_all()

    def close(self) -> None:
        """Begin to end."""
        self._closing.set()
        self._wake.set()

    def close_engines(self) -> None:
        """Let the engines go, when nobody uses them any more."""
        self._engines.close()

    def _examine(self) -> None:
        document, options = self._desk.document, self._options
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
        before = self._found().plan
        if before is not None:
            self._planned(before, plan)
        plan, pieces, unread = pieces_of(plan, self._store)
        problems += [problem for error in unread for problem in error.problems]
        room = room_of(plan, self._store)
        found = Found(document, document, plan, None, ids, unread=self._found().unread)
        due = 0.0
        for _ in self._clips.look(plan, self.missing):
            began = time.monotonic()
            if began >= due:
                self._draw(found, pieces, room, problems)
                now = time.monotonic()
                due = now + max(DRAW_SECONDS, _REST * (now - began))
            if self._stale or self._closing.is_set():
                return
        self._draw(replace(found, unread=False), pieces, room, problems)

    def _draw(
        self,
        found: Found,
        pieces: Sequence[Piece],
        room: Floats | None,
        problems: Sequence[Problem] | None = None,
    ) -> None:
        """Lay out what is there and show it; without `problems`, they are as they were."""
        assert found.plan is not None
        with self._work:
            told = list(problems or ())
            draft = self._found().draft
            try:
                draft = make_draft(found.plan, self._clips.of(found.plan), pieces, room)
            except ScriptError as error:
                told += error.problems
            found = replace(found, draft=draft)
            self._show(found if problems is None else found.with_problems(in_order(told)))

    def _look_again(self) -> None:
        """Look whether another render has spoken what was missing."""
        began = time.monotonic()
        plan = self._found().plan
        still: set[str] = set()
        for _ in self._clips.look(plan, still) if plan and self.missing else ():
            if self._stale or self._closing.is_set():
                return
        if not self.missing <= still:
            self.missing &= still
            self._draw_landed()
        self._patience = max(LOOK_AGAIN_SECONDS, _SHARE * (time.monotonic() - began))

    def _draw_landed(self) -> None:
        """Lay out what has been spoken since; however much landed meanwhile, once."""
        began = time.monotonic()
        with self._work:
            found = self._found()
            if found.draft is not None:
                self._draw(found, found.draft.pieces, found.draft.room)
        # Of a long show, this takes longer than speaking a turn, which it must not hold up.
        self._closing.wait(min(_REST * (time.monotonic() - began), DRAW_SECONDS))

    def _fail(self, problems: Iterable[Problem]) -> None:
        document = self._desk.document
        found = replace(self._found().at(document), looked=document, unread=False)
        self._show(found.with_problems(tuple(problems)))
