"""Gain over time for one piece of music: its envelope, its ducking, its fades.

Evaluated for every sample. ffmpeg's `volume` filter takes one value a frame (and, without
`eval=frame`, one value altogether); at the fine step a fade needs it costs 15 times what the whole
mix does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from podgen.audio.samples import Floats
from podgen.audio.timeline import Span

SOFTEST_STEP_SECONDS = 0.005
"""Nothing moves faster than this: a step in a gain is a click."""
HOLD_SECONDS = 1.0
"""Music that is down for speech stays down over a gap shorter than this."""
CHANGE_SECONDS = 0.2
"""From one level under speech to the next, at least."""

Points = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Positions in samples, ascending, and decibels; linear between, constant outside."""


@dataclass(frozen=True, slots=True)
class Duck:
    """Music goes `depth` dB down while somebody speaks.

    It is down by the time speech starts, `attack` seconds after it began to move, and up again
    `release` seconds after speech ends.
    """

    depth: float
    attack: float = 0.3
    release: float = 0.8


def duck_points(
    windows: Sequence[tuple[int, int]],
    span: Span,
    rate: int,
    duck: Duck,
    depths: Sequence[float] | None = None,
) -> Points | None:
    """The ducking of one span, from the speech windows of the timeline; None without speech.

    Where music could not come all the way up and down again between two windows, or they are less
    than `HOLD_SECONDS` apart, it stays down, so that pauses within a conversation do not pump.
    `depths` has one for each window, instead of the duck's own; over a gap in which it stays down
    the music goes from one to the next, and takes `CHANGE_SECONDS` at least.
    """
    least = round(SOFTEST_STEP_SECONDS * rate)
    attack, release = (max(least, round(s * rate)) for s in (duck.attack, duck.release))
    longest = max(attack + release, round(HOLD_SECONDS * rate))
    change = CHANGE_SECONDS * rate
    points: list[tuple[float, float]] = []
    last: tuple[int, float] | None = None  # where the window before ended, and its level
    for (start, end), depth in zip(windows, depths or [duck.depth] * len(windows), strict=True):
        if end + release <= span.start or start - attack >= span.end:
            continue
        level, begins = -depth, float(start)
        if last is not None and start - last[0] <= longest:
            if level != last[1]:
                middle = (last[0] + start) / 2
                points.append((min(last[0], middle - change / 2), last[1]))
                begins = max(start, middle + change / 2)
        else:
            if last is not None:
                points += [(last[0], last[1]), (last[0] + release, 0.0)]
            points.append((start - attack, 0.0))
        points.append((begins, level))
        last = end, level
    if last is None:
        return None
    points += [(last[0], last[1]), (last[0] + release, 0.0)]
    positions, levels = np.array(points, np.float64).T
    return np.maximum.accumulate(positions), levels


class Automation:
    """The gain of one span at any moment of the timeline: `curves` add up in dB, over which it
    fades in and out (samples)."""

    def __init__(
        self,
        span: Span,
        rate: int,
        *,
        envelope: Sequence[tuple[float, float]] = (),
        duck: Points | None = None,
    ) -> None:
        """`envelope` as (seconds from the span's start, dB), ascending."""
        self._span = span
        least = round(SOFTEST_STEP_SECONDS * rate)
        self.fade_in, self.fade_out = max(least, span.fade_in), max(least, span.fade_out)
        self.curves: list[Points] = [duck] if duck is not None else []
        if envelope:
            seconds, levels = np.array(envelope, np.float64).T
            self.curves.append((span.start + _apart(seconds * rate, least), levels))

    def gains(self, start: int, end: int) -> Floats:
        """Linear gain of each sample of the timeline from `start` to `end`, as (end - start, 1).

        A shape of (1, 1) stands for one gain throughout.
        """
        still = self._still(start, end)
        positions = np.arange(start, start + 1 if still else end, dtype=np.float64)
        return self.at(positions).astype(np.float32)[:, None]

    def at(self, positions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Linear gain at moments of the timeline, in samples."""
        span = self._span
        levels = np.zeros(len(positions))
        for curve in self.curves:
            levels += np.interp(positions, *curve)
        gains = np.power(10.0, levels / 20)
        for distance, length in (
            (positions - span.start, self.fade_in),
            (span.end - 1 - positions, self.fade_out),
        ):
            gains *= _fade(distance, length)
        return gains

    def _still(self, start: int, end: int) -> bool:
        """Whether the gain is the same at every sample from `start` to `end`."""
        span = self._span
        if start < span.start + self.fade_in or end > span.end - self.fade_out:
            return False
        for positions, levels in self.curves:
            first, last = np.interp([start, end - 1], positions, levels)
            inside = levels[np.searchsorted(positions, start) : np.searchsorted(positions, end)]
            if first != last or np.any(inside != first):
                return False
        return True


def _apart(positions: npt.NDArray[np.float64], least: int) -> npt.NDArray[np.float64]:
    """Ascending positions, later where they must be to lie `least` apart."""
    steps = np.arange(len(positions)) * least
    return np.asarray(np.maximum.accumulate(positions - steps) + steps)


def _fade(distance: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.float64]:
    """A raised cosine, smooth at both ends; `distance` in samples from the silent end."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip((distance + 0.5) / length, 0.0, 1.0))
