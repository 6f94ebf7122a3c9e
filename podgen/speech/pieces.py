"""An utterance cut at its sentences, to be spoken one by one.

Engines that speak sentence by sentence join them themselves, when all are done; Kokoro also reads
neighbouring short ones together. A stream has to let go of each as it comes, and a server of many
must be able to speak another's in between; there both a stream and a whole answer are cut so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from podgen.engines.base import Samples, Utterance
from podgen.engines.joins import PARAGRAPH_GAP, SENTENCE_GAP
from podgen.text.sentences import split_sentences
from podgen.text.silence import is_silent

SENTENCE_ENGINES = frozenset({"hibari", "kokoro"})
"""Engines whose own unit is the sentence, or a few: each can be spoken by itself."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One sentence to speak, and the pause before it in seconds."""

    utterance: Utterance
    gap: float


def cut(utterance: Utterance, engine: str) -> list[Piece]:
    """The pieces a stream of `utterance` is spoken in; one, where the engine speaks whole turns."""
    if engine not in SENTENCE_ENGINES:
        return [Piece(utterance, 0.0)]
    pieces: list[Piece] = []
    gap = 0.0
    for sentence in split_sentences(utterance.text):
        if is_silent(sentence.text):
            continue
        pieces.append(Piece(replace(utterance, text=sentence.text), gap))
        pause = PARAGRAPH_GAP if sentence.ends_paragraph else SENTENCE_GAP
        gap = pause / utterance.speed
    return pieces or [Piece(utterance, 0.0)]


def slices(samples: Samples, rate: int) -> Iterator[Samples]:
    """`samples` in parts of at most half a second, so that no single message is large."""
    step = rate // 2
    for start in range(0, len(samples), step):
        yield samples[start : start + step]
