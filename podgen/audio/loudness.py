"""How loud a clip is: integrated loudness, true peak and RMS, each with an answer for silence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from podgen.audio.truepeak import Floats, PeakMeter

if TYPE_CHECKING:
    import pyloudnorm

GATE_SECONDS = 0.4
"""Length of a gating block of BS.1770-4: nothing shorter has an integrated loudness."""
SILENCE_LUFS = -70.0
"""The absolute gate of BS.1770-4."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a clip measures. None stands for what it has not got: it is silent, or too short.

    `loudness` in LUFS, `true_peak` in dBTP, `rms` in dBFS (a full-scale square wave is 0).
    """

    samples: int
    rate: int
    loudness: float | None
    true_peak: float | None
    rms: float | None

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


@lru_cache(maxsize=4)
def _meter(rate: int) -> pyloudnorm.Meter:
    import pyloudnorm

    return pyloudnorm.Meter(rate)


def integrated(samples: Floats, rate: int) -> float | None:
    """Integrated loudness in LUFS (BS.1770-4); None below 400 ms and for silence.

    `samples` is (frames,) or (frames, channels).
    """
    if len(samples) < GATE_SECONDS * rate:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):  # the logarithm of silence
        value = float(_meter(rate).integrated_loudness(samples.astype(np.float64)))
    return value if math.isfinite(value) and value > SILENCE_LUFS else None


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
    return Measurement(
        samples=len(samples),
        rate=rate,
        loudness=integrated(samples, rate),
        true_peak=true_peak(samples),
        rms=rms(samples),
    )
