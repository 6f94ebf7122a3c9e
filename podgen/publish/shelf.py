"""Finished episodes in a folder, as their reports tell of them: feed and site are made of these."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podgen.errors import Place, Problem, ResultError, ScriptError
from podgen.publish.episode import ChapterMark, Episode, SpokenTurn

MIME = {
    "mp3": "audio/mpeg",
    "m4a": "audio/x-m4a",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
}
"""What a feed calls each format, in the order in which players like them."""
TRANSCRIPTS = {
    "transcript.vtt": "text/vtt",
    "transcript.srt": "application/x-subrip",
    "transcript.json": "application/json",
}
_REPORT = "report.json"
_RECORDED = "recording"


@dataclass(frozen=True, slots=True)
class Sound:
    """A deliverable beside its companions' folder: its file's name, bytes and format."""

    name: str
    size: int
    form: str


@dataclass(frozen=True, slots=True)
class Shelved:
    """An episode on the shelf. `name` is its companions' folder; the feed has the first sound."""

    name: str
    episode: Episode
    sounds: tuple[Sound, ...]
    transcripts: tuple[str, ...]


def read_shelf(folder: Path) -> list[Shelved]:
    """Every episode in a folder, by name.

    Raises:
        ScriptError: there is none, or a report cannot be read, or a deliverable is not as its
            report says.
        ResultError: a report says that its episode is not what was asked.
    """
    reports = sorted(
        path for path in folder.glob(f"*/{_REPORT}") if not path.parent.name.endswith(".rejected")
    )
    if not reports:
        raise ScriptError(f"no episode in {folder}", "render into it: 'podgen render SHOW.yaml'")
    return [_shelved(folder, report) for report in reports]


def _shelved(folder: Path, report: Path) -> Shelved:
    place = Place(str(report))
    try:
        told = json.loads(report.read_text(encoding="utf-8"))
        passed, sounds = told["passed"], list(_sounds(folder, report, told))
        episode = _episode(told)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError):
        what = "not a report of 'podgen render'"
        raise ScriptError(Problem(what, "render the episode again", place)) from None
    if not passed:
        raise ResultError(Problem("this episode is not what was asked", "render it again", place))
    there = tuple(name for name in TRANSCRIPTS if (report.parent / name).is_file())
    return Shelved(report.parent.name, episode, tuple(sounds), there)


def _sounds(folder: Path, report: Path, told: dict[str, Any]) -> Iterator[Sound]:
    order = list(MIME)
    for made in sorted(told["deliverables"], key=lambda one: order.index(one["format"])):
        path = report.parent / str(made["path"])
        if path.resolve().parent != folder.resolve():
            raise ScriptError(
                Problem(f"{made['path']} leaves the folder", place=Place(str(report)))
            )
        size = path.stat().st_size if path.is_file() else None
        if size != made["size"]:
            what = f"{path.name} is not what was rendered" if size else f"no file {path.name}"
            raise ScriptError(Problem(what, "render the episode again", Place(str(report))))
        yield Sound(path.name, made["size"], made["format"])


def _episode(told: dict[str, Any]) -> Episode:
    of = told["episode"]
    return Episode(
        title=str(of["title"]),
        show=str(of["show"]),
        number=None if of["number"] is None else int(of["number"]),
        description=str(of["description"]),
        author=str(of["author"]),
        language=str(of["language"]),
        cover=None,
        duration=float(of["duration"]),
        sample_rate=int(of["sample_rate"]),
        turns=tuple(
            SpokenTurn(
                turn["id"], turn["speaker"], turn["text"], int(turn["start"]), int(turn["end"]),
                recorded=turn["engine"] == _RECORDED,
            )
            for turn in told["turns"]
        ),
        chapters=tuple(
            ChapterMark(
                mark["title"], int(mark["start"]), int(mark["end"]), mark["url"],
                Path(mark["image"]) if mark["image"] else None,
            )
            for mark in of["chapters"]
        ),
        synthetic=bool(of["synthetic"]),
        date=str(of["date"]),
    )  # fmt: skip
