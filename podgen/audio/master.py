"""Mastering: the mix brought to its loudness by one static gain, its true peaks limited, encoded.

The mix is measured, then mixed again into limiter and encoders: that costs less than writing an
hour of samples to disk and reading it back, and needs no room. What is judged is the decoded
deliverable; if it misses, gain or ceiling are corrected by as much and it is encoded again.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from podgen.audio import mix
from podgen.audio.ahead import Ahead
from podgen.audio.balance import too_loud
from podgen.audio.encode import LOSSY, encode
from podgen.audio.frames import Frames
from podgen.audio.level import WORKING_LUFS
from podgen.audio.limiter import limited
from podgen.audio.mix import Scene
from podgen.audio.presets import Preset
from podgen.audio.r128 import Meter
from podgen.audio.samples import Floats
from podgen.audio.survey import Survey
from podgen.audio.truepeak import BLOCK
from podgen.audio.verify import Failure, Verdict, measured, verify

Stage = Literal["measuring", "encoding", "verifying"]
Progress = Callable[[Stage, float], None]

CORRECT_LU = 0.1
"""A deliverable further off than this is encoded again..."""
ROUNDS = 6
"""...so that there are this many rounds at most. Of a knock, LAME lifts the peak by up to a decibel
more or less as the ceiling moves by a tenth, so that one correction need not be enough."""
LOSSY_MARGIN_DB = 0.8
"""Below the ceiling for lossy codecs, which lift peaks."""
_EXTRA_DB = 0.1  # taken off the ceiling beyond what it was overshot by


@dataclass(frozen=True, slots=True)
class Deliverable:
    """An encoded file of `size` bytes and whether it is what was asked."""

    path: Path
    size: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Mastered:
    """How the master came about: `gain` in dB on the mix, the limiter's `ceiling` in dBTP.

    `mix_loudness` is the mix's own, in LUFS or, for a preset that measures it, dB RMS.
    `reductions` is the limiter's deepest gain reduction in each second, dB, 0 or above.
    """

    mix_loudness: float | None
    gain: float
    ceiling: float
    rounds: int
    reductions: tuple[float, ...]
    deliverables: tuple[Deliverable, ...]


def master(
    scene: Scene,
    preset: Preset,
    outputs: Mapping[str, Path],
    *,
    chapters: Path | None = None,
    finish: Callable[[Path, str], object] | None = None,
    progress: Progress | None = None,
    serial: int = 0,
) -> Mastered:
    """Mix, master, encode and verify; `outputs` is the path of each deliverable by its format.

    `chapters` and `serial` are as `encode` takes them. `finish(path, format)` is called on each
    encoded file before it is judged, to write its tags. Whatever interrupts it leaves unfinished
    files; the caller sees to it that nobody takes them for finished ones. `progress` gets a stage
    and how much of it is done (0 to 1), from any thread.

    Raises:
        FfmpegError, MachineError: ffmpeg failed, the disk is full, a clip cannot be read.
    """
    total = scene.timeline.total
    report = progress or (lambda stage, fraction: None)
    survey, failures = _survey(scene, report)
    ceiling = ceiling_for(preset, lossy=bool(LOSSY & outputs.keys()))
    aim = preset.loudness
    for rounds in range(1, ROUNDS + 1):
        gain = survey.gain(aim, preset, ceiling)
        reductions = _Seconds(preset.sample_rate)
        blocks = limited(
            mix.stream(scene),
            preset.sample_rate,
            preset.channels,
            gain=gain,
            ceiling=ceiling,
            tell=reductions.add,
        )
        for path in outputs.values():
            path.unlink(missing_ok=True)
        with _ahead(outputs, preset, total) as ahead:
            encode(_counted(blocks, total, report, "encoding"), preset, outputs, chapters, serial)
        verdicts = {}
        for form, path in outputs.items():
            if finish is not None:
                finish(path, form)
            verdict = verify(
                path,
                form,
                preset,
                total,
                mix.expectations(scene),
                lambda part: report("verifying", part),
                heard=ahead.heard() if ahead and form == "mp3" else None,
            )
            report("verifying", 1.0)
            verdicts[form] = replace(verdict, failures=(*verdict.failures, *failures))
        louder, lower = _corrections(list(verdicts.values()), preset)
        if rounds == ROUNDS or not (louder or lower):
            break
        aim, ceiling = aim + louder, ceiling - lower
    deliverables = [
        Deliverable(path, path.stat().st_size, verdicts[form]) for form, path in outputs.items()
    ]
    return Mastered(
        mix_loudness=survey.level(preset),
        gain=gain,
        ceiling=ceiling,
        rounds=rounds,
        reductions=reductions.decibels(),
        deliverables=tuple(deliverables),
    )


def _ahead(
    outputs: Mapping[str, Path], preset: Preset, total: int
) -> AbstractContextManager[Ahead | None]:
    """What hears the MP3 while it is being written, if there is one."""
    return Ahead(outputs["mp3"], preset, total) if "mp3" in outputs else nullcontext()


class _Seconds:
    """The deepest of the limiter's reductions in each second."""

    def __init__(self, rate: int) -> None:
        self._blocks = rate / BLOCK
        self._count = 0
        self._deepest = array("f")

    def add(self, reductions: npt.NDArray[np.float64]) -> None:
        """Take what the limiter tells."""
        numbers = ((self._count + np.arange(len(reductions))) / self._blocks).astype(np.int64)
        self._count += len(reductions)
        self._deepest.extend([0.0] * (int(numbers[-1]) + 1 - len(self._deepest)))
        first = int(numbers[0])
        starts = np.flatnonzero(np.diff(numbers, prepend=first - 1))
        for start, deepest in zip(starts, np.maximum.reduceat(reductions, starts), strict=True):
            second = int(numbers[start])
            self._deepest[second] = max(self._deepest[second], float(deepest))

    def decibels(self) -> tuple[float, ...]:
        """One value a second."""
        return tuple(abs(round(20 * math.log10(max(1e-6, 1 - each)), 2)) for each in self._deepest)


def ceiling_for(preset: Preset, *, lossy: bool) -> float:
    """The limiter's ceiling in dBTP, lower where a codec will lift the peaks."""
    return preset.true_peak - (LOSSY_MARGIN_DB if lossy else 0.0)


def preview(
    scene: Scene, preset: Preset, path: Path, start: int, end: int, gain: float | None = None
) -> None:
    """Write samples `start` to `end` of the episode, mastered without measuring it first.

    `gain` in dB is that of an earlier master; without it, what takes the working level to the
    target. The format follows the suffix of `path`.
    """
    encode(heard(scene, preset, start, end, gain), preset, {path.suffix.removeprefix("."): path})


def heard(
    scene: Scene, preset: Preset, start: int, end: int, gain: float | None = None
) -> Generator[Floats, None, None]:
    """Samples `start` to `end` of the episode as `preview` writes them, in blocks."""
    if gain is None:
        gain = preset.loudness - WORKING_LUFS
    start, end = max(0, start), min(end, scene.timeline.total)
    return limited(
        mix.stream(scene, start, end),
        preset.sample_rate,
        preset.channels,
        gain=gain,
        ceiling=preset.true_peak - LOSSY_MARGIN_DB,
    )


def _survey(scene: Scene, report: Progress) -> tuple[Survey, tuple[Failure, ...]]:
    """What the first pass found, and what of the mix is not as asked."""
    timeline = scene.timeline
    meter, frames = Meter(), Frames(timeline.rate, scene.channels)
    held = any(score.under is not None for score in scene.music.values())
    under = Meter() if held else None

    def mixed() -> Generator[Floats, None, None]:
        blocks = _counted(mix.stream(scene, under=under), timeline.total, report, "measuring")
        with closing(blocks):
            for block in blocks:
                frames.push(block)
                yield block

    meter.hear(mixed(), timeline.rate, scene.channels)
    return Survey(meter, frames), () if under is None else tuple(too_loud(scene, under))


def _corrections(verdicts: list[Verdict], preset: Preset) -> tuple[float, float]:
    """What to add to the gain and to take off the ceiling, dB; zeros if every verdict will do.

    One master serves all formats: the gain follows their mean, the ceiling the worst overshoot.
    """
    levels = [value for v in verdicts if (value := measured(v, preset)) is not None]
    off = preset.loudness - float(np.mean(levels)) if levels else 0.0
    peaks = [v.true_peak for v in verdicts if v.true_peak is not None]
    over = max(peaks, default=preset.true_peak) - preset.true_peak
    worst = max((abs(value - preset.loudness) for value in levels), default=0.0)
    louder = off if worst > min(CORRECT_LU, preset.tolerance) else 0.0
    return louder, over + _EXTRA_DB if over > 0 else 0.0


def _counted(
    blocks: Generator[Floats, None, None], total: int, report: Progress, stage: Stage
) -> Generator[Floats, None, None]:
    done = 0
    with closing(blocks):
        for block in blocks:
            yield block
            done += len(block)
            report(stage, min(1.0, done / max(1, total)))
