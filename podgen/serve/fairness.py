"""Whose sentence is spoken next, so that no request waits for another one's whole text."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from podgen.engines.continuous import Asked

_MOST_PASSED = 8
"""When so many have gone before the oldest request it has its turn, lest newcomers starve it."""


@dataclass(slots=True)
class _Request:
    number: int
    stream: bool
    tag: float
    left: int = 0
    waiting: deque[Asked] = field(default_factory=deque)
    begun: bool = False


class Line:
    """Utterances that wait, by the request they belong to.

    The first of a request and the next of a stream come before what is left of whole answers;
    among equals the request that has had the fewest characters of its own, as in start-time fair
    queueing (Goyal, Vin and Cheng, 1996): a newcomer begins where the others stand, not at zero.
    Where they stand is told by turns in order alone: after one of the oldest's out of order a short
    newcomer would begin behind every long request that has not had its first.
    """

    def __init__(self) -> None:
        self._requests: dict[str, _Request] = {}
        self._clock = 0.0
        self._count = 0
        self._passed = 0

    def __len__(self) -> int:
        return sum(len(request.waiting) for request in self._requests.values())

    def __iter__(self) -> Iterator[Asked]:
        for request in self._requests.values():
            yield from request.waiting

    def add(self, asked: Asked, request: str, *, stream: bool) -> None:
        """An utterance of a request, to be spoken after those that the request has here."""
        entry = self._requests.get(request)
        if entry is None:
            self._count += 1
            entry = self._requests[request] = _Request(self._count, stream, self._clock)
        entry.waiting.append(asked)
        entry.left += len(asked.utterance.text)

    def pop(self) -> Asked:
        """The next to speak.

        Raises:
            IndexError: nothing waits.
        """
        waiting = [request for request in self._requests.values() if request.waiting]
        if not waiting:
            raise IndexError("nothing waits")
        oldest = min(waiting, key=lambda request: request.number)
        chosen = min(waiting, key=_rank)
        if chosen is oldest or _later(chosen):
            self._passed = 0
        else:
            self._passed += 1
        if self._passed > _MOST_PASSED:
            chosen, self._passed = oldest, 0
        else:
            self._clock = max(self._clock, chosen.tag)
        asked = chosen.waiting.popleft()
        chosen.tag += len(asked.utterance.text)
        chosen.left -= len(asked.utterance.text)
        chosen.begun = True
        self._forget()
        return asked

    def remove(self, utterance_id: str) -> None:
        """Take out the utterance of this id, if it waits."""
        for request in self._requests.values():
            for asked in request.waiting:
                if asked.utterance.id == utterance_id:
                    request.waiting.remove(asked)
                    request.left -= len(asked.utterance.text)
                    self._forget()
                    return

    def clear(self) -> None:
        """Take all out."""
        self._requests.clear()

    def _forget(self) -> None:
        """Let go of requests that have nothing here and are owed nothing."""
        idle = not any(request.waiting for request in self._requests.values())
        self._requests = {
            name: request
            for name, request in self._requests.items()
            if request.waiting or not (idle or request.tag <= self._clock)
        }


def _later(request: _Request) -> bool:
    return request.begun and not request.stream


def _rank(request: _Request) -> tuple[bool, float, int, int]:
    return _later(request), request.tag, request.left, request.number
