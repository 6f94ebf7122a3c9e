"""One thread that gathers what requests ask for and has the engine speak it.

Most engines are handed a round of utterances and give each back whole (`in_rounds`). An engine
that can take utterances into a batch that is already running, and give back sound before an
utterance is done, says so by having `speak_from`: a `ContinuousEngine`.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from podgen.engines.base import Engine, Samples, Utterance
from podgen.errors import EngineError, PodgenError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of an utterance's samples, in order; with `last` set it is complete."""

    id: str
    samples: Samples
    sample_rate: int
    last: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """An utterance that cannot be spoken, and why."""

    id: str
    error: Exception


Delivery = Part | Failed
Deliver = Callable[[Delivery], None]
"""Called from the batcher's thread; must neither block nor raise."""


class Inbox(Protocol):
    """What waits to be spoken."""

    def take(self, most: int, *, wait: bool) -> Sequence[Utterance]:
        """Up to `most` utterances, oldest first, under ids that are unique in the process.

        With `wait`, at least one; an empty answer then means that the server is closing.
        """
        ...

    def wanted(self, utterance_id: str) -> bool:
        """Whether somebody still waits for an utterance that was taken."""
        ...


@runtime_checkable
class ContinuousEngine(Protocol):
    """What an engine adds to `podgen.engines.base.Engine` if its batch never has to stop."""

    def speak_from(self, inbox: Inbox) -> Iterator[Delivery]:
        """Speak what comes until the inbox closes, refilling the batch from it as slots free.

        Parts of one utterance come in order. An utterance that is no longer `wanted` may be let
        go without another word. What this raises fails everything that was taken.
        """
        ...


def in_rounds(engine: Engine, inbox: Inbox, most: int) -> Iterator[Delivery]:
    """Run an engine that speaks what it is handed at once, `most` utterances at a time."""
    while batch := inbox.take(most, wait=True):
        yield from _round(engine, batch)


def _round(engine: Engine, batch: Sequence[Utterance]) -> Iterator[Delivery]:
    """Every utterance of the batch, spoken or failed; one that fails takes no other with it."""
    groups = deque([list(batch)])
    while groups:
        left = {utterance.id: utterance for utterance in groups.popleft()}
        failure: Exception
        try:
            for speech in engine.synthesize(list(left.values())):
                if left.pop(speech.id, None) is not None:
                    yield Part(speech.id, speech.samples, speech.sample_rate, last=True)
            failure = EngineError(f"engine {engine.name} returned nothing")
            blamed = set(left)
        except PodgenError as error:
            failure = error
            blamed = {problem.turn for problem in error.problems if problem.turn} & left.keys()
        except Exception as error:
            log.exception("engine %s failed; it is started anew", engine.name)
            engine.close()
            failure = error
            blamed = set()
        if not blamed and len(left) == 1:
            blamed = set(left)
        for utterance_id in blamed:
            del left[utterance_id]
            yield Failed(utterance_id, failure)
        if blamed and left:
            groups.append(list(left.values()))
        else:  # nobody is to blame by name: each shows by itself whether it was the one
            groups.extend([utterance] for utterance in left.values())


class Batcher:
    """The engine's thread and its inbox. `most` is how many utterances one round may hold."""

    def __init__(self, engine: Engine, *, most: int) -> None:
        self._engine = engine
        self._most = most
        self._ids = itertools.count()
        self._changed = threading.Condition()
        self._waiting: deque[Utterance] = deque()
        self._deliver: dict[str, Deliver] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="podgen-engine", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, utterance: Utterance, deliver: Deliver) -> str:
        """Have an utterance spoken; returns the id that takes the place of its own."""
        utterance_id = f"{next(self._ids)}"
        with self._changed:
            if self._closing:
                raise EngineError("the server is closing", "ask again later")
            self._deliver[utterance_id] = deliver
            self._waiting.append(replace(utterance, id=utterance_id))
            self._changed.notify()
        return utterance_id

    def cancel(self, utterance_id: str) -> None:
        """Nobody waits for this one any more; it is not spoken unless it already is."""
        with self._changed:
            if self._deliver.pop(utterance_id, None) is not None:
                self._waiting = deque(u for u in self._waiting if u.id != utterance_id)

    @property
    def depth(self) -> tuple[int, int]:
        """How many utterances wait, and how many are being spoken for somebody."""
        with self._changed:
            return len(self._waiting), len(self._deliver) - len(self._waiting)

    def take(self, most: int, *, wait: bool) -> Sequence[Utterance]:
        """See `Inbox`."""
        with self._changed:
            while wait and not self._waiting and not self._closing:
                self._changed.wait()
            return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def wanted(self, utterance_id: str) -> bool:
        """See `Inbox`."""
        with self._changed:
            return utterance_id in self._deliver

    def close(self) -> None:
        """Fail what waits, wait for what is being spoken, end the thread and close the engine."""
        with self._changed:
            self._closing = True
            waiting, self._waiting = list(self._waiting), deque()
            self._changed.notify()
        for utterance in waiting:
            self._hand_over(Failed(utterance.id, EngineError("the server is closing")))
        if self._thread.is_alive():
            self._thread.join()
        self._engine.close()

    def _work(self) -> None:
        while not self._closing:
            engine = self._engine
            try:
                if isinstance(engine, ContinuousEngine):
                    deliveries = engine.speak_from(self)
                else:
                    deliveries = in_rounds(engine, self, self._most)
                for delivery in deliveries:
                    self._hand_over(delivery)
            except Exception as error:
                log.exception("engine %s failed; it is started anew", engine.name)
                engine.close()
                self._fail_taken(error)

    def _fail_taken(self, error: Exception) -> None:
        with self._changed:
            taken = self._deliver.keys() - {utterance.id for utterance in self._waiting}
        for utterance_id in taken:
            self._hand_over(Failed(utterance_id, error))

    def _hand_over(self, delivery: Delivery) -> None:
        ends = isinstance(delivery, Failed) or delivery.last
        with self._changed:
            if ends:
                deliver = self._deliver.pop(delivery.id, None)
            else:
                deliver = self._deliver.get(delivery.id)
        if deliver is not None:
            deliver(delivery)
