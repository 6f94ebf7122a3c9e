"""For Audacity: a list of files (.lof) that opens one track a speaker, and labels for turns and
chapters.

Its own project (.aup3) is a database in a binary form that is not documented; of what is, a list of
files knows no gain and no clips on one track. So gain, pan and automation are in the tracks, and a
label track says where each turn is.
"""

from __future__ import annotations

from collections.abc import Sequence

from podgen.publish.episode import Episode


def file_list(names: Sequence[str]) -> str:
    """Audacity's list of files: one window, each file from 0 (manual: Importing audio, LOF)."""
    return "\n".join(["window", *(f'file "{name}" offset 0' for name in names)]) + "\n"


def labels(episode: Episode) -> str:
    """A label track: start, end and text between tabs; chapters are points before the turns."""
    rows = [(mark.start, mark.start, f"# {mark.title}") for mark in episode.chapters]
    rows += [(turn.start, turn.end, f"{turn.speaker}: {turn.text}") for turn in episode.turns]
    return "".join(
        f"{episode.seconds(start):.6f}\t{episode.seconds(end):.6f}\t{' '.join(text.split())}\n"
        for start, end, text in sorted(rows, key=lambda row: row[0])
    )
