"""What of a clip is drawn: its peaks for a waveform, its power for the loudness of the whole."""

from __future__ import annotations

import base64
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from podgen.audio.samples import Floats
from podgen.render.store import Clip

MOST_PEAKS = 480
"""Points of a waveform: more than a page has pixels for."""
PEAKS_PER_SECOND = 50
STEPS_PER_SECOND = 10
"""Values of power in a second."""
_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Shape:
    """A clip's peaks, 0 to 255 for 0 to 1, and its K-weighted power (BS.1770) in each tenth of a
    second, full scale being 1."""

    peaks: bytes
    powers: npt.NDArray[np.float32]

    @property
    def text(self) -> str:
        """The peaks as the page reads them."""
        return base64.b64encode(self.peaks).decode("ascii")


class Shapes:
    """Shapes by the digest of their clip's sound, the latest of them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Shape] = OrderedDict()

    def known(self, clip: Clip) -> Shape | None:
        """The clip's shape if it has been looked at."""
        return self._kept.get(clip.digest)

    def of(self, clip: Clip) -> Shape:
        """The clip's shape."""
        shape = self._kept.get(clip.digest)
        if shape is None:
            shape = _shape(clip.read(), clip.sample_rate)
            self._kept[clip.digest] = shape
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return shape


def _shape(samples: Floats, rate: int) -> Shape:
    import pyloudnorm

    count = max(1, min(MOST_PEAKS, len(samples) * PEAKS_PER_SECOND // rate))
    edges = np.linspace(0, len(samples), count, endpoint=False).astype(np.int64)
    peaks = np.maximum.reduceat(np.abs(samples), edges) if len(samples) else np.zeros(1)
    weighted = samples.astype(np.float64)
    for band in pyloudnorm.Meter(rate)._filters.values():
        weighted = band.apply_filter(weighted)
    step = rate // STEPS_PER_SECOND
    padded = np.zeros(-(-len(weighted) // step) * step)
    padded[: len(weighted)] = weighted
    powers = np.square(padded.reshape(-1, step)).mean(axis=1).astype(np.float32)
    return Shape(np.round(255 * np.clip(peaks, 0, 1)).astype(np.uint8).tobytes(), powers)
