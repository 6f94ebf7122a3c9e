"""An actor's inbox: what it was handed and has not begun, and who listens to what it has."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from podgen.engines.continuous import Asked, Delivery, Failed

Listen = Callable[[Delivery | None], None]
"""Is told what comes of an utterance; None if it was given back or is wanted no more."""


class Box:
    """See `podgen.engines.continuous.Inbox`; safe between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, Asked] = {}
        self._listening: dict[str, Listen] = {}

    def add(self, asked: Asked, listen: Listen) -> None:
        """Somebody wants this spoken."""
        with self._changed:
            self._waiting[asked.utterance.id] = asked
            self._listening[asked.utterance.id] = listen
            self._changed.notify_all()

    def remove(self, key: str) -> None:
        """Nobody wants this one any more."""
        with self._changed:
            self._waiting.pop(key, None)
            listen = self._listening.pop(key, None)
        if listen:
            listen(None)

    def give_back(self, most: int) -> None:
        """Let go of up to `most` that are not begun, those that came last."""
        with self._changed:
            keys = list(self._waiting)[::-1][:most]
        for key in keys:
            with self._changed:
                begun = self._waiting.pop(key, None) is None
                listen = None if begun else self._listening.pop(key, None)
            if listen:
                listen(None)

    def hand_over(self, delivery: Delivery) -> None:
        """Tell whoever listens."""
        last = isinstance(delivery, Failed) or delivery.last
        with self._changed:
            listen = (self._listening.pop if last else self._listening.get)(delivery.id, None)
        if listen:
            listen(delivery)

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
            return utterance_id in self._listening
