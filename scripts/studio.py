"""A small studio in numpy: instruments, a reverb, and a desk to lay notes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyloudnorm
import soundfile

RATE = 44100
CEILING = 10 ** (-3 / 20)

Mono = npt.NDArray[np.float64]  # [n]
Stereo = npt.NDArray[np.float64]  # [2, n]
Instrument = Callable[[float, float, np.random.Generator], Mono]
Note = tuple[float, int, float, float]
"""Beat, MIDI number, length in beats, velocity 0-1."""

# --- Instruments: (frequency in Hz, length in seconds, noise source) -> mono ---------------------


def seconds(length: float) -> Mono:
    """The sample times of `length` seconds."""
    return np.arange(round(length * RATE)) / RATE


def swell(length: float, attack: float, release: float) -> Mono:
    """A raised-cosine envelope: up in `attack` seconds, down in the last `release`."""
    t = seconds(length)
    up = np.clip(t / attack, 0, 1)
    down = np.clip((length - t) / release, 0, 1)
    envelope: Mono = (1 - np.cos(np.pi * up)) * (1 - np.cos(np.pi * down)) / 4
    return envelope


def pad(frequency: float, length: float, rng: np.random.Generator) -> Mono:
    """Slow strings: four detuned voices whose upper partials fade fast."""
    length += 1.6
    t = seconds(length)
    tone = np.zeros_like(t)
    for cents in (-7.0, -2.5, 3.0, 6.5):
        voice = frequency * 2 ** (cents / 1200)
        drift = 0.8 * np.sin(2 * np.pi * rng.uniform(0.08, 0.2) * t + rng.uniform(0, 6.3))
        for partial in range(1, 9):
            if partial * voice > 5000:
                break
            phase = 2 * np.pi * partial * voice * t + rng.uniform(0, 6.3) + drift
            tone += np.sin(phase) / partial**1.9
    return tone * swell(length, 0.7, 1.6) / 4


def keys(frequency: float, length: float, _rng: np.random.Generator) -> Mono:
    """An electric piano by frequency modulation, 1:1 for the body and 1:7 for the tine."""
    t = seconds(length + 2.0)
    w = 2 * np.pi * frequency * t
    body = np.sin(w + 1.1 * np.exp(-t / 0.35) * np.sin(w + 0.3))
    tine = 0.10 * np.exp(-t / 0.12) * np.sin(7 * w)
    decay = np.exp(-t / (1.5 * (220 / frequency) ** 0.35))
    held = np.clip((length + 2.0 - t) / 1.6, 0, 1) ** 2
    return (body + tine) * decay * held * np.clip(t / 0.006, 0, 1)


def pluck(frequency: float, length: float, rng: np.random.Generator) -> Mono:
    """A plucked string after Karplus and Strong (1983), stretched to its exact pitch."""
    period = int(RATE / frequency)
    burst = rng.uniform(-1, 1, period)
    for _ in range(3):  # a soft finger: less treble in the burst
        burst = (burst + np.roll(burst, 1)) / 2
    burst -= burst.mean()
    rounds = int((length + 1.8) * frequency) + 2
    string = np.empty((rounds, period))
    string[0] = burst
    decay = 2.6 * (220 / frequency) ** 0.4
    loss = 0.001 ** (1 / (frequency * decay))
    for k in range(1, rounds):
        previous = string[k - 1]
        before = np.concatenate(([string[k - 2, -1] if k > 1 else 0.0], previous[:-1]))
        string[k] = loss * (0.5 * previous + 0.5 * before)
    # The averaging delays by half a sample: the loop's period is period + 1/2.
    at = np.arange(round((length + 1.8) * RATE)) * (period + 0.5) * frequency / RATE
    tone = np.interp(at, np.arange(string.size), string.ravel(), right=0.0)
    tone *= np.clip((length + 1.8 - np.arange(tone.size) / RATE) / 1.0, 0, 1)
    strength: float = np.sqrt(np.mean(tone[: RATE // 5] ** 2))
    return tone * 0.3 / strength


def bass(frequency: float, length: float, _rng: np.random.Generator) -> Mono:
    """A round bass: a sine with a little of its octave."""
    t = seconds(length + 0.4)
    w = 2 * np.pi * frequency * t
    return (np.sin(w) + 0.22 * np.sin(2 * w)) * np.exp(-t / 2.2) * swell(length + 0.4, 0.02, 0.4)


def shaker(_frequency: float, _length: float, rng: np.random.Generator) -> Mono:
    """A grain of high noise."""
    t = seconds(0.14)
    return (
        filtered(rng.normal(size=t.size), 5500, 13000)
        * np.exp(-t / 0.03)
        * np.clip(t / 0.008, 0, 1)
    )


# --- The desk -----------------------------------------------------------------------------------


def filtered(signal: Mono, low: float, high: float) -> Mono:
    """A band of a signal, with gentle edges, by its spectrum."""
    f = np.fft.rfftfreq(signal.shape[-1], 1 / RATE)
    shape = 1 / np.sqrt(1 + (low / np.maximum(f, 1e-3)) ** 6) / np.sqrt(1 + (f / high) ** 6)
    band: Mono = np.fft.irfft(np.fft.rfft(signal) * shape, signal.shape[-1])
    return band


def room(rng: np.random.Generator, decay: float) -> Stereo:
    """A reverb's response: two channels of noise that darkens as it decays (RT60 in seconds)."""
    t = seconds(decay * 1.2)
    noise = rng.normal(size=(2, t.size))
    bright = filtered(noise, 180, 5000) * np.exp(-6.9 * t / (0.45 * decay))
    dark = filtered(noise, 180, 2200) * np.exp(-6.9 * t / decay)
    response = (bright + dark) * np.clip(t / 0.012, 0, 1)
    return np.asarray(response / np.sqrt((response**2).sum(axis=1, keepdims=True)))


class Desk:
    """A stereo tape to lay notes on. On a loop, what passes the end comes back at the start."""

    def __init__(self, length: float, beat: float, seed: int, *, loop: bool = False) -> None:
        self.mix: Stereo = np.zeros((2, round(length * RATE)))
        self.beat, self.loop = beat, loop
        self.rng = np.random.default_rng(seed)

    def lay(self, sound: Mono, at: float, gain: float, pan: float) -> None:
        """Add a mono sound at `at` seconds; `pan` from -1 to 1 at equal power."""
        size = self.mix.shape[1]
        index = round(at * RATE) + np.arange(sound.size)
        if self.loop:
            index %= size
        else:
            sound, index = sound[index < size], index[index < size]
        angle = (pan + 1) * np.pi / 4
        for channel, weight in enumerate((np.cos(angle), np.sin(angle))):
            np.add.at(self.mix[channel], index, gain * weight * sound)

    def play(
        self, instrument: Instrument, notes: Iterable[Note], gain: float, width: float = 0.0
    ) -> None:
        """Play notes, spread over `width` of the stage by their pitch and alternately."""
        for number, (beat, midi, length, velocity) in enumerate(notes):
            sound = instrument(440 * 2 ** ((midi - 69) / 12), length * self.beat, self.rng)
            self.lay(sound, beat * self.beat, gain * velocity, width * (1 if number % 2 else -1))

    def reverb(self, wet: float, decay: float) -> None:
        """Add a room. On a loop the tail wraps round."""
        size = self.mix.shape[1]
        response = room(self.rng, decay)
        length = size if self.loop else size + response.shape[1]
        spectrum = np.fft.rfft(self.mix, length) * np.fft.rfft(response, length)
        self.mix = self.mix + wet * np.fft.irfft(spectrum, length)[:, :size]

    def equalise(self, curve: Iterable[tuple[float, float]]) -> None:
        """Shape the spectrum by (Hz, dB) points, straight lines between on a log scale."""
        frequencies, gains = zip(*curve, strict=True)
        size = self.mix.shape[1]
        f = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 1.0)
        shape = 10 ** (np.interp(np.log(f), np.log(frequencies), gains) / 20)
        shape[0] = 0.0  # no DC
        self.mix = np.fft.irfft(np.fft.rfft(self.mix) * shape, size)

    def write(self, path: Path, loudness: float, fade: float = 0.05, *, mono: bool = False) -> None:
        """Bring to `loudness` LUFS, but no nearer to full scale than the ceiling; write FLAC.

        Effects are `mono`: it is the show that places them.
        """
        if mono:
            self.mix = self.mix.mean(axis=0, keepdims=True)
        if not self.loop:
            ramp = np.clip(np.arange(self.mix.shape[1])[::-1] / (fade * RATE), 0, 1)
            self.mix = self.mix * ramp
        measured = pyloudnorm.Meter(RATE).integrated_loudness(self.mix.T)
        gain = min(10 ** ((loudness - measured) / 20), CEILING / _true_peak(self.mix))
        soundfile.write(
            path, self.mix.T * gain, RATE, subtype="PCM_16", format="FLAC", compression_level=1.0
        )


def _true_peak(mix: Stereo) -> float:
    """The peak of four times as many samples, as BS.1770 asks for."""
    size = mix.shape[1]
    return float(np.abs(np.fft.irfft(np.fft.rfft(mix), 4 * size) * 4).max())


def chord(beat: float, midi: Iterable[int], length: float, velocity: float) -> list[Note]:
    """Notes together, rolled a little from the bottom up."""
    return [(beat + 0.03 * i, note, length, velocity) for i, note in enumerate(midi)]
