"""Dressing one clip: trimmed, faded at its edges, filtered, brought to the mix rate.

Takes arrive as engines make them, at their own rate and with peaks that may pass full scale.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from podgen.audio.samples import BLOCK_SECONDS, Floats, Samples, pieces

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


def dress(samples: Samples, rate: int, dressing: Dressing) -> Iterator[Floats]:
    """A take made ready for the mix, in blocks: mono float32 at `dressing.rate`, shape [frames];
    peaks may pass +-1.

    A silent take comes back whole, so that whoever measures it sees that it is silent.
    """
    blocks: Iterator[npt.NDArray[Any]] = edit(samples, rate, trim=dressing.trim)
    sections = filters(dressing, rate)
    if len(sections):
        blocks = _filtered(blocks, sections)
    if rate != dressing.rate:
        blocks = _resampled(blocks, rate, dressing.rate)
    for block in blocks:
        yield np.ascontiguousarray(block, dtype=np.float32)


def edit(samples: Samples, rate: int, *, trim: bool = True) -> Iterator[Floats]:
    """The clip without its leading and trailing silence, faded over a few ms at both ends."""
    size = BLOCK_SECONDS * rate
    threshold = silence_threshold(samples, rate)
    if threshold is None:
        yield from pieces(samples, size)
        return
    start, end = _sounding(samples, rate, threshold) if trim else (0, len(samples))
    blocks = max(1, (end - start) // size)  # whole seconds, but for the last
    for number in range(blocks):
        first, last = number == 0, number == blocks - 1
        at = start + number * size
        block = samples[at : end if last else at + size]
        missing = (end if last else at + size) - at - len(block)
        clip = _segment(np.pad(block, (0, missing)), rate)
        if len(clip) > FADE_IN_MS + FADE_OUT_MS:
            clip = clip.fade_in(FADE_IN_MS) if first else clip
            clip = clip.fade_out(FADE_OUT_MS) if last else clip
        whole = np.frombuffer(clip.raw_data, np.int32).astype(np.float32)
        yield whole * np.float32(_HEADROOM / 2**31)


def kept(samples: Samples, rate: int) -> tuple[int, int]:
    """Which samples of a take are left once its leading and trailing silence is gone."""
    threshold = silence_threshold(samples, rate)
    return (0, len(samples)) if threshold is None else _sounding(samples, rate, threshold)


def _sounding(samples: Samples, rate: int, threshold: float) -> tuple[int, int]:
    """From where to where it sounds, with a little on either side; in whole milliseconds, so that
    the end may lie a fraction of one past the last sample."""
    _import_pydub()
    from pydub.silence import detect_leading_silence

    quiet = threshold - 20 * np.log10(_HEADROOM)
    size, count = BLOCK_SECONDS * rate, len(samples)

    def silence(blocks: Iterator[AudioSegment]) -> int:
        total = 0
        for block in blocks:
            lead = int(detect_leading_silence(block, quiet, FRAME_MS))
            total += lead
            if lead < len(block):
                break
        return total

    ends = range(count, 0, -size)
    lead = silence(_segment(block, rate) for block in pieces(samples, size))
    tail = silence(_segment(samples[max(0, e - size) : e], rate).reverse() for e in ends)
    length = round(1000 * count / rate)
    start, end = max(0, lead - KEEP_BEFORE_MS), length - max(0, tail - KEEP_AFTER_MS)
    return int(start * (rate / 1000)), int(end * (rate / 1000))


def _filtered(
    blocks: Iterator[Floats], sections: npt.NDArray[np.float64]
) -> Iterator[npt.NDArray[np.float64]]:
    from scipy.signal import sosfilt

    state = np.zeros((len(sections), 2))
    for block in blocks:
        filtered, state = sosfilt(sections, block.astype(np.float64), zi=state)
        yield filtered


def _resampled(
    blocks: Iterator[npt.NDArray[Any]], rate: int, wanted: int
) -> Iterator[npt.NDArray[Any]]:
    import soxr

    stream = None
    for block in blocks:
        if stream is None:
            stream = soxr.ResampleStream(rate, wanted, 1, dtype=block.dtype, quality="VHQ")
            rest = block[:0]
        yield stream.resample_chunk(block)
    if stream is not None:
        yield stream.resample_chunk(rest, last=True)


def silence_threshold(samples: Samples, rate: int) -> float | None:
    """The level in dBFS (RMS of 10 ms) under which this clip's edges are silence.

    Relative to the clip's own loud frames, so it holds for any voice and level; None if the whole
    clip is silent.
    """
    frame = max(1, rate * FRAME_MS // 1000)
    count = len(samples) // frame
    if not count:
        return None
    powers = [
        np.square(block[: len(block) // frame * frame].reshape(-1, frame).astype(np.float64)).mean(
            axis=1
        )
        for block in pieces(samples, BLOCK_SECONDS * 1000 // FRAME_MS * frame)
    ]
    db = 10 * np.log10(np.maximum(np.concatenate(powers), 1e-20))
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
