"""Utterances on their way through a batch: their turns, the retries, and what they become."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from podgen.engines.base import Samples, Utterance
from podgen.engines.checks import Heard
from podgen.engines.continuous import Delivery, Failed, Part
from podgen.engines.joins import Joiner, settled
from podgen.engines.voxtral.batch.decoding import Chunk, Generated
from podgen.engines.voxtral.batch.slots import Turn
from podgen.engines.voxtral.batch.work import Lost, Result
from podgen.engines.voxtral.text import pace
from podgen.engines.voxtral.text.pieces import Piece
from podgen.errors import EngineError, Problem

CutText = Callable[[Utterance], Sequence[Piece]]
MakeTurn = Callable[["Spoken", int, int], Turn]
"""Makes the turn of a piece, by its number, at an attempt."""


@dataclass(slots=True)
class Spoken:
    """An utterance on its way.

    Attributes:
        key: what names it in the ids of its turns, `key/piece/attempt`.
        in_parts: whether its sound is handed on before it is done: that of its first piece as it
            is generated, the others piece by piece.
    """

    key: str
    utterance: Utterance
    in_parts: bool
    rate: int
    pieces: Sequence[Piece] = ()
    opening: list[Samples] = field(default_factory=list)  # of the first piece, in chunks
    given: int = 0  # samples handed on
    done: dict[int, Samples] = field(default_factory=dict)  # pieces by number
    joined: list[Samples] = field(default_factory=list)  # what is kept until the end
    after: int = 0  # the piece that is joined next
    joiner: Joiner = field(init=False)
    heard: Heard = field(init=False)

    def __post_init__(self) -> None:
        self.joiner, self.heard = Joiner(self.rate), Heard(self.utterance, self.rate)

    @property
    def complete(self) -> bool:
        """Whether all pieces are joined."""
        return self.after == len(self.pieces)

    def open(self, samples: Samples) -> Samples:
        """More of the first piece; returns what can be handed on."""
        self.opening.append(samples)
        if len(self.pieces) == 1:
            return self._onward(samples)
        self.opening = [np.concatenate(self.opening)]
        return self._onward(self.opening[0][self.given : settled(self.opening[0], self.rate)])

    def close(self, number: int, samples: Samples) -> Samples:
        """The rest of a piece; returns what it makes possible to hand on."""
        if number == 0:
            samples = np.concatenate([*self.opening, samples])
            self.opening = []
        self.done[number] = samples
        fresh: list[Samples] = []
        while self.after in self.done:
            number = self.after
            gap = self.pieces[number - 1].gap if number else 0.0
            self.after += 1
            piece = self.joiner.add(self.done.pop(number), gap, last=self.complete)
            fresh.append(piece if number else piece[self.given :])
        return self._onward(np.concatenate(fresh)) if fresh else np.zeros(0, np.float32)

    def _onward(self, samples: Samples) -> Samples:
        self.given += len(samples)
        self.heard.add(samples)
        return samples


class Speaking:
    """All utterances that are on their way; safe between threads.

    Args:
        name: the engine's, for what it says of failures.
        rate: samples a second.
        retries: how often a piece that ended badly is generated again.
        cut: an utterance's pieces.
        make_turn: see `MakeTurn`.
    """

    def __init__(
        self, name: str, rate: int, retries: int, cut: CutText, make_turn: MakeTurn
    ) -> None:
        self._name = name
        self._rate = rate
        self._retries = retries
        self._cut = cut
        self._make_turn = make_turn
        self._spoken: dict[str, Spoken] = {}
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """How many utterances are neither complete nor failed nor dropped."""
        return len(self._spoken)

    def begin(self, key: str, utterance: Utterance, *, in_parts: bool = False) -> list[Turn]:
        """Take an utterance on, and return its turns. It is on its way even where this raises.

        Raises:
            EngineError: where the model cannot hold one of them.
        """
        one = Spoken(key, utterance, in_parts, self._rate)
        with self._lock:
            self._spoken[key] = one
        one.pieces = self._cut(utterance)
        return [self._make_turn(one, number, 0) for number in range(len(one.pieces))]

    def wants(self, turn: Turn) -> bool:
        """Whether a turn's utterance is still on its way."""
        return key_of(turn.id) in self._spoken

    def drop(self, key: str) -> None:
        """Nobody waits for an utterance any more."""
        with self._lock:
            self._spoken.pop(key, None)

    def take(self, result: Result) -> tuple[list[Turn], list[Delivery]]:
        """What a result amounts to: turns to be generated anew, and what to hand on."""
        with self._lock:
            one = self._spoken.get(
                key_of(result.id if isinstance(result, Lost) else result.turn.id)
            )
            if one is None:
                return [], []
            if isinstance(result, Lost):
                return self._lost(one, result)
            if isinstance(result, Chunk):
                samples = one.open(result.samples)
                return [], [Part(one.key, samples, self._rate, False)] if len(samples) else []
            return self._generated(one, result)

    def _generated(self, one: Spoken, result: Generated) -> tuple[list[Turn], list[Delivery]]:
        _, number, attempt = _parts(result.turn.id)
        text = one.pieces[number].text
        if wrong := pace.fault(text, result.frames, result.ended):
            heard = number == 0 and bool(one.opening)
            if attempt < self._retries and not heard:
                return [self._make_turn(one, number, attempt + 1)], []
            tried = "while it was heard" if heard else f"with each of {attempt + 1} seeds"
            return [], [self._failed(one, self._ended_badly(one, wrong, tried, text))]
        samples = one.close(number, result.samples)
        if not one.in_parts:
            one.joined.append(samples)
            samples = np.zeros(0, np.float32)
        if not one.complete:
            return [], [Part(one.key, samples, self._rate, False)] if len(samples) else []
        try:
            one.heard.accept(self._name)
        except EngineError as error:
            return [], [self._failed(one, error)]
        del self._spoken[one.key]
        whole = samples if one.in_parts else np.concatenate(one.joined)
        return [], [Part(one.key, whole, self._rate, True)]

    def _lost(self, one: Spoken, lost: Lost) -> tuple[list[Turn], list[Delivery]]:
        if "/" in lost.id and not one.opening:  # nobody has heard any of it yet
            _, number, attempt = _parts(lost.id)
            return [self._make_turn(one, number, attempt)], []
        return [], [self._failed(one, lost.error)]

    def _failed(self, one: Spoken, error: Exception) -> Failed:
        del self._spoken[one.key]
        return Failed(one.key, error)

    def _ended_badly(self, one: Spoken, wrong: str, tried: str, text: str) -> EngineError:
        remedy = "reword the text, split it, or give the turn another seed"
        if "max_tokens" in one.utterance.settings:
            remedy = "raise max_tokens, reword the text, or give another seed"
        return EngineError(
            Problem(
                f"{self._name} {wrong}, {tried} ({len(text)} characters: {text[:40]!r})",
                remedy,
                turn=one.utterance.id,
            )
        )


def _parts(turn_id: str) -> tuple[str, int, int]:
    key, number, attempt = turn_id.split("/")
    return key, int(number), int(attempt)


def key_of(turn_id: str) -> str:
    """The key of the utterance that a turn belongs to; a key is its own."""
    return turn_id.partition("/")[0]
