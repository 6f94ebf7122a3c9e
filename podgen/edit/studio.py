"""A show being edited: what the page's requests ask of, and what goes on behind them.

One thread looks through the script, one speaks, one watches the files for what others change.
"""

from __future__ import annotations

import threading
from pathlib import Path

from podgen.edit.bulletin import Bulletin
from podgen.edit.desk import Desk
from podgen.edit.looking import Looking
from podgen.edit.options import Options
from podgen.edit.outline import Found
from podgen.edit.shapes import Shapes
from podgen.edit.speaking import Speaker
from podgen.edit.telling import Telling
from podgen.edit.watching import watch
from podgen.errors import ScriptError
from podgen.render.plan import Plan
from podgen.render.store import Store
from podgen.render.takes import lock_path
from podgen.render.turns import PlannedTurn


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
        self._closing = threading.Event()
        self._work = threading.Condition(threading.RLock())
        self.looking = Looking(
            options,
            self.desk,
            self.store,
            self._work,
            found=lambda: self.found,
            show=self._show,
            planned=self._planned,
        )
        self.speaker = Speaker(
            self.store,
            self._work,
            found=lambda: self.found,
            missing=self.looking.missing,
            landed=self.looking.landed,
            tell=self._publish,
        )
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        """Show the script as it is written; look through it, and speak, in the background.

        Raises:
            EngineError: no engine can speak here, or not the one that was asked for.
        """
        self.looking.refuse()
        self.touch()
        for work in (self.looking.run, self.speaker.run, self._keep_watching):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """End the background's work; a turn that is being spoken ends first."""
        self._closing.set()
        self.speaker.close()
        self.looking.close()
        self.tell.close()
        for thread in self._threads:
            thread.join(20)
        self.looking.close_engines()

    def touch(self) -> None:
        """The script has changed: show it now, look through it soon."""
        self._show(self.found)
        self.looking.again()

    def turn(self, number: int) -> tuple[Found, PlannedTurn]:
        """The turn of an entry, with what it was found in.

        Raises:
            ScriptError: there is no such turn, or it cannot be spoken as it stands.
        """
        found = self.found
        if found.plan is None and found.unread:
            raise ScriptError("the script is being read", "wait a moment")
        if found.plan is not None and number in found.ids:
            for turn in found.plan.turns:
                if turn.id == found.ids[number]:
                    return found, turn
        raise ScriptError("this turn cannot be spoken as it stands", "see what is said at it")

    def _show(self, found: Found) -> None:
        with self._work:
            self.found = found.at(self.desk.document)
            self._publish()
            self._work.notify_all()

    def _publish(self) -> None:
        with self._work:
            speaker = self.speaker
            self.bulletin.publish(self.found, speaker.sounding, by_itself=speaker.by_itself)

    def _planned(self, before: Plan, plan: Plan) -> None:
        self.speaker.note(before, plan)

    def _keep_watching(self) -> None:
        watch(self._files, self._changed, self._closing)

    def _files(self) -> set[Path]:
        files = {self.options.script, lock_path(self.options.script)}
        plan = self.found.plan
        return files if plan is None else files | {*plan.show.files, *plan.casting.files}

    def _changed(self) -> None:
        self.desk.look()
        self.touch()
