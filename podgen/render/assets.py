"""Whether a show's music, effects and recordings are audio, known before anything is rendered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from podgen.errors import MachineError, Place, Problem, ScriptError
from podgen.render.parallel import in_threads
from podgen.show.model import Music, Show, Sound


def asset_problems(show: Show) -> list[Problem]:
    """What ffmpeg cannot read, at every item that names it. Each file is opened once.

    Nothing where there is no ffmpeg: that is the machine's fault, which rendering says.
    """
    named = [(item.file, item.place) for item in show.items if isinstance(item, Music | Sound)]
    named += [(turn.recording.file, turn.place) for turn in show.turns if turn.recording]
    if isinstance(show.room_tone, Path):
        named.append((show.room_tone, show.room_tone_place or Place(str(show.path))))
    files = list(dict.fromkeys(file for file, _ in named))
    if not files:
        return []
    from podgen.audio import ffmpeg  # costs more than the rest of a check

    try:
        ffmpeg.find()
    except MachineError:
        return []
    found = dict(zip(files, in_threads(_problems, files), strict=True))
    return [replace(problem, place=place) for file, place in named for problem in found[file]]


def _problems(file: Path) -> tuple[Problem, ...]:
    from podgen.audio.asset import probe

    try:
        probe(file)
    except ScriptError as error:
        return error.problems
    return ()
