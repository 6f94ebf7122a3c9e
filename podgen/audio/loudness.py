"""How loud a clip is: integrated loudness, true peak and RMS, each with an answer for silence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from podgen.audio.truepeak import Floats, PeakMeter

GATE_SECONDS = 0.4
"""Length of a gating block of BS.1770-4: nothing shorter has an integrated loudness."""
HOP_SECONDS = 0.1
"""From one block to the next."""
LOUD_PERCENTILE = 95.0
"""Of momentary loudness: what is heard as how loud somebody speaks. Zwicker's N5, the loudness that
is exceeded 5 % of the time, names running speech in the same way (DIN 45631/A1)."""
SILENCE_LUFS = -70.0
"""The absolute gate of BS.1770-4."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a clip measures. None stands for what it has not got: it is silent, or too short.

    `loudness` in LUFS, and `loud` of its loud moments, see `momentary`; `true_peak` in dBTP; `rms`
    in dBFS (a full-scale square wave is 0), and `floor` of its quietest twentieth, which is what a
    voice brings of noise; None below a second.
    """

    samples: int
    rate: int
    loudness: float | None
    loud: float | None
    true_peak: float | None
    rms: float | None
    floor: float | None = None

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.samples / self.rate

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dump`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Measurement:
        """The inverse of `to_json`; raises TypeError on missing or foreign fields."""
        return cls(**values)


def decibels(linear: float) -> float | None:
    """Amplitude to dB; None for zero."""
    return 20 * math.log10(linear) if linear > 0 else None


def amplitude(db: float) -> float:
    """Decibels to amplitude."""
    return float(10.0 ** (db / 20))


def momentary(samples: Floats, rate: int) -> tuple[float | None, float | None]:
    """Integrated loudness in LUFS (BS.1770-4), and the 95th percentile of the momentary one.

    The first is None below 400 ms, both are for silence. What is shorter than 400 ms counts as if
    silence followed it. `samples` is (frames,) or (frames, channels).
    """
    import pyloudnorm

    short = GATE_SECONDS * rate - len(samples)
    padded = samples.astype(np.float64)
    if short > 0:
        rest = np.zeros((math.ceil(short), *samples.shape[1:]))
        padded = np.concatenate([padded, rest])
    meter = pyloudnorm.Meter(rate)
    with np.errstate(divide="ignore", invalid="ignore"):  # the logarithm of silence
        meter.integrated_loudness(padded)
    # It rounds their number, and counts one that runs over the end; the standard does not.
    whole = int((len(padded) / rate - GATE_SECONDS) / HOP_SECONDS + 1e-9) + 1
    blocks = np.maximum(np.array(meter.blockwise_loudness[:whole], np.float64), -200.0)
    loud = float(np.percentile(blocks, LOUD_PERCENTILE))
    if loud <= SILENCE_LUFS:
        return None, None
    return gated(blocks) if short <= 0 else None, loud


def gated(blocks: npt.NDArray[np.float64]) -> float | None:
    """Integrated loudness of gating blocks given in LUFS (BS.1770-4, formulas 4 to 7)."""
    mean = -math.inf
    for _ in range(2):  # the second gate lies 10 LU below the mean of what passed the first
        heard = blocks[blocks > max(SILENCE_LUFS, mean - 10)]
        if not len(heard):
            return None
        mean = float(10 * np.log10(np.power(10.0, heard / 10).mean()))
    return mean


def integrated(samples: Floats, rate: int) -> float | None:
    """Integrated loudness in LUFS (BS.1770-4); None below 400 ms and for silence."""
    return momentary(samples, rate)[0]


def true_peak(samples: Floats) -> float | None:
    """True peak in dBTP; None for silence. `samples` is (frames,) or (frames, channels)."""
    if not samples.size:
        return None
    shaped = samples.reshape(len(samples), -1).astype(np.float32, copy=False)
    meter = PeakMeter(shaped.shape[1])
    meter.push(shaped)
    return decibels(meter.finish())


def rms(samples: Floats) -> float | None:
    """Root mean square over all channels in dBFS; None for silence."""
    if not samples.size:
        return None
    return decibels(math.sqrt(float(np.mean(np.square(samples, dtype=np.float64)))))


def measure(samples: Floats, rate: int) -> Measurement:
    """All of it. `samples` is (frames,) or (frames, channels), float, nominal peak 1."""
    loudness, loud = momentary(samples, rate)
    return Measurement(
        samples=len(samples),
        rate=rate,
        loudness=loudness,
        loud=loud,
        true_peak=true_peak(samples),
        rms=rms(samples),
        floor=_floor(samples, rate),
    )


def _floor(samples: Floats, rate: int) -> float | None:
    frame = rate // 100
    count = len(samples) // frame
    if count < 100:
        return None
    frames = samples[: count * frame].reshape(count, -1)
    powers = np.sort(np.einsum("ij,ij->i", frames, frames)) / frames.shape[1]
    return decibels(math.sqrt(float(powers[: count // 20].mean())))
