"""True peak by four times oversampling (ITU-R BS.1770-4, annex 2), exact where it matters.

Oversampling an hour costs far more than anything else done to it, and only the loud parts can
hold the peak: the interpolator cannot raise a peak above its L1 norm times the samples around.
`block_peaks` interpolates only the blocks that could pass a floor and takes the others' sample
peak, so that whatever exceeds the floor is found exactly.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from podgen.audio.samples import Floats

FACTOR = 4
BLOCK = 32
REACH = 16
"""Samples either side of a point that its interpolation uses."""
_ROWS = 32
_BETA = 6.0  # Kaiser, 32 taps a phase


@lru_cache(maxsize=1)
def _interpolator() -> tuple[Floats, float]:
    """Matrix from a block and its surroundings to the points between its samples; its L1 norm."""
    points = np.arange(1, FACTOR) / FACTOR
    offsets = np.arange(-REACH + 1, REACH + 1)
    distance = points[:, None] - offsets[None, :]
    window = np.i0(_BETA * np.sqrt(np.maximum(0.0, 1 - (distance / REACH) ** 2))) / np.i0(_BETA)
    taps = np.sinc(distance) * window
    taps /= taps.sum(axis=1, keepdims=True)
    matrix = np.zeros((BLOCK + 2 * REACH, BLOCK, FACTOR - 1))
    for n in range(BLOCK):
        matrix[n + 1 : n + 1 + 2 * REACH, n, :] = taps.T
    norm = float(np.abs(taps).sum(axis=1).max())
    return np.ascontiguousarray(matrix.reshape(BLOCK + 2 * REACH, -1), dtype=np.float32), norm


def block_peaks(padded: Floats, floor: float) -> Floats:
    """Peaks of blocks of 32 samples; exact true peaks for those above `floor` (linear).

    `padded` is shaped (REACH + 32 * blocks + REACH, channels): the signal with its surroundings.
    The peak of a block is the largest over its channels and the points from its first sample up
    to, not including, the next block's first. Blocks that cannot exceed `floor` give their sample
    peak. Returns float32 of shape (blocks,).
    """
    channels = padded.shape[1]
    count = (len(padded) - 2 * REACH) // BLOCK
    body = padded[REACH : REACH + count * BLOCK]
    matrix, norm = _interpolator()
    magnitude: Floats = np.abs(body).reshape(count, BLOCK * channels).max(axis=1, initial=0.0)
    around = magnitude.copy()
    np.maximum(around[1:], magnitude[:-1], out=around[1:])
    np.maximum(around[:-1], magnitude[1:], out=around[:-1])
    if count:
        around[0] = max(around[0], float(np.abs(padded[:REACH]).max(initial=0.0)))
        around[-1] = max(around[-1], float(np.abs(padded[-REACH:]).max(initial=0.0)))
    loud = np.flatnonzero(around * norm > floor)
    if not len(loud):
        return magnitude
    width = BLOCK + 2 * REACH
    view = np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)[::BLOCK]
    for channel in range(channels):
        between = np.abs(_product(view[loud, channel], matrix)).max(axis=1)
        magnitude[loud] = np.maximum(magnitude[loud], between)
    return magnitude


def _product(rows: Floats, matrix: Floats) -> Floats:
    """`rows @ matrix` by few rows at a time.

    So small a product OpenBLAS does in the calling thread. Its own threads wait for one another by
    spinning, which beside ffmpeg on two cores took ten times as long.
    """
    count = -(-len(rows) // _ROWS)
    padded = np.zeros((count * _ROWS, rows.shape[1]), np.float32)
    padded[: len(rows)] = rows
    product = padded.reshape(count, _ROWS, -1) @ matrix
    return np.asarray(product.reshape(count * _ROWS, -1)[: len(rows)])


class PeakMeter:
    """The true peak of a stream, kept with constant memory. Samples are (frames, channels)."""

    def __init__(self, channels: int) -> None:
        self.peak = 0.0
        """Largest true peak so far, linear; complete only after `finish`."""
        self._rest: Floats = np.zeros((REACH, channels), np.float32)

    def push(self, samples: Floats) -> None:
        """Take the next samples."""
        joined = np.concatenate([self._rest, samples])
        blocks = (len(joined) - 2 * REACH) // BLOCK
        if blocks <= 0:
            self._rest = joined
            return
        used = blocks * BLOCK
        peaks = block_peaks(joined[: used + 2 * REACH], floor=self.peak)
        self.peak = max(self.peak, float(peaks.max()))
        self._rest = joined[used:]

    def finish(self) -> float:
        """The true peak of all that was pushed, linear (0 for silence)."""
        channels = self._rest.shape[1]
        self.push(np.zeros((2 * REACH + BLOCK, channels), np.float32))
        return self.peak
