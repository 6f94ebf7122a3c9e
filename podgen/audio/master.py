"""Mastering: the mix brought to its loudness by one static gain, its true peaks limited, encoded.

The mix is measured, then mixed again into limiter and encoders: that costs less than writing an
hour of samples to disk and reading it back, and needs no room. What is judged is the decoded
deliverable; if it misses, gain or ceiling are corrected by as much and it is encoded again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from podgen.audio import mix
from podgen.audio.encode import LOSSY, encode
from podgen.audio.ffmpeg import beside
from podgen.audio.frames import PER_SECOND, Frames
from podgen.audio.level import WORKING_LUFS
from podgen.audio.limiter import RELEASE_SECONDS, limited
from podgen.audio.loudness import amplitude, decibels
from podgen.audio.mix import Scene
from podgen.audio.presets import Preset
from podgen.audio.r128 import STEP_SECONDS, Meter, gated
from podgen.audio.truepeak import Floats
from podgen.audio.verify import Verdict, measured, verify

Stage = Literal["measuring", "encoding", "verifying"]
Progress = Callable[[Stage, float], None]

CORRECT_LU = 0.1
"""A deliverable further off than this is encoded again..."""
ROUNDS = 3
"""...so that there are this many rounds at most."""
LOSSY_MARGIN_DB = 0.8
"""Below the ceiling for lossy codecs, which lift peaks."""
_STEPS = 8
_CLOSE_DB = 0.01
_MOST_EXTRA_DB = 6.0  # the limiter cannot make it as loud as that: the verdict will say so
_EXTRA_DB = 0.1  # taken off the ceiling beyond what it was overshot by


@dataclass(frozen=True, slots=True)
class Deliverable:
    """A finished file. If it is not what was asked, `path` has `.rejected` before its suffix."""

    path: Path
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Mastered:
    """How the master came about: `gain` in dB on the mix, the limiter's `ceiling` in dBTP.

    `mix_loudness` is the mix's own, in LUFS or, for a preset that measures it, dB RMS.
    """

    mix_loudness: float | None
    gain: float
    ceiling: float
    rounds: int
    deliverables: tuple[Deliverable, ...]


def master(
    scene: Scene,
    preset: Preset,
    outputs: Mapping[str, Path],
    *,
    chapters: Path | None = None,
    finish: Callable[[Path, str], object] | None = None,
    progress: Progress | None = None,
) -> Mastered:
    """Mix, master, encode and verify; `outputs` is the path of each deliverable by its format.

    `chapters` is an ffmetadata file for m4a. `finish(path, format)` is called on each encoded file
    before it is judged and renamed, to write its tags. Files appear under their names whole or
    not at all. `progress` gets a stage and how much of it is done (0 to 1), from any thread.

    Raises:
        FfmpegError, MachineError: ffmpeg failed, the disk is full, a clip cannot be read.
    """
    total = scene.timeline.total
    report = progress or (lambda stage, fraction: None)
    survey = _survey(scene, report)
    ceiling = preset.true_peak - (LOSSY_MARGIN_DB if LOSSY & outputs.keys() else 0.0)
    aim = preset.loudness
    expected = mix.expectations(scene)
    temporary = {form: beside(path) for form, path in outputs.items()}
    try:
        for rounds in range(1, ROUNDS + 1):
            gain = survey.gain(aim, preset, ceiling)
            blocks = limited(
                mix.stream(scene),
                preset.sample_rate,
                preset.channels,
                gain=gain,
                ceiling=ceiling,
            )
            encode(_counted(blocks, total, report, "encoding"), preset, temporary, chapters)
            verdicts = {}
            for form, path in temporary.items():
                if finish is not None:
                    finish(path, form)
                verdicts[form] = verify(
                    path, form, preset, total, expected, lambda part: report("verifying", part)
                )
            louder, lower = _corrections(list(verdicts.values()), preset)
            if rounds == ROUNDS or not (louder or lower):
                break
            aim, ceiling = aim + louder, ceiling - lower
        deliverables = [
            _deliver(temporary[form], outputs[form], verdict) for form, verdict in verdicts.items()
        ]
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)
    return Mastered(survey.level(preset), gain, ceiling, rounds, tuple(deliverables))


def preview(
    scene: Scene, preset: Preset, path: Path, start: int, end: int, gain: float | None = None
) -> None:
    """Write samples `start` to `end` of the episode, mastered without measuring it first.

    `gain` in dB is that of an earlier master; without it, what takes the working level to the
    target. The format follows the suffix of `path`.
    """
    if gain is None:
        gain = preset.loudness - WORKING_LUFS
    start, end = max(0, start), min(end, scene.timeline.total)
    blocks = limited(
        mix.stream(scene, start, end),
        preset.sample_rate,
        preset.channels,
        gain=gain,
        ceiling=preset.true_peak - LOSSY_MARGIN_DB,
    )
    temporary = beside(path)
    try:
        encode(blocks, preset, {path.suffix.removeprefix("."): temporary})
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class _Survey:
    """What the first pass over the mix found, enough to foretell what the limiter will take."""

    def __init__(self, meter: Meter, frames: Frames) -> None:
        self._integrated = meter.integrated
        self._momentary = meter.momentary
        self._frames = frames

    def level(self, preset: Preset) -> float | None:
        """Of the mix as it is: LUFS, or dB RMS for a preset that measures that."""
        return decibels(self._frames.rms) if preset.measure == "rms" else self._integrated

    def gain(self, aim: float, preset: Preset, ceiling: float) -> float:
        """The static gain in dB after which, limited at `ceiling` dBTP, the mix is at `aim`.

        A mix too short or too silent to measure is at the working level, as its clips are.
        """
        level = self.level(preset)
        if level is None:
            return aim - WORKING_LUFS
        unlimited = aim - level
        last, missed_last = unlimited, -self._loss(unlimited, preset, ceiling)
        gain = unlimited - missed_last
        for _ in range(_STEPS):  # by secants
            missed = gain - self._loss(gain, preset, ceiling) - unlimited
            if abs(missed) < _CLOSE_DB or gain == last:
                break
            slope = max(0.1, (missed - missed_last) / (gain - last))
            last, missed_last = gain, missed
            gain = min(gain - missed / slope, unlimited + _MOST_EXTRA_DB)
        return gain

    def _loss(self, gain: float, preset: Preset, ceiling: float) -> float:
        """By how many dB a limiter at `ceiling` lowers the level of the mix raised by `gain`."""
        kept = np.square(1 - self._reductions(amplitude(gain), amplitude(ceiling)))
        powers = self._frames.powers.astype(np.float64)
        if preset.measure == "rms":
            return -10 * float(np.log10(max((powers * kept).sum(), 1e-20) / powers.sum()))
        hop = round(STEP_SECONDS * PER_SECOND)
        blocks = self._momentary[: len(powers) // hop]
        before, after = (
            _windowed(values[: len(blocks) * hop].reshape(-1, hop).sum(axis=1))
            for values in (powers, powers * kept)
        )
        change = 10 * np.log10(np.maximum(after, 1e-20) / np.maximum(before, 1e-20))
        plain, reduced = gated(blocks + gain), gated(blocks + gain + change)
        return plain - reduced if plain is not None and reduced is not None else 0.0

    def _reductions(self, gain: float, ceiling: float) -> npt.NDArray[np.float64]:
        """The limiter's reductions, by frames of 10 ms and from sample peaks."""
        peaks = self._frames.peaks * gain
        needed = 1 - ceiling / np.maximum(peaks, ceiling)
        padded = np.concatenate([needed, [0.0]])
        ahead = np.maximum(padded[:-1], padded[1:])
        rise = np.arange(len(ahead)) / (RELEASE_SECONDS * PER_SECOND)
        with np.errstate(divide="ignore"):
            logs = np.log(ahead) + rise
        return np.asarray(np.exp(np.maximum.accumulate(logs) - rise))


def _windowed(hops: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sums over the four hops of 100 ms up to each one."""
    sums = np.cumsum(np.concatenate([np.zeros(4), hops]))
    return np.asarray(sums[4:] - sums[:-4])


def _survey(scene: Scene, report: Progress) -> _Survey:
    timeline = scene.timeline
    meter, frames = Meter(), Frames(timeline.rate, scene.channels)
    mixed = mix.stream(scene, meter=meter)
    with closing(_counted(mixed, timeline.total, report, "measuring")) as blocks:
        for block in blocks:
            frames.push(block)
    return _Survey(meter, frames)


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


def _deliver(temporary: Path, path: Path, verdict: Verdict) -> Deliverable:
    if verdict.failures:
        path = path.with_name(f"{path.stem}.rejected{path.suffix}")
    temporary.replace(path)
    return Deliverable(path, verdict)


def _counted(
    blocks: Generator[Floats, None, None], total: int, report: Progress, stage: Stage
) -> Generator[Floats, None, None]:
    done = 0
    with closing(blocks):
        for block in blocks:
            yield block
            done += len(block)
            report(stage, min(1.0, done / max(1, total)))
