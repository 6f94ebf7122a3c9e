"""An utterance cut at its sentences, and the same sentences joined again as they are spoken.

Engines that speak sentence by sentence join them by `podgen.engines.joins.join`, which wants all
of them at once. A stream has to let go of each as it comes, and sounds the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from podgen.engines.base import Samples, Utterance
from podgen.engines.joins import PARAGRAPH_GAP, SENTENCE_GAP, speech_span
from podgen.engines.sentences import split_sentences
from podgen.engines.speakable import has_words

SENTENCE_ENGINES = frozenset({"hibari", "kokoro"})
"""Engines whose own unit is the sentence, or a few: each can be spoken by itself."""

_MARGIN = 0.03  # seconds kept around the speech of a piece at a join, and the fade there
_FADE = 0.008


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
        if not has_words(sentence.text):
            continue
        pieces.append(Piece(replace(utterance, text=sentence.text), gap))
        pause = PARAGRAPH_GAP if sentence.ends_paragraph else SENTENCE_GAP
        gap = pause / utterance.speed
    return pieces or [Piece(utterance, 0.0)]


class Joiner:
    """Joins pieces in order, giving back each piece with the pause before it."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._tail: int | None = None  # samples of quiet after the last piece's speech

    def add(self, samples: Samples, gap: float, *, last: bool) -> Samples:
        """The next piece; `gap` seconds are heard between it and the one before."""
        rate = self._rate
        margin, fade = round(rate * _MARGIN), round(rate * _FADE)
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        start, end = speech_span(samples, rate)
        opens = self._tail is None
        first = 0 if opens else max(0, start - margin)
        stop = len(samples) if last else min(len(samples), end + margin)
        piece = samples[first:stop].copy()
        silence = 0
        n = min(fade, len(piece))
        if not opens:
            silence = max(0, round(gap * rate) - (self._tail or 0) - (start - first))
            piece[:n] *= ramp[:n]
        if not last:
            piece[len(piece) - n :] *= ramp[:n][::-1]
        self._tail = stop - end
        return np.concatenate([np.zeros(silence, np.float32), piece])


def slices(samples: Samples, rate: int) -> Iterator[Samples]:
    """`samples` in parts of at most half a second, so that no single message is large."""
    step = rate // 2
    for start in range(0, len(samples), step):
        yield samples[start : start + step]
