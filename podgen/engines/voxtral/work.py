"""The turns of a job, shared by the devices that take from them."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from podgen.engines.voxtral.slots import Turn


class Work:
    """Turns to be generated, longest first; safe between threads."""

    def __init__(self, turns: Iterable[Turn] = ()) -> None:
        self._turns = list(turns)
        self._sort()
        self._closed = False
        self._changed = threading.Condition()

    def _sort(self) -> None:
        self._turns.sort(key=lambda turn: (turn.limit, len(turn.ids)))

    def add(self, turns: Iterable[Turn]) -> None:
        """Put turns in, or back."""
        with self._changed:
            self._turns.extend(turns)
            self._sort()
            self._changed.notify_all()

    def take(self, most: int, *, wait: bool = False) -> list[Turn]:
        """Up to `most` turns. With `wait`, none only when the job is closed."""
        with self._changed:
            while wait and not self._turns and not self._closed:
                self._changed.wait()
            if self._closed or most <= 0:
                return []
            taken = self._turns[-most:][::-1]
            del self._turns[-most:]
            return taken

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """There will be no more; whatever is left is not wanted."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
