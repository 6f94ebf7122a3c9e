"""What the commands print: progress on a terminal, plain lines elsewhere, JSON lines on request."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from podgen.errors import PodgenError
from podgen.render.events import (
    Delivered,
    Event,
    Failed,
    Finished,
    Heard,
    Hearing,
    Kept,
    Planned,
    Previewed,
    Season,
    Speaking,
    Spoke,
    Step,
    Warned,
    Watch,
)

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def print_json(value: dict[str, Any]) -> None:
    """One JSON value on a line of its own, at once."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def print_json_error(error: PodgenError) -> None:
    """An error as the last JSON line of a run."""
    problems = [
        {
            "file": problem.place.file if problem.place else None,
            "line": problem.place.line if problem.place else None,
            "column": problem.place.column if problem.place else None,
            "turn": problem.turn,
            "what": problem.what,
            "remedy": problem.remedy,
        }
        for problem in error.problems
    ]
    print_json({"event": "error", "exit_code": error.exit_code, "problems": problems})


def describe(event: Event) -> str | None:
    """A line for an event, or None where a line would be noise."""
    match event:
        case Planned(turns, missing, seconds, engine, why):
            todo = f"{missing} to render, about {clock(seconds)}" if missing else "all rendered"
            return f"{turns_text(turns)} on {engine}; {todo}. {why}"
        case Spoke(turn, speaker, take, seconds, done, missing):
            number = f" take {take}" if take > 1 else ""
            return f"[{done}/{missing}] {speaker} {turn}{number} {seconds:.1f} s"
        case Heard(turn, speaker, take, grade, heard) if grade == "bad":
            number = f" take {take}" if take > 1 else ""
            return f"bad take: {speaker} {turn}{number}, heard: {heard}"
        case Season(shows):
            return f"{shows} shows"
        case Failed(code, problems):
            more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
            return f"failed, exit code {code}: {problems[0]}{more}"
        case Kept(kept, turns):
            return f"{kept} of {turns_text(turns)} kept; the next render speaks the others"
        case Previewed(path, start, end):
            return f"preview {path} ({clock(start)} to {clock(end)})"
        case Warned(message):
            return f"warning: {message}"
        case Delivered(path, seconds, integrated, true_peak):
            loudness = "" if integrated is None else f", {integrated:.1f} LUFS"
            peak = "" if true_peak is None else f", {true_peak:.1f} dBTP"
            return f"{path}: {clock(seconds)}{loudness}{peak}"
        case Finished(report, turns, rendered):
            return f"done: {rendered} of {turns} turns rendered; report {report}"
    return None


class Lines:
    """Plain lines: one for each thing worth a line, one when a step begins."""

    def __init__(self) -> None:
        self._step = ""

    def show(self, event: Event) -> None:
        """Print what an event is worth."""
        if isinstance(event, Step):
            if event.step != self._step:
                self._step = event.step
                print(f"{event.step} ...", file=sys.stderr, flush=True)
        elif line := describe(event):
            print(line, file=stream(event), flush=True)


def progress() -> Progress:
    """Lines on a terminal with a bar, the share that is done and the time that remains."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(compact=True),
    )
    console = Console(stderr=True, highlight=False)
    return Progress(*columns, console=console, transient=True)


@contextlib.contextmanager
def bars() -> Iterator[Watch]:
    """A bar with the time that remains for speaking and for each later step."""
    rows: dict[str, TaskID] = {}
    spoken = 0.0
    with progress() as shown:

        def watch(event: Event) -> None:
            nonlocal spoken
            match event:
                case Planned(missing=missing, seconds=seconds) if missing:
                    rows["speaking"] = shown.add_task("speaking", total=max(seconds, 0.1))
                case Spoke(seconds=seconds, done=done, missing=missing):
                    spoken += seconds
                    _advance(shown, rows["speaking"], spoken, done == missing)
                case Speaking(seconds=seconds, rate=rate):
                    bar = rows["speaking"]
                    shown.update(bar, description=f"speaking, {rate:.0f} times real time")
                    _advance(shown, bar, max(seconds, spoken), False)
                case Hearing(done, takes):
                    if "hearing" not in rows:
                        rows["hearing"] = shown.add_task("hearing", total=float(takes))
                    _advance(shown, rows["hearing"], float(done), done == takes)
                case Step(step, done):
                    if step not in rows:
                        rows[step] = shown.add_task(step, total=1.0)
                    _advance(shown, rows[step], done, done >= 1)
            if not isinstance(event, Spoke | Speaking | Step) and (line := describe(event)):
                shown.console.print(line, markup=False, soft_wrap=True)

        yield watch


def _advance(progress: Progress, bar: TaskID, done: float, finished: bool) -> None:
    """Move a bar; an estimate that runs over must not show 100 % before the end."""
    total = progress.tasks[progress.task_ids.index(bar)].total or 1.0
    progress.update(bar, completed=total if finished else min(done, 0.99 * total))


def stream(event: Event) -> Any:
    """Standard output for what was made, standard error for the way there."""
    return sys.stdout if isinstance(event, Delivered | Finished | Previewed) else sys.stderr


def clock(seconds: float) -> str:
    """Seconds as m:ss, or h:mm:ss from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def turns_text(count: int) -> str:
    """So many turns, in words."""
    return "1 turn" if count == 1 else f"{count} turns"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Columns padded to their widest cell: readable on a terminal and by `awk`."""
    lines = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())
