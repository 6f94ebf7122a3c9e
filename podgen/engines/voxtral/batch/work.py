"""The turns to be generated, shared by the devices that take from them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from podgen.engines.voxtral.batch.decoding import Chunk, Generated
from podgen.engines.voxtral.batch.slots import Turn


@dataclass(frozen=True, slots=True)
class Lost:
    """A turn that will not come, or its whole utterance by the first part of the turn's id."""

    id: str
    error: Exception


Result = Chunk | Generated | Lost


class Work:
    """Turns to be generated, longest first; safe between threads.

    Args:
        turns: what there is to begin with.
        wants: whether a turn is still to be generated. Asked now and then of those under way.
        rank: turns of a higher rank come before the others, whatever their length.

    Attributes:
        results: where the devices put what they made, and what ended them.
    """

    def __init__(
        self,
        turns: Iterable[Turn] = (),
        wants: Callable[[Turn], bool] = lambda turn: True,
        rank: Callable[[Turn], int] = lambda turn: 0,
    ) -> None:
        self.wants = wants
        self._rank = rank
        self.results: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()
        self._turns = list(turns)
        self._order()
        self._closed = False
        self._changed = threading.Condition()

    def _order(self) -> None:
        """Put those to be taken first at the end."""
        self._turns.sort(key=lambda turn: (self._rank(turn), turn.limit, len(turn.ids)))

    def add(self, turns: Iterable[Turn]) -> None:
        """Put turns in, or back."""
        with self._changed:
            self._turns.extend(turns)
            self._order()
            self._changed.notify_all()

    def take(self, most: int, *, wait: bool = False) -> list[Turn]:
        """Up to `most` turns. With `wait`, none only when the work is closed."""
        with self._changed:
            while wait and not self._turns and not self._closed:
                self._changed.wait()
            return self._taken(most)

    def _taken(self, most: int) -> list[Turn]:
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
