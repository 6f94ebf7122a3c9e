"""What is wrong with a sound whatever is said in it: gaps, noise, hum, clipping, jumps, a cut end.

Measures are in dB against the speech level of the take itself, so that gain changes none of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
FRAME_SECONDS = 0.01
SILENT_DB = -40.0
"""Frames so far under the speech level are a pause."""
_SIZE = 0.025
_BURST_FRAMES = 40
_BURST_BANDS = 8
"""Noise shows in the bands from the ninth on, about 1 kHz, where speech is never still for long."""
_LOUD_SECONDS = 1.0
_FLAT = 3
"""Samples in a row that stand at the same extreme make one clipped peak."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Measures of a take; times in seconds.

    Attributes:
        seconds: its length.
        start: where speech begins, `end` where it ends.
        gaps: pauses within the speech of 0.3 s or more, as (start, end).
        tail: level of the last 20 ms in dB against the speech.
        clipped: peaks that stand flat at the extreme, how many.
        noise: what never falls silent in any band, in dB against the speech.
        bursts: stretches of steady noise in all bands, as (start, end, dB against the speech).
        hum: the strongest steady line at mains frequency or its multiples, in dB above its
            surroundings.
        jump: the greatest step in level between a second of speech and the next in dB, at
            `jump_at`.
    """

    seconds: float
    start: float
    end: float
    gaps: tuple[tuple[float, float], ...]
    tail: float
    clipped: int
    noise: float
    bursts: tuple[tuple[float, float, float], ...]
    hum: float
    jump: float
    jump_at: float

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Any) -> Sound:
        """From plain values.

        Raises:
            TypeError, KeyError, ValueError: they are none.
        """
        plain = {field.name: values[field.name] for field in fields(cls)}
        plain["gaps"] = tuple((float(a), float(b)) for a, b in plain["gaps"])
        plain["bursts"] = tuple((float(a), float(b), float(c)) for a, b, c in plain["bursts"])
        return cls(**plain)


def measure(samples: Floats, rate: int) -> Sound:
    """Measure mono samples, shape [frames]."""
    step = round(FRAME_SECONDS * rate)
    count = len(samples) // step
    seconds = len(samples) / rate
    if count < 5 or not float(np.abs(samples).max()):
        return Sound(seconds, 0.0, 0.0, (), -120.0, 0, -120.0, (), 0.0, 0.0, 0.0)
    frames = samples[: count * step].reshape(count, step).astype(np.float64)
    power = (frames**2).mean(axis=1) + 1e-12
    level_db = 10 * np.log10(power)
    speech = 10 * np.log10(np.mean(power[level_db > np.percentile(level_db, 95) - 20]))
    relative = level_db - speech
    loud = np.flatnonzero(relative > SILENT_DB)
    first, last = int(loud[0]), int(loud[-1]) + 1
    bands = _bands(samples, rate, count) - speech
    noise, bursts = _noise(bands[first:last])
    jump, jump_at = _jump(relative)
    return Sound(
        seconds=round(seconds, 3),
        start=first * FRAME_SECONDS,
        end=round(last * FRAME_SECONDS, 3),
        gaps=tuple(_gaps(relative, first, last)),
        tail=round(float(10 * np.log10(np.mean(power[-2:])) - speech), 1),
        clipped=_clipped(samples),
        noise=round(noise, 1),
        bursts=tuple(
            (round(a * 0.01 + first * 0.01, 2), round(b * 0.01 + first * 0.01, 2), round(db, 1))
            for a, b, db in bursts
        ),
        hum=round(_hum(samples, rate), 1),
        jump=round(jump, 1),
        jump_at=round(jump_at, 2),
    )


def _gaps(relative: npt.NDArray[np.float64], first: int, last: int) -> list[tuple[float, float]]:
    quiet = np.concatenate(([False], relative[first:last] <= SILENT_DB, [False]))
    edges = np.flatnonzero(np.diff(quiet.astype(int)))
    return [
        (round((first + a) * FRAME_SECONDS, 2), round((first + b) * FRAME_SECONDS, 2))
        for a, b in edges.reshape(-1, 2)
        if b - a >= 30
    ]


def _clipped(samples: Floats) -> int:
    """Peaks of which at least three samples in a row are the take's highest or lowest."""
    count = 0
    for side in (samples, -samples):
        peak = float(side.max())
        if peak < 0.05:
            continue
        flat = np.concatenate(([0], (side >= peak * (1 - 1e-4)).astype(np.int8), [0]))
        edges = np.flatnonzero(np.diff(flat)).reshape(-1, 2)
        count += int((edges[:, 1] - edges[:, 0] >= _FLAT).sum())
    return count


def _bands(samples: Floats, rate: int, count: int) -> npt.NDArray[np.float64]:
    """Levels in dB of bands about a third of an octave wide, shape [frames, bands]."""
    step, size = round(FRAME_SECONDS * rate), round(_SIZE * rate)
    padded = np.pad(samples, (0, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::step][:count]
    window = np.hanning(size).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(frames * window, axis=1)).astype(np.float64) ** 2
    spectrum *= 2 / (float((window**2).sum()) * size)
    edges = np.geomspace(150.0, min(7000.0, 0.45 * rate), 18)
    at = np.maximum(1, np.round(edges * size / rate).astype(int))
    at = np.unique(at)
    sums = np.add.reduceat(spectrum[:, : at[-1]], at[:-1], axis=1)
    out: npt.NDArray[np.float64] = 10 * np.log10(sums + 1e-12)
    return out


def _noise(bands: npt.NDArray[np.float64]) -> tuple[float, list[tuple[int, int, float]]]:
    """The floor over all bands in dB, and stretches where it is much higher than elsewhere."""
    floor = np.percentile(bands, 5, axis=0)
    noise = float(10 * np.log10(np.sum(10 ** (floor / 10))))
    if len(bands) < _BURST_FRAMES + 2:
        return noise, []
    high = bands[:, _BURST_BANDS:]
    windows = np.lib.stride_tricks.sliding_window_view(high, _BURST_FRAMES, axis=0)
    steady = np.percentile(windows, 10, axis=2)
    # Speech leaves some bands quiet for some of 0.4 s; noise leaves none.
    lowest = np.percentile(steady, 30, axis=1)
    return noise, _runs(lowest, -34.0)


def _runs(levels: npt.NDArray[np.float64], least: float) -> list[tuple[int, int, float]]:
    high = np.concatenate(([False], levels > least, [False]))
    edges = np.flatnonzero(np.diff(high.astype(int))).reshape(-1, 2)
    return [
        (int(a), int(b) + _BURST_FRAMES - 1, float(levels[a:b].max()))
        for a, b in edges
        if b - a >= 3
    ]


def _hum(samples: Floats, rate: int) -> float:
    """How far a mains line stands over its surroundings in the quieter half of the take, in dB."""
    size = rate // 2
    if len(samples) < 2 * size:
        return 0.0
    blocks = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 2]
    spectrum = np.abs(np.fft.rfft(blocks * np.hanning(size), axis=1)) ** 2
    steady = np.percentile(spectrum, 20, axis=0) + 1e-12  # lines of 2 Hz
    best = 0.0
    for mains in (50, 60):
        for times in (1, 2, 3):
            at = mains * times // 2
            beside = np.concatenate((steady[at - 9 : at - 3], steady[at + 4 : at + 10]))
            best = max(
                best, 10 * float(np.log10(steady[at - 1 : at + 2].max() / np.median(beside)))
            )
    return best


def _jump(relative: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The greatest step between a second of speech and the next, pauses passed over."""
    speaking = np.flatnonzero(relative > -25.0)
    span = round(_LOUD_SECONDS / FRAME_SECONDS)
    if len(speaking) < 2 * span:
        return 0.0, 0.0
    power = np.concatenate(([0.0], np.cumsum(10 ** (relative[speaking] / 10))))
    means = 10 * np.log10((power[span:] - power[:-span]) / span)
    steps = np.abs(means[span:] - means[:-span])
    at = int(steps.argmax())
    return float(steps[at]), float(speaking[at + span]) * FRAME_SECONDS
