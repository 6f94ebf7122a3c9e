"""One thread that gathers what requests ask for and has the engine speak it.

How it is spoken is the engine's affair, see `podgen.engines.rounds`; whose utterance is next is
decided by `podgen.serve.fairness`.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from podgen.engines.base import Engine, Utterance
from podgen.engines.continuous import Asked, ContinuousEngine, Delivery, Failed
from podgen.engines.rounds import speak_from
from podgen.errors import EngineError
from podgen.serve.fairness import Line
from podgen.speech.pieces import SENTENCE_ENGINES

log = logging.getLogger(__name__)


Deliver = Callable[[Delivery], None]
"""Called from the batcher's thread; must neither block nor raise."""


class Batcher:
    """The engine's thread and its inbox. `most` is how many utterances it speaks at once.

    A round of an engine that is handed sentences is one sentence, so that whoever comes waits for
    no more.
    """

    def __init__(self, engine: Engine, *, most: int) -> None:
        self._engine = engine
        self._most = most
        self._ids = itertools.count()
        self._changed = threading.Condition()
        self._waiting = Line()
        self._deliver: dict[str, Deliver] = {}
        self._closing = False
        self._took = False  # whether the engine has taken anything since it was last started
        self._thread = threading.Thread(target=self._work, name="podgen-engine", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(
        self,
        utterance: Utterance,
        deliver: Deliver,
        *,
        in_parts: bool = False,
        request: str | None = None,
        stream: bool = False,
    ) -> str:
        """Have an utterance spoken; returns the id that takes the place of its own.

        Args:
            utterance: what to speak.
            deliver: is handed what comes of it.
            in_parts: whether sound is delivered before it is done, by engines that can.
            request: whose it is; those of one request are spoken in order. One by itself unless
                given.
            stream: whether somebody listens while the request is spoken.

        Raises:
            EngineError: the server is closing.
        """
        utterance_id = f"{next(self._ids)}"
        with self._changed:
            if self._closing:
                raise EngineError("the server is closing", "ask again later")
            self._deliver[utterance_id] = deliver
            asked = Asked(replace(utterance, id=utterance_id), in_parts)
            self._waiting.add(asked, request or utterance_id, stream=stream)
            self._changed.notify_all()
        return utterance_id

    def cancel(self, utterance_id: str) -> None:
        """Nobody waits for this one any more; it is not spoken unless it already is."""
        with self._changed:
            if self._deliver.pop(utterance_id, None) is not None:
                self._waiting.remove(utterance_id)

    @property
    def depth(self) -> tuple[int, int]:
        """How many utterances wait, and how many are being spoken for somebody."""
        with self._changed:
            return len(self._waiting), len(self._deliver) - len(self._waiting)

    def take(
        self, most: int, *, wait: bool, unless: Callable[[], bool] = lambda: False
    ) -> Sequence[Asked]:
        """See `Inbox`."""
        with self._changed:
            while wait and not self._waiting and not self._closing and not unless():
                self._changed.wait()
            taken = [self._waiting.pop() for _ in range(min(most, len(self._waiting)))]
            self._took = self._took or bool(taken)
            return taken

    def wake(self) -> None:
        """See `Inbox`."""
        with self._changed:
            self._changed.notify_all()

    def wanted(self, utterance_id: str) -> bool:
        """See `Inbox`."""
        with self._changed:
            return utterance_id in self._deliver

    def close(self) -> None:
        """Fail what waits, wait for what is being spoken, end the thread and close the engine."""
        with self._changed:
            self._closing = True
            waiting = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for asked in waiting:
            self._hand_over(Failed(asked.utterance.id, EngineError("the server is closing")))
        if self._thread.is_alive():
            self._thread.join()
        self._engine.close()

    def _work(self) -> None:
        while self._something_waits():
            engine = self._engine
            try:
                continuous = isinstance(engine, ContinuousEngine)
                sentences = not continuous and engine.name in SENTENCE_ENGINES
                for delivery in speak_from(engine, self, 1 if sentences else self._most):
                    self._hand_over(delivery)
            except Exception as error:
                log.exception("engine %s failed; it is started anew", engine.name)
                engine.close()
                self._fail(error)

    def _something_waits(self) -> bool:
        """Waits for an utterance; False if the server closes instead."""
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            self._took = False
            return not self._closing

    def _fail(self, error: Exception) -> None:
        """Fail what was taken; if the engine did not come to take anything, what is next."""
        if not self._took:
            self.take(1, wait=False)
        with self._changed:
            failed = self._deliver.keys() - {asked.utterance.id for asked in self._waiting}
        for utterance_id in failed:
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
