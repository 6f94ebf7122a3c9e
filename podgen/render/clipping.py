"""A few turns of a show as a file of their own, to be heard or seen before the episode."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from podgen.audio.encode import FORMATS, encode
from podgen.audio.loudness import decibels
from podgen.audio.master import heard
from podgen.audio.recording import decode
from podgen.audio.samples import Floats
from podgen.errors import Problem, ResultError, ScriptError
from podgen.files import staging, whole_file
from podgen.publish.audiogram import ass, film
from podgen.publish.episode import Episode
from podgen.publish.tags import tag
from podgen.render.assemble import Assembly
from podgen.render.deliver import episode_of
from podgen.render.events import Watch
from podgen.render.pipeline import assembled
from podgen.render.plan import Plan, check
from podgen.render.store import Store

BEFORE_SECONDS, AFTER_SECONDS = 0.2, 0.4
"""Heard on either side of the turns, faded."""
FILM = "mp4"
_SILENT_DBFS = -60.0
_OFF_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What was written: seconds `start` to `end` of the episode."""

    path: Path
    start: float
    end: float


def clip(
    script: Path,
    turns: str,
    output: Path,
    watch: Watch,
    *,
    engine: str | None = None,
    store: Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> Excerpt:
    """Write the turns `FIRST..LAST` (or one turn) with whatever sounds there.

    Mastered as a preview is: at the preset's loudness, but for what measuring would correct. The
    suffix of `output` says the format; an mp4 shows the waveform over the cover, with captions.

    Raises:
        ScriptError: the script is wrong, has no such turns, or the format is unknown.
        EngineError: an engine cannot speak here, or a turn failed.
        MachineError: ffmpeg failed, or nothing can be written.
        ResultError: what was written is silent, or not as long as it is to be.
    """
    form = output.suffix.removeprefix(".").lower()
    if form not in (*FORMATS, FILM):
        known = ", .".join((*FORMATS, FILM))
        raise ScriptError(f"cannot tell the format of {output}", f"end its name in one of .{known}")
    plan = check(script, engine=engine, settings=settings)
    first, last = _ends(plan, turns)
    try:
        assembly = assembled(plan, Store(store), watch)
    finally:
        for one in plan.engines.values():
            one.close()
    start, end = _span(assembly, first, last)
    episode = _part(episode_of(plan, assembly), start, end)
    with whole_file(output) as path:
        if form == FILM:
            with staging(output.parent) as stage:
                sound, subtitles = stage / "sound.wav", stage / "said.ass"
                _sound(assembly, plan, sound, start, end)
                subtitles.write_text(ass(episode), encoding="utf-8")
                film(sound, plan.show.cover, subtitles, episode.duration, path)
        else:
            _sound(assembly, plan, path, start, end)
        tag(path, "m4a" if form == FILM else form, episode)
        _refuse_bad(path, output, episode.duration)
    rate = assembly.timeline.rate
    return Excerpt(output, start / rate, end / rate)


def _ends(plan: Plan, turns: str) -> tuple[int, int]:
    """The places of the first and the last turn among all."""
    first, dots, last = turns.partition("..")
    ids = [turn.id for turn in plan.turns]
    ends = [ids.index(plan.turn(name.strip()).id) for name in (first, last if dots else first)]
    if ends[1] < ends[0]:
        raise ScriptError(f"turn {last} comes before {first}", f"write {last}..{first}")
    return ends[0], ends[1]


def _span(assembly: Assembly, first: int, last: int) -> tuple[int, int]:
    """Samples of the episode from before the first of the turns to after the last."""
    timeline = assembly.timeline
    said = timeline.speech[first : last + 1]
    start = min(one.start for one in said) - round(BEFORE_SECONDS * timeline.rate)
    end = max(one.end for one in said) + round(AFTER_SECONDS * timeline.rate)
    return max(0, start), min(timeline.total, end)


def _sound(assembly: Assembly, plan: Plan, path: Path, start: int, end: int) -> None:
    rate = assembly.timeline.rate
    blocks = heard(assembly.scene, plan.preset, start, end)
    fades = round(BEFORE_SECONDS * rate), round(AFTER_SECONDS * rate)
    faded = _faded(blocks, end - start, *fades)
    encode(faded, plan.preset, {path.suffix.removeprefix(".").lower(): path})


def _faded(
    blocks: Generator[Floats, None, None], total: int, fade_in: int, fade_out: int
) -> Generator[Floats, None, None]:
    """Blocks with straight fades at both ends of `total` samples."""
    at = 0
    with closing(blocks):
        for block in blocks:
            places = np.arange(at, at + len(block))
            at += len(block)
            if places[0] < fade_in or places[-1] >= total - fade_out:
                rising = np.clip(places / fade_in, 0.0, 1.0)
                falling = np.clip((total - 1 - places) / fade_out, 0.0, 1.0)
                yield block * (rising * falling)[:, None].astype(np.float32)
            else:
                yield block


def _part(episode: Episode, start: int, end: int) -> Episode:
    """The episode as if it were `start` to `end` of it."""
    return replace(
        episode,
        duration=(end - start) / episode.sample_rate,
        turns=tuple(
            replace(turn, start=max(0, turn.start - start), end=min(end, turn.end) - start)
            for turn in episode.turns
            if turn.start < end and turn.end > start
        ),
        chapters=(),
    )


def _refuse_bad(path: Path, named: Path, seconds: float) -> None:
    """What was written is decoded: it is as long as it is to be, and not silent."""
    samples, rate = decode(path)
    length = len(samples) / rate
    level = decibels(float((samples.astype(float) ** 2).mean() ** 0.5)) if len(samples) else None
    what = None
    if abs(length - seconds) > _OFF_SECONDS:
        what = f"{named} lasts {length:.2f} s in place of {seconds:.2f} s"
    elif level is None or level < _SILENT_DBFS:
        what = f"{named} is silent"
    if what:
        raise ResultError(Problem(what, "run with --verbose to see what ffmpeg said"))
