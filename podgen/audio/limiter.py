"""The master's gain and a true-peak limiter, on a stream of samples.

Gain reduction is computed for blocks of 32 samples (0.7 ms) from their exact true peaks, which
only loud blocks need, and drawn as straight lines between the blocks' centres. It is down before
the peak (look-ahead), lets go exponentially, and is the same on all channels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

import numpy as np
import numpy.typing as npt

from podgen.audio.loudness import amplitude
from podgen.audio.samples import Floats, Samples, pieces
from podgen.audio.truepeak import BLOCK, REACH, block_peaks

ATTACK_SECONDS = 0.005
RELEASE_SECONDS = 0.06
"""Time constant of the release."""
MARGIN_DB = 0.05
"""Held below the ceiling: a gain that moves can lift an inter-sample peak a little."""
CHUNK = 1024
"""Blocks worked on at a time."""
_IDLE = 1e-5  # a reduction of less than 0.0001 dB is none


Reductions = Callable[[npt.NDArray[np.float64]], object]
"""Is told by how much (1 - gain, linear) each block of 32 samples was turned down."""


def limited(
    blocks: Generator[Floats, None, None],
    rate: int,
    channels: int,
    *,
    gain: float,
    ceiling: float,
    tell: Reductions | None = None,
) -> Generator[Floats, None, None]:
    """`blocks` raised by `gain` dB, with no true peak over `ceiling` dBTP; as many samples.

    Blocks are (frames, channels) of any length; the generator is closed with this one.
    """
    factor = np.float32(amplitude(gain))
    limiter = _Limiter(rate, channels, amplitude(ceiling - MARGIN_DB), tell)
    size = CHUNK * BLOCK
    # Silence goes in first, so that a programme that starts loud is met with its gain down.
    pending: Floats = np.zeros((limiter.lead, channels), np.float32)
    taken, given = limiter.lead, 0
    with closing(blocks):
        for block in blocks:
            taken += len(block)
            pending = np.concatenate([pending, block * factor])
            whole = len(pending) // size * size
            for at in range(0, whole, size):
                out = limiter.push(pending[at : at + size])
                yield out[max(0, limiter.lead - given) :]
                given += len(out)
            pending = pending[whole:]
    silence = np.zeros((-len(pending) % BLOCK + limiter.latency, channels), np.float32)
    out = limiter.push(np.concatenate([pending, silence]))
    yield out[max(0, limiter.lead - given) : taken - given]


class Deepest:
    """Is told of reductions; `db` is the deepest so far in dB, 0 or above."""

    def __init__(self) -> None:
        self.db = 0.0

    def __call__(self, reductions: npt.NDArray[np.float64]) -> None:
        """Take what a limiter tells."""
        self.db = max(self.db, -20 * math.log10(1 - float(reductions.max())))


def limit(
    samples: Samples, rate: int, ceiling: float, tell: Reductions | None = None
) -> Iterator[Floats]:
    """A mono clip, shape [frames], with no true peak over `ceiling` dBTP, in blocks."""
    blocks = (piece[:, None] for piece in pieces(samples, CHUNK * BLOCK))
    for block in limited(blocks, rate, 1, gain=0.0, ceiling=ceiling, tell=tell):
        yield block[:, 0]


class _Limiter:
    """Takes whole blocks of 32 samples and gives whole blocks back, `latency` samples later.

    For block b: `d[b]` is the reduction (1 - gain) its own peak needs; `w[b]` the largest of
    d[b - 1] to d[b + ahead + 1]; `h[b]` that, or what is left of h[b - 1]; `s[b]` the mean of
    h[b - ahead + 1] to h[b] under a window. A sample's reduction lies between those of two
    neighbouring blocks, and s[b - 1], s[b] and s[b + 1] all average only values >= d[b].
    """

    def __init__(self, rate: int, channels: int, ceiling: float, tell: Reductions | None) -> None:
        self._ceiling = ceiling
        self._tell = tell
        self._ahead = max(2, math.ceil(ATTACK_SECONDS * rate / BLOCK))
        self._decay = BLOCK / (RELEASE_SECONDS * rate)
        window = np.hanning(self._ahead + 2)[1:-1]
        self._window = window / window.sum()
        self._unscanned: Floats = np.zeros((REACH, channels), np.float32)
        self._unreturned: Floats = np.zeros((0, channels), np.float32)
        self._d = np.zeros(1)
        self._h = np.zeros(self._ahead - 1)
        self._s = np.zeros(1)

    @property
    def lead(self) -> int:
        """Samples before a peak at which the gain may begin to move."""
        return (self._ahead + 1) * BLOCK

    @property
    def latency(self) -> int:
        """Samples between what goes in and what comes out."""
        return (self._ahead + 3) * BLOCK

    def push(self, samples: Floats) -> Floats:
        """Take whole blocks; in all at least `latency` samples before the first come back."""
        self._unreturned = np.concatenate([self._unreturned, samples])
        d = np.concatenate([self._d, self._needed(samples)])
        width = self._ahead + 3
        w = np.lib.stride_tricks.sliding_window_view(d, width).max(axis=1)
        self._d = d[len(w) :]
        h = np.concatenate([self._h, self._released(w)])
        self._h = h[len(w) :]
        s = np.concatenate([self._s, np.convolve(h, self._window, "valid")])
        count = len(s) - 2
        self._s = s[-2:]
        if self._tell is not None and count:
            self._tell(s[1:-1])
        out = self._unreturned[: count * BLOCK]
        self._unreturned = self._unreturned[count * BLOCK :]
        return _reduced(out, s) if s.max() > _IDLE else out

    def _needed(self, samples: Floats) -> npt.NDArray[np.float64]:
        """The reductions of the blocks whose surroundings are known now."""
        known = np.concatenate([self._unscanned, samples])
        count = (len(known) - 2 * REACH) // BLOCK
        peaks = block_peaks(known[: count * BLOCK + 2 * REACH], self._ceiling)
        self._unscanned = known[count * BLOCK :]
        return 1 - self._ceiling / np.maximum(peaks.astype(np.float64), self._ceiling)

    def _released(self, w: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """h from w: the largest of all before, each decayed since (a running maximum of logs)."""
        last = float(self._h[-1])
        if last < _IDLE and not w.any():
            return np.zeros(len(w))
        rise = self._decay * np.arange(1, len(w) + 1)
        with np.errstate(divide="ignore"):
            logs = np.log(np.concatenate([[last], w])) + np.concatenate([[0.0], rise])
        return np.asarray(np.exp(np.maximum.accumulate(logs)[1:] - rise))


def _reduced(samples: Floats, s: npt.NDArray[np.float64]) -> Floats:
    """Samples under straight lines between the reductions of their blocks.

    `s` starts with the block before the first and ends with the one after the last.
    """
    gain = (1 - s).astype(np.float32)
    towards = (np.arange(BLOCK // 2, dtype=np.float32) + np.float32(0.5)) / BLOCK
    before, here, after = gain[:-2, None], gain[1:-1, None], gain[2:, None]
    curve = np.hstack(
        [
            before + (here - before) * (towards + np.float32(0.5)),
            here + (after - here) * towards,
        ]
    )
    reduced = np.empty_like(samples)
    for channel in range(samples.shape[1]):
        np.multiply(samples[:, channel], curve.reshape(-1), out=reduced[:, channel])
    return reduced
