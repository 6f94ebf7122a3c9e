"""How loud a clip is: integrated loudness, true peak and RMS, each with an answer for silence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from podgen.audio.samples import BLOCK_SECONDS, Samples, pieces
from podgen.audio.truepeak import PeakMeter

GATE_SECONDS = 0.4
"""Length of a gating block of BS.1770-4: nothing shorter has an integrated loudness."""
HOP_SECONDS = 0.1
"""From one block to the next."""
LOUD_PERCENTILE = 95.0
"""Of momentary loudness: what is heard as how loud somebody speaks. Zwicker's N5, the loudness that
is exceeded 5 % of the time, names running speech in the same way (DIN 45631/A1)."""
SILENCE_LUFS = -70.0
"""The absolute gate of BS.1770-4."""
_SETTLE_HOPS = 20  # two seconds, after which nothing is left of what a K-weighting filter had
_PIECE = 1 << 20


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


def momentary(samples: Samples, rate: int) -> tuple[float | None, float | None]:
    """Integrated loudness in LUFS (BS.1770-4), and the 95th percentile of the momentary one.

    The first is None below 400 ms, both are for silence. What is shorter than 400 ms counts as if
    silence followed it. `samples` is (frames,) or (frames, channels).
    """
    blocks = np.maximum(_blocks(samples, rate), -200.0)
    loud = float(np.percentile(blocks, LOUD_PERCENTILE))
    if loud <= SILENCE_LUFS:
        return None, None
    return gated(blocks) if len(samples) >= GATE_SECONDS * rate else None, loud


def _blocks(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    """The loudness of every gating block in LUFS, of one at least."""
    import pyloudnorm

    meter = pyloudnorm.Meter(rate)
    # It rounds their number, and counts one that runs over the end; the standard does not.
    whole = int((max(len(samples) / rate, GATE_SECONDS) - GATE_SECONDS) / HOP_SECONDS + 1e-9) + 1
    found: list[npt.ArrayLike] = []
    step = round(BLOCK_SECONDS / HOP_SECONDS)
    for first in range(0, whole, step):
        # What lies before the blocks is for the filters, which have forgotten all before that.
        settle = min(first, _SETTLE_HOPS)
        start = round((first - settle) * HOP_SECONDS) * rate
        last = min(whole, first + step)
        length = math.ceil(((settle + step - 1) * HOP_SECONDS + GATE_SECONDS) * rate)
        part = samples[start : start + length].astype(np.float64)
        short = math.ceil(GATE_SECONDS * rate - len(part))
        if short > 0:
            part = np.concatenate([part, np.zeros((short, *part.shape[1:]))])
        with np.errstate(divide="ignore", invalid="ignore"):  # the logarithm of silence
            meter.integrated_loudness(part)
        found.append(meter.blockwise_loudness[settle : settle + last - first])
    return np.concatenate([np.asarray(each, np.float64) for each in found])


def gated(blocks: npt.NDArray[np.float64]) -> float | None:
    """Integrated loudness of gating blocks given in LUFS (BS.1770-4, formulas 4 to 7)."""
    mean = -math.inf
    for _ in range(2):  # the second gate lies 10 LU below the mean of what passed the first
        heard = blocks[blocks > max(SILENCE_LUFS, mean - 10)]
        if not len(heard):
            return None
        mean = float(10 * np.log10(np.power(10.0, heard / 10).mean()))
    return mean


def integrated(samples: Samples, rate: int) -> float | None:
    """Integrated loudness in LUFS (BS.1770-4); None below 400 ms and for silence."""
    return momentary(samples, rate)[0]


def true_peak(samples: Samples) -> float | None:
    """True peak in dBTP; None for silence. `samples` is (frames,) or (frames, channels)."""
    meter: PeakMeter | None = None
    for block in pieces(samples, _PIECE):
        shaped = block.reshape(len(block), -1).astype(np.float32, copy=False)
        meter = meter or PeakMeter(shaped.shape[1])
        meter.push(shaped)
    return decibels(meter.finish()) if meter is not None else None


def rms(samples: Samples) -> float | None:
    """Root mean square over all channels in dBFS; None for silence."""
    energy, count = 0.0, 0
    for block in pieces(samples, _PIECE):
        energy += float(np.sum(np.square(block, dtype=np.float64)))
        count += block.size
    return decibels(math.sqrt(energy / count)) if count else None


def measure(samples: Samples, rate: int) -> Measurement:
    """All of it. `samples` is (frames,) or (frames, channels), float, nominal peak 1."""
    if len(samples) <= BLOCK_SECONDS * rate:
        samples = samples[: len(samples)]  # read once
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


def _floor(samples: Samples, rate: int) -> float | None:
    frame = rate // 100
    if len(samples) // frame < 100:
        return None
    powers = []
    for block in pieces(samples, BLOCK_SECONDS * 100 * frame):
        frames = block[: len(block) // frame * frame].reshape(len(block) // frame, -1)
        powers.append(np.einsum("ij,ij->i", frames, frames) / frames.shape[1])
    quietest = np.sort(np.concatenate(powers))[: sum(map(len, powers)) // 20]
    return decibels(math.sqrt(float(quietest.mean())))
