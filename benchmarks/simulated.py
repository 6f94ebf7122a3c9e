"""A simulated engine, for benchmarks of a fleet alone: it speaks nothing.

It waits as long as a GPU would take, and returns noise. What it measures is placing and transport.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from podgen.engines.base import Availability, Capabilities, Speech, Utterance, VoiceInfo
from podgen.engines.continuous import Delivery, Inbox, Part

RATE = 24_000
LONGEST = 20.0


class Simulated:
    """Utterances whose text is their length in seconds; `speed` seconds of sound a second, shared
    by `slots` at once. Without a speed it never waits."""

    name = "simulated"

    def __init__(self, settings: Mapping[str, float] | None = None) -> None:
        given = settings or {}
        self._slots = int(given.get("slots", 8))
        self._speed = given.get("speed", 0.0)
        noise = np.random.default_rng(0).standard_normal(round(LONGEST * RATE))
        self._noise = (0.1 * noise).astype(np.float32)

    def capabilities(self) -> Capabilities:
        return Capabilities(("en",), RATE)

    def availability(self) -> Availability:
        return Availability(True, "simulated: it only waits")

    def voices(self) -> Sequence[VoiceInfo]:
        return (VoiceInfo("noise", "en"),)

    def check(self, utterance: Utterance) -> list[tuple[str, str]]:
        return []

    def estimate(self, utterance: Utterance) -> float:
        return _seconds(utterance)

    def fingerprint(self) -> str:
        return "simulated"

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        for one in utterances:
            yield Speech(one.id, self._sound(one), RATE)

    def speak_from(self, inbox: Inbox, most: int) -> Iterator[Delivery]:
        due: list[tuple[float, int, Utterance]] = []
        free = [0.0] * self._slots  # when each slot is free again
        heapq.heapify(free)
        count = 0
        while True:
            while len(due) < most:
                taken = inbox.take(1, wait=not due)
                if not taken:
                    break
                begin = max(time.monotonic(), heapq.heappop(free))
                took = (
                    _seconds(taken[0].utterance) * self._slots / self._speed if self._speed else 0
                )
                heapq.heappush(free, begin + took)
                count += 1
                heapq.heappush(due, (begin + took, count, taken[0].utterance))
            if not due:
                return
            wait = due[0][0] - time.monotonic()
            if wait > 0:
                # One that comes meanwhile is noticed within 20 ms, a thousandth of its time.
                time.sleep(wait if len(due) >= most else min(wait, 0.02))
                continue
            one = heapq.heappop(due)[2]
            yield Part(one.id, self._sound(one), RATE, last=True)

    def close(self) -> None:
        pass

    def _sound(self, utterance: Utterance) -> np.ndarray:
        return self._noise[: round(_seconds(utterance) * RATE)]


def _seconds(utterance: Utterance) -> float:
    try:
        return min(LONGEST, float(utterance.text))
    except ValueError:
        return 0.5  # the word that an actor is loaded with


def simulated(slots: int, speed: float) -> Simulated:
    return Simulated({"slots": slots, "speed": speed})
