"""Whether a recording is of two people, by their pitch.

The pitch of a stretch of a second or so wanders around a speaker's own; two people whose voices lie
apart make two heaps of such stretches. Two voices of one pitch are not told apart by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

RATE = 24000
_RATE = 8000  # pitch needs no more
_WINDOW, _HOP = 320, 80  # 40 ms, two periods of 50 Hz; 10 ms
_LOWEST, _HIGHEST = 60.0, 400.0  # Hz
_VOICED = 0.6  # of a frame's power, at the best lag
_STRETCH = 60  # voiced frames, 0.6 s of voiced speech
_LEAST_APART = 5.0  # semitones between the heaps' middles
_LEAST_CLEAR = 3.0  # times the heaps' spread
_LEAST_SHARE = 0.2  # of the stretches in the smaller heap


def apart(mono: Floats) -> float:
    """Semitones between two people's pitch in mono speech at 24 kHz; 0 where there is one."""
    import numpy as np

    pitch = _semitones(mono)
    count = len(pitch) // _STRETCH
    if count < 4:
        return 0.0
    middles = np.sort(np.median(pitch[: count * _STRETCH].reshape(count, _STRETCH), axis=1))
    least = max(1, int(np.ceil(_LEAST_SHARE * count)))
    # The two heaps that a cut makes whose spread is least in all (Otsu 1979).
    spreads = [
        np.square(low - low.mean()).sum() + np.square(high - high.mean()).sum()
        for at in range(least, count - least + 1)
        for low, high in [(middles[:at], middles[at:])]
    ]
    at = least + int(np.argmin(spreads))
    between = float(middles[at:].mean() - middles[:at].mean())
    spread = float(np.sqrt(min(spreads) / count))
    clear = between > _LEAST_CLEAR * max(spread, 0.5)
    return between if between > _LEAST_APART and clear else 0.0


def _semitones(mono: Floats) -> Floats:
    """Pitch of the voiced frames in semitones, by autocorrelation (Boersma 1993, simplified)."""
    import numpy as np
    import soxr

    sound = np.asarray(soxr.resample(mono, RATE, _RATE))
    count = (len(sound) - _WINDOW) // _HOP
    if count < 1:
        return np.zeros(0)
    at = np.arange(count)[:, None] * _HOP + np.arange(_WINDOW)
    window = np.hanning(_WINDOW)
    frames = sound[at] * window
    power = np.square(frames).sum(axis=1)
    spectrum = np.abs(np.fft.rfft(frames, 2 * _WINDOW)) ** 2
    own = np.abs(np.fft.rfft(window, 2 * _WINDOW)) ** 2
    lags = slice(int(_RATE / _HIGHEST), int(_RATE / _LOWEST))
    shape = np.fft.irfft(own)[lags] / np.square(window).sum()
    found = np.fft.irfft(spectrum)[:, lags] / np.maximum(power, 1e-12)[:, None] / shape
    # A little towards the shorter of two lags as good: the longer is an octave below.
    best = (found - 0.02 * np.log2(np.arange(found.shape[1]) + lags.start)).argmax(axis=1)
    strength = found[np.arange(count), best]
    loud = power > 0.01 * np.percentile(power, 95)
    voiced = (strength > _VOICED) & loud
    return np.asarray(12 * np.log2(_RATE / (best[voiced] + lags.start)))
