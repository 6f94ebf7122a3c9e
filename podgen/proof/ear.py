"""The ear: what was heard of a take, gathered once; what it comes to is judged in `judge`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from podgen.errors import MachineError
from podgen.proof import weights
from podgen.proof.alignment import times
from podgen.proof.ctc import Misfit, likelihood, misfits
from podgen.proof.differences import Difference, differences
from podgen.proof.hearing import RATE, HeardWord, Hearing
from podgen.proof.sound import Sound, measure
from podgen.proof.spelling import letters, split
from podgen.proof.voice import WIDTH, VoiceEncoder, Windows

VERSION = 4
"""Raised when the same take would give other evidence."""
SUSPICIOUS = 6.0
"""A misfit of such a weight makes it worth to hear a take a second time."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a take should say.

    Attributes:
        text: as spoken, in words; paragraphs apart by a blank line.
        language: a BCP 47 tag.
        names: words of it with a pronunciation of their own, which may be heard as anything near.
    """

    text: str
    language: str
    names: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """Its words that have a sound."""
        return split(self.text)

    @property
    def name_letters(self) -> frozenset[str]:
        """The names as `words.letters` writes them."""
        return frozenset(letters(word) for name in self.names for word in split(name))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was heard of a take.

    `words` is None where the language is one that nobody here hears. Where they are not what is
    written, the take was heard a second time: `words` is then the nearer reading, `again` the other
    one. `differing` has what differs from the text in each reading; `misfits` are words that the
    sound's letters do not hold and letters that no word holds, None where that cannot be told.
    `voice` has no windows where there is no speaker encoder.
    """

    words: tuple[HeardWord, ...] | None
    again: tuple[HeardWord, ...] | None
    misfits: tuple[Misfit, ...] | None
    differing: tuple[tuple[Difference, ...], ...]
    sound: Sound
    voice: Windows

    def to_json(self) -> dict[str, Any]:
        """All but the voice's embeddings as plain values."""
        return {
            "words": _plain(self.words),
            "again": _plain(self.again),
            "differing": [[astuple(one) for one in reading] for reading in self.differing],
            "misfits": None if self.misfits is None else [astuple(one) for one in self.misfits],
            "sound": self.sound.to_json(),
            "spans": self.voice.spans.round(2).tolist(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], embeddings: npt.NDArray[np.float32]) -> Evidence:
        """From plain values and the embeddings, of any shape.

        Raises:
            TypeError, KeyError, ValueError: they are none.
        """
        spans = np.array(values["spans"], float).reshape(-1, 2)
        return cls(
            _words(values["words"]),
            _words(values["again"]),
            None if values["misfits"] is None else tuple(Misfit(*one) for one in values["misfits"]),
            tuple(tuple(Difference(*one) for one in each) for each in values["differing"]),
            Sound.from_json(values["sound"]),
            Windows(embeddings.reshape(len(spans), WIDTH), spans),
        )


class Ear:
    """Hears takes. What it needs is loaded when the first one is heard.

    Args:
        model: a folder with another Whisper model for CTranslate2 than base.
        threads: how many the recogniser may use.
    """

    def __init__(self, model: Path | None = None, *, threads: int = 2) -> None:
        self._model = model
        self._threads = threads
        self._loading = threading.Lock()

    def fingerprint(self) -> str:
        """Names everything that changes what is heard.

        Raises:
            MachineError: packages or weights are missing.
        """
        voice = weights.VOICE_SHA256[:16] if self._encoder_file else "none"
        return f"{VERSION}/{weights.fingerprint(self._folder)[:16]}/{voice}"

    @property
    def knows_voices(self) -> bool:
        """Whether there is a speaker encoder."""
        return self._encoder_file is not None

    def listen(self, samples: npt.NDArray[np.float32], rate: int, said: Said) -> Evidence:
        """Hear mono samples, shape [frames], at `rate` Hz.

        Raises:
            MachineError: packages or weights are missing.
        """
        with self._loading:  # once, however many threads hear
            _ = self._hearing, self._encoder
        heard = _resampled(samples, rate)
        sound = measure(samples, rate)
        words, again, unlike, differing = self._words(heard, said)
        if unlike:
            spans = times(said.words, words or (), sound.end, said.language)
            unlike = tuple(_timed(one, spans) for one in unlike)
        return Evidence(words, again, unlike, differing, sound, self._windows(heard))

    def write_down(self, samples: npt.NDArray[np.float32], rate: int, language: str) -> str:
        """What is said in mono samples of which no text is known, figures in words.

        Raises:
            MachineError: packages or weights are missing, or nobody here hears that language.
        """
        if not self._hearing.knows(language):
            raise MachineError(f"nothing here hears '{language}'", "write what is said yourself")
        return self._hearing.write_down(_resampled(samples, rate), language)

    def _words(
        self, samples: npt.NDArray[np.float32], said: Said
    ) -> tuple[
        tuple[HeardWord, ...] | None,
        tuple[HeardWord, ...] | None,
        tuple[Misfit, ...] | None,
        tuple[tuple[Difference, ...], ...],
    ]:
        """What is heard, what is heard a second time if that is not what is written, what does not
        fit, and what differs in either."""
        if not self._hearing.knows(said.language):
            return None, None, None, ()
        first = self._hearing.hear(samples, said.language)
        unlike = None if first.letters is None else misfits(first.letters, said.words)
        found = _differing(said, first.words)
        kept = None if unlike is None else tuple(unlike)
        if not found and not (kept and kept[0].weight >= SUSPICIOUS):
            return first.words, None, kept, ((),)
        second = self._hearing.hear(samples, said.language, closely=True)
        readings = [(found, first.words), (_differing(said, second.words), second.words)]
        readings.sort(key=lambda one: sum(each.letters for each in one[0]))
        differing = tuple(
            tuple(_weighed(first.letters, said.words, one, reading) for one in found)
            for found, reading in readings
        )
        return readings[0][1], readings[1][1], kept, differing

    def _windows(self, samples: npt.NDArray[np.float32]) -> Windows:
        if self._encoder is None:
            return Windows(np.zeros((0, WIDTH), np.float32), np.zeros((0, 2)))
        return self._encoder.windows(samples)

    @cached_property
    def _folder(self) -> Path:
        return weights.whisper(self._model)

    @cached_property
    def _hearing(self) -> Hearing:
        return Hearing(self._folder, threads=self._threads)

    @cached_property
    def _encoder_file(self) -> Path | None:
        return weights.voice_encoder()

    @cached_property
    def _encoder(self) -> VoiceEncoder | None:
        return VoiceEncoder(self._encoder_file) if self._encoder_file else None


def _differing(said: Said, reading: tuple[HeardWord, ...]) -> list[Difference]:
    return differences(said.words, reading, said.language, said.name_letters)


def _timed(misfit: Misfit, spans: list[tuple[float, float]]) -> Misfit:
    """A misfit with the time in which its words are heard, of those of each word of the text."""
    if misfit.first == misfit.last:
        return misfit
    seconds = spans[misfit.last - 1][1] - spans[misfit.first][0]
    return replace(misfit, lasting=round(seconds, 2))


def _weighed(
    scores: npt.NDArray[np.float32] | None,
    text: list[str],
    one: Difference,
    reading: tuple[HeardWord, ...],
) -> Difference:
    """A difference with what the letters gain by it."""
    if scores is None:
        return one
    heard = [word.text for word in reading[one.heard_first : one.heard_last]]
    as_heard = likelihood(scores, [*text[: one.first], *heard, *text[one.last :]])
    written = likelihood(scores, text)
    if as_heard is None or written is None:
        return one
    return replace(one, gain=round(as_heard - written, 1))


def _plain(words: tuple[HeardWord, ...] | None) -> list[list[Any]] | None:
    return (
        None if words is None else [[word.text, word.start, word.end, word.sure] for word in words]
    )


def _words(values: Any) -> tuple[HeardWord, ...] | None:
    return None if values is None else tuple(HeardWord(*word) for word in values)


def _resampled(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float32]:
    """At 16 kHz and within full scale, as the recogniser takes it."""
    import soxr

    heard = samples if rate == RATE else soxr.resample(samples, rate, RATE)
    peak = float(np.abs(heard).max()) if len(heard) else 0.0
    return np.ascontiguousarray(heard / max(peak, 1.0), np.float32)
