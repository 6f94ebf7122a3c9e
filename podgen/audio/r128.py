"""Loudness over time as ffmpeg's `ebur128` filter measures it while a stream passes through."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import ffmpeg
import numpy as np

from podgen.audio.ffmpeg import Chunks, Job
from podgen.audio.frames import Series
from podgen.audio.loudness import SILENCE_LUFS

STEP_SECONDS = 0.1
"""One value of each series for every 100 ms; a rest shorter than that has none."""

WINDOW_SECONDS = 3.0
"""Of short-term loudness (EBU Tech 3341)."""
BLOCK_STEPS = 4
"""Steps in a gating block."""

NOTHING_LUFS = -120.691
"""What the filter says of digital silence; where sums that slide along fall just below zero, it
says that they have no logarithm."""

_LINE = re.compile(rb"lavfi\.r128\.([MSI])=(\S+)\n")


class Meter:
    """Collects what the filter reports; complete when the job has ended."""

    def __init__(self) -> None:
        self._rest = b""
        self._integrated = SILENCE_LUFS
        self.momentary = Series()
        """LUFS over the 400 ms before each step: the gating blocks of BS.1770-4."""
        self.short_term = Series()
        """LUFS over the 3 s before each step."""

    def attach(self, node: Any, job: Job) -> Any:
        """Put the filter after `node` of an ffmpeg-python graph; returns what follows it."""
        pipe = job.drain(self.consume)
        return node.filter("ebur128", metadata=1).filter("ametadata", mode="print", file=pipe)

    def hear(self, blocks: Chunks, rate: int, channels: int) -> None:
        """Measure blocks of (frames, channels), float32.

        Raises:
            FfmpegError: ffmpeg failed.
            Exception: whatever `blocks` raised.
        """
        with Job() as job:
            # Nothing seeks in a pipe: without an index of it, which grows with the hours.
            source = ffmpeg.input(
                job.feed(blocks), format="f32le", ar=rate, ac=channels, indexmem=0
            ).audio
            job.run(ffmpeg.output(self.attach(source, job), "-", format="null").get_args())

    def consume(self, text: bytes) -> None:
        """Take the next piece of what `ametadata` prints."""
        whole, newline, self._rest = (self._rest + text).rpartition(b"\n")
        values: dict[bytes, list[float]] = {b"M": [], b"S": [], b"I": [self._integrated]}
        for key, value in _LINE.findall(whole + newline):
            level = float(value)
            values[key].append(NOTHING_LUFS if math.isnan(level) else level)
        self.momentary.append(values[b"M"])
        self.short_term.append(values[b"S"])
        self._integrated = values[b"I"][-1]

    @property
    def integrated(self) -> float | None:
        """Integrated loudness in LUFS; None for silence and below 400 ms."""
        heard = len(self.momentary) >= BLOCK_STEPS and self._integrated > SILENCE_LUFS
        return round(self._integrated, 3) if heard else None


def centred(meter: Meter) -> Series:
    """Short-term loudness in LUFS by the middle of its window, one value a step from 0 s on.

    At the beginning and the end, where a window reaches over, its part inside counts: the mean
    power of the gating blocks in it.
    """
    half, count = round(WINDOW_SECONDS / 2 / STEP_SECONDS), len(meter.momentary)
    middle = range(half, count - half + 1)  # whose windows lie inside

    def parts_at(steps: Iterable[int]) -> list[float]:
        return [
            _mean(meter.momentary, max(0, step - half) + BLOCK_STEPS - 1, min(count, step + half))
            for step in steps
        ]

    moved = Series()
    moved.append(parts_at(range(min(half, count + 1))))
    for part in meter.short_term.parts(2 * half - 1):
        moved.append(part)
    moved.append(parts_at(range(max(half, middle.stop), count + 1)))
    return moved


def _mean(momentary: Series, first: int, last: int) -> float:
    powers = np.power(10.0, momentary[first:last].astype(np.float64) / 10)
    return 10 * float(np.log10(max(powers.mean(), 1e-12))) if len(powers) else SILENCE_LUFS


def highest(series: Series) -> float | None:
    """The loudest value in LUFS; None for silence."""
    most = max((float(part.max()) for part in series.parts() if len(part)), default=SILENCE_LUFS)
    return round(most, 2) if most > SILENCE_LUFS else None


def loudness_range(short_term: Series) -> float | None:
    """Loudness range in LU (EBU Tech 3342): from the 10th to the 95th percentile of short-term
    loudness, above gates at -70 LUFS and 20 LU below the mean; None where nothing passes."""
    mean = 0.0
    for gate in (SILENCE_LUFS, None):
        floor = SILENCE_LUFS if gate is not None else 10 * np.log10(mean) - 20
        heard = [part[part > floor] for part in short_term.parts()]
        values = np.concatenate([*heard, np.zeros(0, np.float32)])
        if not len(values):
            return None
        mean = float(np.power(10.0, values.astype(np.float64) / 10).mean())
    low, high = np.percentile(values, [10, 95])
    return round(float(high - low), 2)


def gated(momentary: Series, first: int = 0, last: int | None = None) -> float | None:
    """Integrated loudness of the gating blocks from `first` to `last`, which are given in LUFS
    (BS.1770-4, formulas 4 to 7)."""
    mean = 0.0
    for _ in range(2):  # the gate lies 10 LU below the mean of all that is no silence
        gate, total, count = mean / 10, 0.0, 0
        for part in momentary.parts(first, last):
            powers = np.power(10.0, part[part > SILENCE_LUFS].astype(np.float64) / 10)
            powers = powers[powers > gate]
            total, count = total + float(powers.sum()), count + len(powers)
        if not count:
            return None
        mean = total / count
    return float(10 * np.log10(mean))
