"""An actor's hands: what it has not begun, and what it has spoken and not yet given away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from podgen.engines.continuous import Asked, Delivery, Failed, Part
from podgen.engines.fleet.wire import Refused, Reply

GATHER_SECONDS = 0.5
"""So long sound that nobody is waiting for lies here, for more to travel with it."""
GATHER_BYTES = 32 * 2**20
"""So much travels at once."""


class Box:
    """See `podgen.engines.continuous.Inbox`; safe between threads.

    An answer over the network costs about the same with one utterance in it as with twenty, so
    replies gather while that keeps nobody waiting.

    Args:
        low: with fewer than so many that are not begun, the driver is told at once what is done, so
            that it can send more.
    """

    def __init__(self, low: int) -> None:
        self._low = low
        self._changed = threading.Condition()
        self._waiting: dict[str, Asked] = {}
        self._wanted: dict[str, bool] = {}  # and whether somebody waits for just that
        self._done: list[tuple[str, Reply]] = []
        self._bytes = 0
        self._since = 0.0  # when the oldest of those was done
        self._urgent = False
        self._told = False  # that there is little left to begin

    def add(self, orders: Iterable[tuple[Asked, bool]]) -> None:
        """These are to be spoken; with whether somebody waits for just that one."""
        with self._changed:
            for asked, prompt in orders:
                self._waiting[asked.utterance.id] = asked
                self._wanted[asked.utterance.id] = prompt
            self._told = False
            self._changed.notify_all()

    def refuse(self, key: str, error: Exception) -> None:
        """This one cannot even be taken."""
        with self._changed:
            self._wanted[key] = True
            self._reply(key, Refused.of(error))
            self._changed.notify_all()

    def remove(self, key: str) -> None:
        """Nobody wants this one any more."""
        with self._changed:
            self._waiting.pop(key, None)
            self._wanted.pop(key, None)
            self._changed.notify_all()

    def give_back(self, most: int) -> list[str]:
        """Let go of up to `most` that are not begun, those that came last."""
        with self._changed:
            keys = list(self._waiting)[::-1][:most]
            for key in keys:
                del self._waiting[key], self._wanted[key]
            self._changed.notify_all()
        return keys

    def hand_over(self, delivery: Delivery) -> None:
        """This has come of an utterance."""
        with self._changed:
            if delivery.id in self._wanted:
                if isinstance(delivery, Failed):
                    self._reply(delivery.id, Refused.of(delivery.error))
                else:
                    self._reply(delivery.id, delivery)
                if len(self._done) == 1 or self._patience() == 0:
                    self._changed.notify_all()

    def gather(self, *, wait: bool) -> list[tuple[str, Reply]]:
        """What there is to tell once there is no reason to wait longer; without `wait`, nothing
        when there is one."""
        with self._changed:
            while (patience := self._patience()) != 0:
                if not wait:
                    return []
                self._changed.wait(patience)
            count = size = 0
            while count < len(self._done) and size < GATHER_BYTES:
                size += _size(self._done[count][1])
                count += 1
            told, self._done = self._done[:count], self._done[count:]
            self._bytes -= size
            self._urgent = bool(self._done)
            self._told = self._told or len(self._waiting) < self._low
            return told

    def take(
        self, most: int, *, wait: bool, unless: Callable[[], bool] = lambda: False
    ) -> Sequence[Asked]:
        """See `Inbox`; it never closes."""
        with self._changed:
            while wait and not self._waiting and not unless():
                self._changed.wait()
            keys = list(self._waiting)[:most]
            return [self._waiting.pop(key) for key in keys]

    def wake(self) -> None:
        """See `Inbox`."""
        with self._changed:
            self._changed.notify_all()

    def wanted(self, utterance_id: str) -> bool:
        """See `Inbox`."""
        with self._changed:
            return utterance_id in self._wanted

    def _reply(self, key: str, reply: Reply) -> None:
        last = isinstance(reply, Refused) or reply.last
        prompt = self._wanted.pop(key) if last else self._wanted[key]
        self._urgent = self._urgent or prompt or isinstance(reply, Refused)
        if not self._done:
            self._since = time.monotonic()
        self._done.append((key, reply))
        self._bytes += _size(reply)

    def _patience(self) -> float | None:
        """How many seconds to wait for more; None for as long as it takes."""
        if not self._done:
            return None
        starving = len(self._waiting) < self._low and not self._told
        if self._urgent or starving or not self._wanted or self._bytes >= GATHER_BYTES:
            return 0
        return max(0.0, self._since + GATHER_SECONDS - time.monotonic())


def _size(reply: Reply) -> int:
    return reply.samples.nbytes if isinstance(reply, Part) else 0
