"""What a render of one show or of several prints: who watches, and the table at the end."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from podgen.cli import console
from podgen.cli.streams import let_go
from podgen.errors import PodgenError, together
from podgen.render.events import (
    Event,
    Failed,
    Finished,
    Planned,
    Season,
    Speaking,
    Spoke,
    Step,
    Watch,
    as_json,
)

if TYPE_CHECKING:
    from rich.progress import TaskID

    from podgen.render.pipeline import Outcome

EVERY_SECONDS = 10.0
"""So often a log is told how far a season is."""


@contextlib.contextmanager
def watching(*, json: bool) -> Iterator[Watch]:
    """A watcher for a render: it may be called from any thread until the block is left."""
    let_go()
    lock = threading.Lock()
    with contextlib.ExitStack() as stack:
        terminal = sys.stderr.isatty()
        shown: Watch
        if json:
            shown = _json
        else:
            shown = stack.enter_context(console.bars()) if terminal else console.Lines().show

        def watch(event: Event) -> None:
            nonlocal shown
            with lock:
                if isinstance(event, Season) and not json:
                    stack.close()
                    shown = stack.enter_context(_bars()) if terminal else _Lines().show
                shown(event)

        yield watch


def _json(event: Event) -> None:
    console.print_json(as_json(event))


def show_season(outcomes: Sequence[Outcome], *, json: bool) -> None:
    """What became of several shows, and how the worst of them ended.

    Raises:
        PodgenError: at least one show failed.
    """
    if len(outcomes) > 1 and not json:
        rows = [(_name(str(outcome.script)), *_row(outcome)) for outcome in outcomes]
        console.table(("show", "turns", "spoken", "length", "episode"), rows)
    errors = [outcome.error for outcome in outcomes if outcome.error]
    if errors:
        raise together(errors)


def _row(outcome: Outcome) -> tuple[object, ...]:
    report = outcome.report
    if report is None:
        code = outcome.error.exit_code if outcome.error else PodgenError.exit_code
        return "", "", "", f"failed, exit code {code}"
    spoken = sum(not turn.cached for turn in report.turns)
    return len(report.turns), spoken, console.clock(report.episode.duration), outcome.output


class _Total:
    """How far all shows together are, in seconds of speech as they were estimated."""

    def __init__(self) -> None:
        self.turns = self.spoken = 0
        self.seconds = self.done = 0.0
        self._begun: float | None = None

    def add(self, event: Event) -> None:
        if isinstance(event, Planned):
            self.turns += event.missing
            self.seconds += event.seconds
        elif isinstance(event, Speaking):
            self.done = max(self.done, event.seconds)
        elif isinstance(event, Spoke):
            self.spoken += 1
            self.done = max(self.done, self.seconds * self.spoken / self.turns)
        if self._begun is None and not isinstance(event, Planned):
            self._begun = time.monotonic()

    def remaining(self) -> float | None:
        """Seconds until all is spoken, roughly."""
        if self._begun is None or not self.done:
            return None
        took = time.monotonic() - self._begun
        return max(0.0, self.seconds - self.done) * took / self.done


class _Lines:
    """Lines in a log: a few for each show, and now and then how far all of them are."""

    def __init__(self) -> None:
        self._total = _Total()
        self._told = time.monotonic()

    def show(self, event: Event) -> None:
        total = self._total
        total.add(event)
        if isinstance(event, Step | Spoke | Speaking):
            now, all_spoken = time.monotonic(), total.spoken == total.turns
            due = now - self._told > EVERY_SECONDS and not all_spoken
            if due or (all_spoken and isinstance(event, Spoke)):
                self._told = now
                print(_progress(total), file=sys.stderr, flush=True)
        elif line := console.describe(event):
            print(_prefix(event) + line, file=console.stream(event), flush=True)


def _progress(total: _Total) -> str:
    remaining = total.remaining()
    left = f", about {console.clock(remaining)} left" if remaining else ""
    return f"{total.spoken} of {console.turns_text(total.turns)} spoken{left}"


@contextlib.contextmanager
def _bars() -> Iterator[Watch]:
    """A line for each show that is under way, and one for all with the time that remains."""
    progress = console.progress()
    rows: dict[str, TaskID] = {}
    total = _Total()
    with progress:
        all_shows = progress.add_task("season", total=1.0)

        def watch(event: Event) -> None:
            total.add(event)
            name = _name(event.show)
            match event:
                case Planned():
                    rows[event.show] = progress.add_task(f"{name} waits", total=1.0)
                case Spoke(done=done, missing=missing):
                    row, said = rows[event.show], f"{name} {done} of {missing} spoken"
                    progress.update(row, completed=done / missing, description=said)
                case Step(step, done):
                    said = f"{name} {step}"
                    progress.update(rows[event.show], completed=done, description=said)
                case Finished() | Failed():
                    progress.update(rows[event.show], visible=False)
            if isinstance(event, Spoke | Speaking) and total.seconds:
                share = min(1.0, total.done / total.seconds)
                progress.update(all_shows, completed=share, description=_progress(total))
            if not isinstance(event, Spoke | Speaking | Step) and (line := console.describe(event)):
                progress.console.print(_prefix(event) + line, markup=False, soft_wrap=True)

        yield watch


def _prefix(event: Event) -> str:
    return f"{_name(event.show)}: " if event.show else ""


def _name(script: str) -> str:
    return Path(script).stem
