"""Dressing one clip: trimmed, faded at its edges, filtered, brought to the mix rate.

Takes arrive as engines make them, at their own rate and with peaks that may pass full scale.
"""

from __future__ import annotations

import sys
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from podgen.audio.truepeak import Floats

if TYPE_CHECKING:
    from pydub import AudioSegment

VERSION = 2
"""Part of the key of whatever is stored dressed; raised when the same take would sound other."""

FRAME_MS = 10
BELOW_SPEECH_DB = 40.0
"""Anything this far below a clip's loud frames is taken for silence..."""
ABOVE_NOISE_DB = 8.0
"""...unless its noise floor is higher still: then this far above the floor."""
LEAST_RANGE_DB = 20.0
"""But nothing within this much of the loud frames is ever taken for silence."""
KEEP_BEFORE_MS = 40
"""Kept before the first loud frame: a stop's closure and burst, a breath's end."""
KEEP_AFTER_MS = 120
"""Kept after the last one: the decay of a voice and a final fricative."""
FADE_IN_MS = 4
FADE_OUT_MS = 12
SILENT_DBFS = -70.0

_IMPORTING = threading.Lock()
_HEADROOM = 16.0  # raw peaks reach 1.07; 24 dB lost of 32 bits leave the steps at -169 dBFS


@dataclass(frozen=True, slots=True)
class Band:
    """A band of a parametric equaliser. `gain` in dB, `frequency` in Hz."""

    frequency: float
    gain: float
    q: float = 0.707
    kind: Literal["peak", "lowshelf", "highshelf"] = "peak"


@dataclass(frozen=True, slots=True)
class Dressing:
    """What is done to a clip. `rate` is the mix rate in Hz, `highpass` a corner in Hz."""

    rate: int
    highpass: float | None = None
    eq: tuple[Band, ...] = ()
    trim: bool = True


def dress(samples: Floats, rate: int, dressing: Dressing) -> Floats:
    """A take made ready for the mix: mono float32 at `dressing.rate`; peaks may pass +-1.

    A silent take comes back whole, so that whoever measures it sees that it is silent.
    """
    import soxr

    edited = edit(samples, rate, trim=dressing.trim)
    sections = filters(dressing, rate)
    if len(sections):
        from scipy.signal import sosfilt

        edited = np.asarray(sosfilt(sections, edited.astype(np.float64)))
    if rate != dressing.rate:
        edited = soxr.resample(edited, rate, dressing.rate, quality="VHQ")
    return np.ascontiguousarray(edited, dtype=np.float32)


def edit(samples: Floats, rate: int, *, trim: bool = True) -> Floats:
    """The clip without its leading and trailing silence, faded over a few ms at both ends."""
    threshold = silence_threshold(samples, rate)
    if threshold is None:
        return samples
    clip = _segment(samples, rate)
    if trim:
        from pydub.silence import detect_leading_silence

        quiet = threshold - 20 * np.log10(_HEADROOM)
        lead = detect_leading_silence(clip, quiet, FRAME_MS)
        tail = detect_leading_silence(clip.reverse(), quiet, FRAME_MS)
        clip = clip[max(0, lead - KEEP_BEFORE_MS) : len(clip) - max(0, tail - KEEP_AFTER_MS)]
    if len(clip) > FADE_IN_MS + FADE_OUT_MS:
        clip = clip.fade_in(FADE_IN_MS).fade_out(FADE_OUT_MS)
    return np.frombuffer(clip.raw_data, np.int32).astype(np.float32) * np.float32(_HEADROOM / 2**31)


def silence_threshold(samples: Floats, rate: int) -> float | None:
    """The level in dBFS (RMS of 10 ms) under which this clip's edges are silence.

    Relative to the clip's own loud frames, so it holds for any voice and level; None if the whole
    clip is silent.
    """
    frame = max(1, rate * FRAME_MS // 1000)
    count = len(samples) // frame
    if not count:
        return None
    frames = samples[: count * frame].reshape(count, frame).astype(np.float64)
    power = np.square(frames).mean(axis=1)
    db = 10 * np.log10(np.maximum(power, 1e-20))
    loud = float(np.percentile(db, 95))
    if loud < SILENT_DBFS:
        return None
    floor = float(np.percentile(db, 5))
    return min(max(loud - BELOW_SPEECH_DB, floor + ABOVE_NOISE_DB), loud - LEAST_RANGE_DB)


def filters(dressing: Dressing, rate: int) -> npt.NDArray[np.float64]:
    """The highpass and the bands as second-order sections, at the take's own rate.

    Formulas: Robert Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".
    A band at or above half the rate does nothing to the take and is left out.
    """
    sections = []
    if dressing.highpass is not None and dressing.highpass < rate / 2:
        sections.append(_highpass(dressing.highpass, rate))
    sections += [_band(band, rate) for band in dressing.eq if band.frequency < rate / 2]
    return np.array(sections, dtype=np.float64).reshape(-1, 6)


def _highpass(frequency: float, rate: int) -> list[float]:
    w = 2 * np.pi * frequency / rate
    alpha = np.sin(w) / (2 * np.sqrt(0.5))
    cosine = np.cos(w)
    b = [(1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2]
    return _normalised(b, [1 + alpha, -2 * cosine, 1 - alpha])


def _band(band: Band, rate: int) -> list[float]:
    a = 10 ** (band.gain / 40)
    w = 2 * np.pi * band.frequency / rate
    cosine = np.cos(w)
    alpha = np.sin(w) / (2 * band.q)
    if band.kind == "peak":
        return _normalised(
            [1 + alpha * a, -2 * cosine, 1 - alpha * a],
            [1 + alpha / a, -2 * cosine, 1 - alpha / a],
        )
    sign = 1 if band.kind == "lowshelf" else -1  # the high shelf mirrors the low one
    root = 2 * np.sqrt(a) * alpha
    plus, minus = a + 1, a - 1
    b = [
        a * (plus - sign * minus * cosine + root),
        sign * 2 * a * (minus - sign * plus * cosine),
        a * (plus - sign * minus * cosine - root),
    ]
    return _normalised(
        b,
        [
            plus + sign * minus * cosine + root,
            sign * -2 * (minus + sign * plus * cosine),
            plus + sign * minus * cosine - root,
        ],
    )


def _normalised(b: list[float], a: list[float]) -> list[float]:
    return [value / a[0] for value in (*b, *a)]


def _segment(samples: Floats, rate: int) -> AudioSegment:
    _import_pydub()
    from pydub import AudioSegment

    scaled = np.clip(samples.astype(np.float64) / _HEADROOM, -1, 1) * (2**31 - 1)
    return AudioSegment(scaled.astype("<i4").tobytes(), sample_width=4, frame_rate=rate, channels=1)


def _import_pydub() -> None:
    """Import it without its warning that there is no ffmpeg, which nothing here asks of it.

    One thread at a time: the filters are the process's, and two that set and restore them by
    turns would leave all warnings off.
    """
    with _IMPORTING:
        if "pydub.silence" not in sys.modules:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import pydub.silence  # noqa: F401
