"""Room tone: what is heard where nobody speaks, so that a programme never falls into nothing.

A few seconds that join their own beginning, made once and repeated. They lie under the whole
episode, so the floor is the same in a gap as under a turn, but for the noise that a voice brings.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from podgen.audio.loudness import amplitude
from podgen.audio.samples import Floats

SOFTEST_DBFS = -72.0
LOUDEST_DBFS = -66.0
"""In the finished file, RMS of a channel: within these two. ACX asks for a floor of -60 at most."""
COVER_DB = 2.5
"""The tone lies so far over the noisiest voice's own floor. Both sound under that voice: where they
were equal the floor would step by 3 dB with it, so it steps by 1.9."""
PERIOD_SECONDS = 11.0
"""Nobody hears noise repeat itself so seldom."""
LONGEST_SECONDS = 60.0
"""What is taken of a recording."""
FADE_SECONDS = 0.05
"""At the very beginning and end of the episode."""
JOIN_SECONDS = 0.2
"""Over which a recording's end goes into its beginning, at equal power."""
_LOWEST, _HIGHEST = 40.0, 8000.0  # Hz; between them 3 dB less an octave, as rooms have about
_SEED = 1770


class Tone:
    """A tone that repeats under an episode of `total` samples; it is added to the mix."""

    def __init__(self, period: Floats, total: int, rate: int) -> None:
        """`period` is (frames, channels), at its level in the mix."""
        self.period = period
        self._total = total
        self._fade = max(1, round(FADE_SECONDS * rate))

    def read(self, start: int, end: int) -> Floats:
        """Samples `start` to `end` of the episode, as (frames, channels)."""
        block = np.empty((end - start, self.period.shape[1]), np.float32)
        done = 0
        while done < len(block):  # slices: indices take five times as long
            part = self.period[(start + done) % len(self.period) :][: len(block) - done]
            block[done : done + len(part)] = part
            done += len(part)
        if start < self._fade or end > self._total - self._fade:
            places = np.arange(start, end)
            edge = np.minimum(places, self._total - 1 - places).clip(0, self._fade) / self._fade
            block *= edge.astype(np.float32)[:, None]
        return block


def made(rate: int, channels: int) -> Floats:
    """Noise at 0 dBFS RMS a channel, shape (frames, channels); the same each time."""
    count = round(PERIOD_SECONDS * rate)
    hertz = np.fft.rfftfreq(count, 1 / rate)
    size = np.where((hertz >= _LOWEST) & (hertz <= _HIGHEST), 1 / np.sqrt(np.maximum(hertz, 1)), 0)
    random = np.random.default_rng(_SEED)
    phases = random.uniform(0, 2 * np.pi, (channels, len(hertz)))
    return _normal(np.fft.irfft(size * np.exp(1j * phases), count).T)


def joined(recording: Floats, rate: int, channels: int) -> Floats:
    """A recording, (frames, its channels), made to join its beginning, at 0 dBFS RMS a channel.

    Raises:
        ValueError: it is silent, or shorter than a second.
    """
    samples = recording[: round(LONGEST_SECONDS * rate)].astype(np.float64)
    if channels == 1:
        samples = samples.mean(axis=1, keepdims=True)
    elif samples.shape[1] == 1:
        samples = np.repeat(samples, channels, axis=1)
    join = round(JOIN_SECONDS * rate)
    if len(samples) < rate or not np.any(samples):
        raise ValueError("no room tone")
    turn = (np.arange(join)[:, None] + 0.5) / join * np.pi / 2
    samples[:join] = samples[:join] * np.sin(turn) + samples[-join:] * np.cos(turn)
    return _normal(samples[:-join])


def at(period: Floats, level: float) -> Floats:
    """What `made` or `joined` gave, at `level` dBFS RMS a channel."""
    return period * np.float32(amplitude(level))


def _normal(samples: npt.NDArray[np.float64]) -> Floats:
    return np.asarray(samples / np.sqrt(np.square(samples).mean()), np.float32)
