"""Sound that is like speech to whoever measures it: a buzz with formants, syllables and pauses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

RATE = 24000


def talk(
    seconds: float, pitch: float = 120.0, seed: int = 0, rate: int = RATE
) -> npt.NDArray[np.float32]:
    """Syllables of a voice; -40 dB of breath beneath."""
    draw = np.random.default_rng(seed)
    count = round(seconds * rate)
    at = np.arange(count) / rate
    wander = np.interp(
        at,
        np.arange(0, seconds + 0.5, 0.25),
        draw.normal(0, 0.04, len(np.arange(0, seconds + 0.5, 0.25))),
    )
    phase = 2 * np.pi * np.cumsum(pitch * 2.0**wander) / rate
    sound = np.zeros(count)
    for harmonic in range(1, int(4000 / pitch)):
        loud = sum(np.exp(-(((harmonic * pitch - f) / 200) ** 2)) for f in (500, 1500, 2500))
        sound += (0.05 + loud) * np.sin(harmonic * phase)
    beat = np.clip(1.5 * np.sin(2 * np.pi * 3.5 * at), 0, 1)
    beat *= (at % 2.0) > 0.3  # a pause every two seconds
    sound = 0.1 * sound / np.abs(sound).max() * beat * 4
    return (sound + 1e-3 * draw.standard_normal(count)).astype(np.float32)


def write(path: Path, sound: npt.NDArray[np.float32], rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate)
    return path
