"""Engines that do as a test tells them, for what no real engine does on demand."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from podgen.engines.base import Availability, Capabilities, Samples, Speech, Utterance, VoiceInfo
from podgen.engines.continuous import Delivery, Inbox, Part
from podgen.errors import EngineError, Problem

RATE = 8000


def tone(seconds: float, hertz: float = 440.0, rate: int = RATE) -> Samples:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(
        np.float32
    )


class ActingEngine:
    """Speaks one tenth of a second of tone a letter. Some words make it misbehave.

    `held` is a door: while it is closed, nothing that says "wait" is spoken.
    """

    name = "acting"

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self.held = threading.Event()
        self.rounds: list[list[str]] = []
        self.spoken_texts: list[str] = []
        self.closed = 0

    def capabilities(self) -> Capabilities:
        return Capabilities(languages=("en",), sample_rate=RATE)

    def availability(self) -> Availability:
        return Availability(True, "always")

    def voices(self) -> Sequence[VoiceInfo]:
        return (VoiceInfo("tone", "en"),)

    def check(self, utterance: Utterance) -> list[tuple[str, str]]:
        return []

    def estimate(self, utterance: Utterance) -> float:
        return 0.1 * len(utterance.text)

    def fingerprint(self) -> str:
        return "acting-1"

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        self.rounds.append([utterance.text for utterance in utterances])
        for utterance in utterances:
            if "wait" in utterance.text:
                assert self.held.wait(20)
            if "by name" in utterance.text:
                raise EngineError(Problem("it cannot be said", "say another", turn=utterance.id))
            if "without name" in utterance.text:
                raise EngineError("something cannot be said")
            if "bug" in utterance.text:
                raise ZeroDivisionError
            if "forget" in utterance.text:
                continue
            self.spoken_texts.append(utterance.text)
            yield Speech(utterance.id, tone(0.1 * len(utterance.text)), RATE)

    def close(self) -> None:
        self.closed += 1


class RunningEngine(ActingEngine):
    """The same with a batch that never stops: every utterance gets a tenth of a second a step."""

    name = "running"

    def __init__(self, slots: int = 4) -> None:
        super().__init__()
        self.slots = slots
        self.steps = 0
        self.let_go: list[str] = []
        self.together = 0

    def speak_from(self, inbox: Inbox, most: int) -> Iterator[Delivery]:
        batch: dict[str, tuple[Utterance, int]] = {}
        while True:
            taken = inbox.take(min(most, self.slots) - len(batch), wait=not batch)
            if not batch and not taken:
                return
            batch.update({asked.utterance.id: (asked.utterance, 0) for asked in taken})
            self.together = max(self.together, len(batch))
            self.steps += 1
            for key, (utterance, at) in list(batch.items()):
                if not inbox.wanted(key):
                    self.let_go.append(utterance.text)
                    del batch[key]
                    continue
                if at == 1 and "wait" in utterance.text and not self.held.wait(0.01):
                    continue
                whole = tone(0.1 * len(utterance.text))
                step = RATE // 10
                last = (at + 1) * step >= len(whole)
                if last:
                    del batch[key]
                else:
                    batch[key] = (utterance, at + 1)
                yield Part(key, whole[at * step : (at + 1) * step], RATE, last)
