"""Chapters: where each ends, the podcast namespace's JSON, and ffmpeg's metadata text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from podgen.publish.episode import ChapterMark, Episode


def close_chapters(marks: Iterable[ChapterMark], length: int) -> tuple[ChapterMark, ...]:
    """Sort chapters and end each where the next one starts, the last at `length` (samples).

    Of two chapters at the same sample the later one stands; one at or past the end is dropped.
    """
    by_start = {mark.start: mark for mark in marks if mark.start < length}
    starts = sorted(by_start)
    ends = [*starts[1:], length]
    return tuple(
        replace(by_start[start], end=end)
        for start, end in zip(starts, ends[: len(starts)], strict=True)
    )


def picture_names(pictures: Iterable[Path | None]) -> dict[Path, str]:
    """The name under which each picture is published: its file's, numbered where two share it."""
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for picture in dict.fromkeys(pictures):
        if picture is None:
            continue
        name, count = picture.name, 2
        while name.casefold() in taken:
            name, count = f"{picture.stem}-{count}{picture.suffix}", count + 1
        taken.add(name.casefold())
        names[picture] = name
    return names


def chapters_json(episode: Episode) -> str:
    """JSON chapters 1.2.0 (podcast namespace, chapters/jsonChapters.md); times in seconds.

    A picture is published beside the chapters, under the name that `picture_names` gives it.
    """
    pictures = picture_names(mark.image for mark in episode.chapters)
    chapters: list[dict[str, object]] = []
    for mark in episode.chapters:
        chapter: dict[str, object] = {
            "startTime": round(episode.seconds(mark.start), 3),
            "endTime": round(episode.seconds(mark.end), 3),
            "title": mark.title,
        }
        if mark.image:
            chapter["img"] = pictures[mark.image]
        if mark.url:
            chapter["url"] = mark.url
        chapters.append(chapter)
    document: dict[str, object] = {"version": "1.2.0"}
    named = {
        "title": episode.title,
        "podcastName": episode.show,
        "author": episode.author,
        "description": episode.description,
    }
    document.update({key: value for key, value in named.items() if value})
    document["chapters"] = chapters
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def ffmetadata(episode: Episode) -> str:
    """Chapters as an `ffmetadata` input for ffmpeg (`-i chapters.txt -map_chapters 1`).

    A chapter track of m4a has no gaps, and a first chapter that starts late would be stretched to
    the beginning: time before it goes under the episode's title. A plain `-map_metadata -1` beside
    it would take the titles away.
    """
    lines = [";FFMETADATA1"]
    marks = list(episode.chapters)
    if marks and marks[0].start > 0:
        marks.insert(0, ChapterMark(episode.title, 0, marks[0].start))
    for mark in marks:
        lines += [
            "[CHAPTER]",
            f"TIMEBASE=1/{episode.sample_rate}",
            f"START={mark.start}",
            f"END={mark.end}",
            f"title={_escape(mark.title)}",
        ]
    return "\n".join(lines) + "\n"


def _escape(value: str) -> str:
    """ffmetadata wants a backslash before `=`, `;`, `#`, `\\` and a newline."""
    return "".join("\\" + letter if letter in "=;#\\\n" else letter for letter in value)
