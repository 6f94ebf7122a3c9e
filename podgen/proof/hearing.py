"""What is said in a sound, word by word: Whisper on CTranslate2.

A take is heard in windows of its own length: the encoder takes any number of frames up to 30 s,
so that a turn of six seconds costs a fifth of what Whisper's padding to 30 s does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from podgen.errors import MachineError
from podgen.proof import weights
from podgen.proof.ctc import FRAME_SECONDS, Floats, spell
from podgen.text.language import primary

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

RATE = 16_000
"""Samples a second that Whisper hears."""
WINDOW_SECONDS = 28.0
"""Longer takes are cut where they are quietest before this."""
_SEARCH_SECONDS = 10.0
_TAIL_SECONDS = 1.0
"""Silence behind the sound, without which the last word is guessed at."""
_CLOSE_TAIL_SECONDS = 6.0
"""With less than this it now and then begins the text anew after its end."""
_HOP = RATE // 100
_FIGURES = re.compile(r"[0-9$£€%¥@#&+=<>°²³¹¼½¾]")
_BEAMS = 5


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as it was heard, from `start` to `end` in seconds, 0 to 1 sure."""

    text: str
    start: float
    end: float
    sure: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a sound, and what `ctc.spell` hears in it; None of another model's states."""

    words: tuple[HeardWord, ...]
    letters: Floats | None


class Hearing:
    """A loaded Whisper model on the CPU, weights in eight bits.

    Raises:
        MachineError: faster-whisper or weights are missing.
    """

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        if not weights.installed():
            raise MachineError("hearing takes needs faster-whisper", weights.INSTALL)
        from faster_whisper import WhisperModel

        self._model: WhisperModel = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=2
        )
        self._spells = weights.fingerprint(folder) == weights.SHA256["model.bin"]
        tokens: Any = self._model.hf_tokenizer
        self._figures = [
            n for n in tokens.get_vocab().values() if _FIGURES.search(tokens.decode([n]))
        ]

    def knows(self, language: str) -> bool:
        """Whether it hears a language, given by its BCP 47 tag."""
        return primary(language) in self._model.supported_languages

    def hear(self, samples: Floats, language: str, *, closely: bool = False) -> Reading:
        """What mono samples at 16 kHz say; figures come as words.

        `closely` searches among several readings, which takes several times as long.
        """
        words: list[HeardWord] = []
        letters: list[Floats] = []
        for start, window in _windows(samples):
            encoded = self._encoded(window, _CLOSE_TAIL_SECONDS if closely else _TAIL_SECONDS)
            words += self._window(encoded, window, start / RATE, language, closely=closely)
            if self._spells:
                letters.append(
                    spell(np.array(encoded, np.float32)[0])[
                        : round(len(window) / RATE / FRAME_SECONDS)
                    ]
                )
        return Reading(tuple(words), np.concatenate(letters) if letters else None)

    def states(self, samples: Floats) -> Floats:
        """The encoder's states of a window of mono samples at 16 kHz, shape [frames, 512]."""
        states: Floats = np.array(self._encoded(samples, _TAIL_SECONDS), np.float32)[0]
        return states

    def _encoded(self, samples: Floats, tail: float) -> Any:
        """The encoder's states of one window with some seconds of silence behind it."""
        model: Any = self._model
        frames = min(3000, (len(samples) + round(tail * RATE)) // _HOP // 2 * 2)
        padded = np.zeros(frames * _HOP, np.float32)
        padded[: min(len(samples), len(padded))] = samples[: len(padded)]
        features = model.feature_extractor(padded, padding=0)[:, :frames]
        return model.encode(features[np.newaxis])

    def write_down(self, samples: npt.NDArray[np.float32], language: str) -> str:
        """What is said in mono samples at 16 kHz, with its punctuation; figures come as words.

        Empty where there is no speech, in which a recogniser hears some all the same.
        """
        from faster_whisper.vad import get_speech_timestamps

        windows = [window for _, window in _windows(samples) if get_speech_timestamps(window)]
        readings = (
            self._read(self._encoded(window, _CLOSE_TAIL_SECONDS), window, language, closely=True)
            for window in windows
        )
        texts = (tokenizer.decode(tokens).strip() for tokenizer, tokens in readings)
        return " ".join(text for text in texts if text)

    def _window(
        self, encoded: Any, samples: Floats, offset: float, language: str, *, closely: bool
    ) -> Iterator[HeardWord]:
        tokenizer, tokens = self._read(encoded, samples, language, closely=closely)
        return _words(self._model, tokenizer, tokens, encoded, len(samples) // _HOP, offset)

    def _read(
        self, encoded: Any, samples: Floats, language: str, *, closely: bool
    ) -> tuple[Any, list[int]]:
        """A tokenizer and the text's tokens of a window that the encoder has heard."""
        from faster_whisper.tokenizer import Tokenizer

        model: Any = self._model
        tokenizer = Tokenizer(
            model.hf_tokenizer, True, task="transcribe", language=primary(language)
        )
        result = model.model.generate(
            encoded,
            [model.get_prompt(tokenizer, [], without_timestamps=True)],
            beam_size=_BEAMS if closely else 1,
            suppress_tokens=[-1, *self._figures],
            # No voice says eight tokens a second; a model that has lost its way does.
            max_length=min(448, 16 + round(8 * len(samples) / RATE)),
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        return tokenizer, tokens


def _words(
    model: Any, tokenizer: Any, tokens: list[int], encoded: Any, frames: int, offset: float
) -> Iterator[HeardWord]:
    """The words of a reading with their times, punctuation left out."""
    if not tokens:
        return
    for found in model.find_alignment(tokenizer, [tokens], encoded, max(2, frames))[0]:
        text = found["word"].strip()
        if any(char.isalnum() for char in text):
            start, end = float(found["start"]), float(found["end"])
            yield HeardWord(
                text,
                round(offset + start, 3),
                round(offset + max(start, end), 3),
                round(float(found["probability"]), 3),
            )


def _windows(samples: npt.NDArray[np.float32]) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """Parts of a sound that the encoder takes, with their places, cut in the quietest moment."""
    longest, search = round(WINDOW_SECONDS * RATE), round(_SEARCH_SECONDS * RATE)
    start = 0
    while len(samples) - start > longest:
        tail = samples[start + longest - search : start + longest]
        blocks = tail[: len(tail) // _HOP * _HOP].reshape(-1, _HOP)
        power = np.convolve((blocks**2).mean(axis=1), np.ones(20), mode="same")
        end = start + longest - search + int(power.argmin()) * _HOP
        yield start, samples[start:end]
        start = end
    yield start, samples[start:]
