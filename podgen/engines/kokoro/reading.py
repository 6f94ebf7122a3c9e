"""From an utterance to the pieces that the model is given one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from podgen.engines import english
from podgen.engines.base import Utterance
from podgen.engines.joins import PARAGRAPH_GAP, SENTENCE_GAP
from podgen.engines.kokoro import voices
from podgen.engines.kokoro.espeak import Espeak
from podgen.engines.kokoro.model import vocabulary
from podgen.errors import EngineError, Problem
from podgen.text.language import primary
from podgen.text.sentences import Sentence, split_clauses, split_sentences

LONGEST = 250
"""Phonemes in a piece, about 15 s. The model takes 510, but memory grows with the length."""
_CLAUSE_GAP = 0.15


@dataclass(frozen=True, slots=True)
class Piece:
    """Phonemes for one run of the model, and the pause after it in seconds at normal speed."""

    phonemes: str
    gap: float


class Reader:
    """Holds the G2Ps that a job has needed so far."""

    def __init__(self) -> None:
        self._english: dict[bool, english.G2P] = {}
        self._espeak: Espeak | None = None

    def pieces(self, utterance: Utterance) -> list[Piece]:
        """The utterance as pieces of whole sentences, as even in length as they come.

        Raises:
            EngineError: naming what cannot be said.
        """
        voice = voices.parse(utterance.voice)
        if primary(voice.language) == "en":
            if voice.british not in self._english:
                self._english[voice.british] = english.G2P(british=voice.british)
            sentences = english.phonemes(self._english[voice.british], utterance)
        else:
            sentences = self._foreign(utterance, primary(voice.language))
        strange = {c for sentence in sentences for c in sentence.text if c not in vocabulary()}
        if strange:
            raise EngineError(
                Problem(
                    f"kokoro has no sound for `{''.join(sorted(strange))}`",
                    "respell the word in the lexicon",
                    turn=utterance.id,
                )
            )
        return [piece for paragraph in _paragraphs(sentences) for piece in _pack(paragraph)]

    def _foreign(self, utterance: Utterance, language: str) -> list[Sentence]:
        if self._espeak is None:
            self._espeak = Espeak()
        words: Mapping[str, str] = dict(utterance.phonemes)
        return [
            replace(sentence, text=self._espeak.phonemes(sentence.text, language, words))
            for sentence in split_sentences(utterance.text)
        ]


def _paragraphs(sentences: Iterable[Sentence]) -> Iterable[list[str]]:
    paragraph: list[str] = []
    for sentence in sentences:
        paragraph.append(sentence.text)
        if sentence.ends_paragraph:
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _pack(sentences: list[str]) -> list[Piece]:
    """Neighbouring sentences together, so long as they stay within LONGEST."""
    runs: list[tuple[str, float]] = []
    for sentence in sentences:
        parts = split_clauses(sentence, LONGEST)
        runs += [(part, _CLAUSE_GAP) for part in parts[:-1]]
        runs.append((parts[-1], SENTENCE_GAP))
    total = sum(len(text) + 1 for text, _ in runs)
    even = total / -(-total // LONGEST)
    pieces: list[Piece] = []
    text, gap = "", 0.0
    for run, after in runs:
        if text and (len(text) + 1 + len(run) > LONGEST or len(text) + len(run) / 2 > even):
            pieces.append(Piece(text, gap))
            text = ""
        text, gap = f"{text} {run}".strip(), after
    return [*pieces, Piece(text, PARAGRAPH_GAP)]
