from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg

from podgen.publish.chapters import chapters_json, close_chapters, ffmetadata
from podgen.publish.episode import ChapterMark, Episode


def test_each_chapter_ends_where_the_next_starts() -> None:
    marks = [ChapterMark("b", 500, 0), ChapterMark("a", 0, 0), ChapterMark("late", 900, 0)]
    assert [(m.title, m.start, m.end) for m in close_chapters(marks, 900)] == [
        ("a", 0, 500),
        ("b", 500, 900),
    ]
    assert close_chapters([], 900) == ()


def test_json_chapters_follow_the_namespace(episode: Episode) -> None:
    document = json.loads(chapters_json(episode))
    assert document["version"] == "1.2.0"
    assert document["podcastName"] == "The Show"
    assert document["chapters"] == [
        {
            "startTime": 0.0,
            "endTime": 1.814,
            "title": "Opening; a=b #1",
            "url": "https://example.org/a?b=c&d",
        },
        {"startTime": 1.814, "endTime": 4.0, "title": "Élan"},
    ]


def test_a_chapters_picture_is_named_as_it_lies_beside_the_json(episode: Episode) -> None:
    mark = replace(episode.chapters[0], image=Path("art/one.png"))
    document = json.loads(chapters_json(replace(episode, chapters=(mark,))))
    assert document["chapters"][0]["img"] == "one.png"


def test_ffmpeg_reads_the_metadata_as_it_was_meant(episode: Episode, tmp_path: Path) -> None:
    source = tmp_path / "chapters.txt"
    source.write_text(ffmetadata(episode), encoding="utf-8")
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    back = subprocess.run(
        [ffmpeg, "-v", "error", "-i", source, "-f", "ffmetadata", "-"],
        capture_output=True,
        check=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    ).stdout
    chapters = ffmetadata(episode).split("\n", 1)[1]
    assert chapters in back
