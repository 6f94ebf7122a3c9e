"""Planting faults in takes: what speech models do, done on purpose at places known.

Places are between words, by the word times of the ear itself on the whole take; cuts and joins are
crossfaded over 5 ms so that no click gives them away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import soxr

from benchmarks.proof.takes import Take
from podgen.proof import Evidence, Said, word_times
from podgen.proof.spelling import letters

Floats = npt.NDArray[np.float32]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Ground:
    """A whole take to plant in, what it says, and when it says each word."""

    take: Take
    said: Said
    evidence: Evidence

    @property
    def spans(self) -> list[Span]:
        """When each word of the text is said."""
        return word_times(
            self.said.words,
            self.evidence.words or (),
            self.evidence.sound.end,
            self.said.language,
        )


@dataclass(frozen=True, slots=True)
class Planted:
    """A harmed take: samples at the rate of its ground."""

    kind: str
    ground: Ground
    samples: Floats


def _joined(parts: Sequence[Floats], rate: int) -> Floats:
    """Parts one after the other, crossfaded over 5 ms."""
    fade = rate // 200
    out = parts[0]
    for part in parts[1:]:
        if len(out) < fade or len(part) < fade:
            out = np.concatenate((out, part))
            continue
        rise = np.linspace(0, 1, fade, dtype=np.float32)
        middle = out[-fade:] * (1 - rise) + part[:fade] * rise
        out = np.concatenate((out[:-fade], middle, part[fade:]))
    return out


def _seam(ground: Ground, before: int) -> int:
    """The quietest sample between word `before` - 1 and the next, within 60 ms of its beginning."""
    take, spans = ground.take, ground.spans
    at = spans[before][0] if before < len(spans) else spans[-1][1]
    first = max(0, round((at - 0.06) * take.rate))
    stretch = take.samples[first : round((at + 0.06) * take.rate)]
    if len(stretch) < 200:
        return min(len(take.samples), round(at * take.rate))
    power = np.convolve(stretch**2, np.ones(take.rate // 200), mode="same")
    return first + int(power.argmin())


def _level(samples: Floats) -> float:
    return float(np.sqrt(np.mean(samples**2))) + 1e-9


def _like(samples: Floats, rate: int, ground: Ground) -> Floats:
    """Another sound at the rate and the level of a take."""
    other = samples if rate == ground.take.rate else soxr.resample(samples, rate, ground.take.rate)
    return (other * (_level(ground.take.samples) / _level(other))).astype(np.float32)


Rng = np.random.Generator
Fault = Callable[[Ground, Sequence[Take], Rng], Floats | None]
"""Harms a take, with other takes at hand; None where that take does not lend itself to it."""


def word_cut(ground: Ground, _others: Sequence[Take], rng: Rng) -> Floats | None:
    """A word of four letters or more is missing."""
    words = ground.said.words
    fit = [n for n in range(1, len(words)) if len(letters(words[n])) >= 4]
    if not fit:
        return None
    at = int(rng.choice(fit))
    return _without(ground, at, at + 1)


def sentence_cut(ground: Ground, _others: Sequence[Take], rng: Rng) -> Floats | None:
    """A sentence or a clause of at least three words is missing."""
    words = ground.said.words
    ends = [0, *(n + 1 for n, word in enumerate(words) if re.search(r"[.!?,;:]$", word))]
    parts = [(a, b) for a, b in pairwise(ends) if b - a >= 3]
    if len(parts) < 2:
        return None
    return _without(ground, *parts[int(rng.integers(len(parts)))])


def _without(ground: Ground, first: int, last: int) -> Floats:
    samples, rate = ground.take.samples, ground.take.rate
    return _joined([samples[: _seam(ground, first)], samples[_seam(ground, last) :]], rate)


def end_cut(ground: Ground, _others: Sequence[Take], _rng: Rng) -> Floats | None:
    """The take ends at 70 % of its speech."""
    if len(ground.said.words) < 5:
        return None
    sound = ground.evidence.sound
    return ground.take.samples[
        : round((sound.start + 0.7 * (sound.end - sound.start)) * ground.take.rate)
    ]


def said_twice(ground: Ground, _others: Sequence[Take], rng: Rng) -> Floats | None:
    """A phrase of two to five words is said twice."""
    count = len(ground.said.words)
    if count < 6:
        return None
    length = int(rng.integers(2, 6))
    first = int(rng.integers(0, count - length + 1))
    a, b = _seam(ground, first), _seam(ground, first + length)
    samples = ground.take.samples
    return _joined([samples[:b], samples[a:b], samples[b:]], ground.take.rate)


def silence(ground: Ground, _others: Sequence[Take], rng: Rng) -> Floats | None:
    """1.2 s of silence between two words."""
    count = len(ground.said.words)
    if count < 4:
        return None
    at = _seam(ground, int(rng.integers(1, count)))
    samples, rate = ground.take.samples, ground.take.rate
    return _joined([samples[:at], np.zeros(round(1.2 * rate), np.float32), samples[at:]], rate)


def other_voice(ground: Ground, others: Sequence[Take], _rng: Rng) -> Floats | None:
    """The second half of the same text in another voice."""
    words = ground.said.words
    same = [other for other in others if other.text == ground.take.text]
    if len(words) < 8 or not same:
        return None
    other = same[0]
    start = ground.evidence.sound.start
    at = _seam(ground, len(words) // 2)
    share = (at / ground.take.rate - start) / (ground.evidence.sound.end - start)
    sound = _like(other.samples, other.rate, ground)
    loud = np.flatnonzero(np.abs(sound) > 0.05 * np.abs(sound).max())
    first = int(loud[0] + share * (loud[-1] - loud[0]))
    return _joined([ground.take.samples[:at], sound[first:]], ground.take.rate)


def other_sentence(ground: Ground, others: Sequence[Take], rng: Rng) -> Floats | None:
    """A sentence of another speaker in the place of the second half."""
    fit = [
        other
        for other in others
        if other.language == ground.take.language
        and other.voice != ground.take.voice
        and other.text != ground.take.text
        and len(other.samples) > 2 * other.rate
    ]
    if len(ground.said.words) < 6 or not fit:
        return None
    other = fit[int(rng.integers(len(fit)))]
    at = _seam(ground, len(ground.said.words) // 2)
    return _joined(
        [ground.take.samples[:at], _like(other.samples, other.rate, ground)], ground.take.rate
    )


def noise(ground: Ground, _others: Sequence[Take], rng: Rng) -> Floats | None:
    """White or pink noise 5 to 15 dB under the speech, all along."""
    samples = ground.take.samples
    return samples + _noise(len(samples), rng) * _level(samples) * 10 ** (-rng.uniform(5, 15) / 20)


def noise_burst(ground: Ground, _others: Sequence[Take], rng: Rng) -> Floats | None:
    """Half a second of noise, up to 6 dB under the speech."""
    samples, length = ground.take.samples, ground.take.rate // 2
    if len(samples) < 3 * length:
        return None
    sound = ground.evidence.sound
    first = round(rng.uniform(sound.start, max(sound.start, sound.end - 0.5)) * ground.take.rate)
    out = samples.copy()
    stretch = out[first : first + length]
    stretch += _noise(len(stretch), rng) * _level(samples) * 10 ** (-rng.uniform(0, 6) / 20)
    return out


def _noise(count: int, rng: Rng) -> Floats:
    white = rng.standard_normal(count)
    if rng.random() < 0.5:
        spectrum = np.fft.rfft(white)
        spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20))
        white = np.fft.irfft(spectrum, count)
    level: Floats = (white / np.sqrt(np.mean(white**2))).astype(np.float32)
    return level


def foreign(ground: Ground, others: Sequence[Take], rng: Rng) -> Floats | None:
    """Half a second of another language, from the middle of a take, between two words."""
    fit = [other for other in others if other.language != ground.take.language]
    fit = [other for other in fit if len(other.samples) > 2 * other.rate]
    if len(ground.said.words) < 4 or not fit:
        return None
    other = fit[int(rng.integers(len(fit)))]
    return _inserted(ground, other.samples, other.rate, rng)


def babble(ground: Ground, others: Sequence[Take], rng: Rng) -> Floats | None:
    """Half a second of the voice's own speech played backwards, between two words."""
    fit = [other for other in others if other.voice == ground.take.voice]
    fit = [other for other in fit if len(other.samples) > 2 * other.rate]
    if len(ground.said.words) < 4 or not fit:
        return None
    other = fit[int(rng.integers(len(fit)))]
    return _inserted(ground, other.samples[::-1], other.rate, rng)


def _inserted(ground: Ground, sound: Floats, rate: int, rng: Rng) -> Floats:
    """The loudest half second of three tries."""
    tries = [int(rng.integers(rate // 2, len(sound) - rate)) for _ in range(3)]
    piece = max((sound[at : at + rate // 2] for at in tries), key=_level)
    at = _seam(ground, int(rng.integers(1, len(ground.said.words))))
    samples = ground.take.samples
    return _joined([samples[:at], _like(piece, rate, ground), samples[at:]], ground.take.rate)


FAULTS: dict[str, Fault] = {
    "a word cut": word_cut,
    "a sentence cut": sentence_cut,
    "end cut at 70 %": end_cut,
    "a phrase twice": said_twice,
    "1.2 s of silence": silence,
    "the same words by another voice": other_voice,
    "a sentence of another speaker": other_sentence,
    "noise": noise,
    "a burst of noise": noise_burst,
    "half a second of another language": foreign,
    "half a second of babble": babble,
}
