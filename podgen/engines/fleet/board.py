"""Who speaks what: utterances in the hands of actors. It knows nothing of Ray, and runs nothing."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MOST_DEATHS = 3
"""An utterance in whose course so many actors have died is spoken no more."""


@dataclass(slots=True)
class _Item:
    key: str
    seconds: float
    deaths: int = 0
    actor: str | None = None


@dataclass(slots=True)
class _Hands:
    """What an actor has been given."""

    items: dict[str, _Item] = field(default_factory=dict)
    seconds: float = 0.0
    alone: bool = False
    asked_back: bool = False


class Board:
    """Utterances that wait and those in actors' hands.

    An actor is given up to `at_once` that it speaks together, and `ahead` more, so that its batch
    never waits for the way from here. Whoever chooses late whom to serve first fills the `room`,
    which counts only `spare` ahead. An utterance that has cost two actors is given alone: were it
    to cost a third, no other is to blame.
    """

    def __init__(self, at_once: int, ahead: int, spare: int) -> None:
        self._at_once, self._ahead, self._spare = at_once, ahead, spare
        self._items: dict[str, _Item] = {}
        self._waiting: deque[_Item] = deque()
        self._suspects: deque[_Item] = deque()
        self._actors: dict[str, _Hands] = {}

    def __len__(self) -> int:
        """Utterances that are not done."""
        return len(self._items)

    @property
    def actors(self) -> int:
        """How many actors there are."""
        return len(self._actors)

    @property
    def room(self) -> int:
        """How many more utterances would soon be begun."""
        most = (self._at_once + self._spare) * len(self._actors)
        return max(0, most - len(self._items))

    def add(self, key: str, seconds: float) -> None:
        """An utterance of so many seconds, roughly, is to be spoken after those before it."""
        self._items[key] = item = _Item(key, seconds)
        self._waiting.append(item)

    def done(self, key: str) -> str | None:
        """It is spoken, has failed, or is no longer wanted; the actor that had it, if any."""
        item = self._items.pop(key, None)
        if item is None:
            return None
        if item.actor is None:
            queue = self._suspects if item in self._suspects else self._waiting
            queue.remove(item)
            for hands in self._actors.values():
                hands.alone = hands.alone and bool(self._suspects or hands.items)
            return None
        self._let_go(item)
        return item.actor

    def join(self, actor: str) -> None:
        """There is another actor."""
        self._actors[actor] = _Hands()

    def leave(self, actor: str, *, blamed: bool) -> list[str]:
        """An actor is gone: what it had waits again, before all others.

        With `blamed` it died of something that it spoke. The utterances that have now cost
        `MOST_DEATHS` actors come back and are forgotten.
        """
        lost = self._actors.pop(actor).items.values()
        killers = []
        for item in reversed(lost):
            item.actor = None
            item.deaths += blamed
            if item.deaths >= MOST_DEATHS:
                killers.append(item.key)
                del self._items[item.key]
            elif item.deaths == MOST_DEATHS - 1:
                self._suspects.append(item)
            else:
                self._waiting.appendleft(item)
        return killers

    def give(self) -> Iterator[tuple[str, str]]:
        """Give out what can be: pairs of an actor and an utterance, the least loaded first."""
        while self._suspects and (free := self._emptied()):
            item = self._suspects.popleft()
            self._actors[free].alone = True
            yield self._hand(free, item)
        if not self._waiting:
            return
        most = self._at_once + self._ahead
        open_to = [
            self._rank(name, hands)
            for name, hands in self._actors.items()
            if not hands.alone and len(hands.items) < most
        ]
        heapq.heapify(open_to)
        while self._waiting and open_to:
            name, hands = open_to[0][-2:]
            yield self._hand(name, self._waiting.popleft())
            if len(hands.items) < most:
                heapq.heapreplace(open_to, self._rank(name, hands))
            else:
                heapq.heappop(open_to)

    def steal(self) -> Iterator[tuple[str, int]]:
        """When nothing waits and actors could take more: who has some that it has not begun, and
        how many it is to give back. Each is asked once until it has answered with `gave_back`."""
        if self._waiting:
            return
        counts = [
            (len(hands.items), name) for name, hands in self._actors.items() if not hands.alone
        ]
        lacking = sum(max(0, self._at_once - count) for count, _ in counts)
        for count, name in sorted(counts, reverse=True):
            over = min(count - self._at_once, lacking)
            if over <= 0:
                return
            lacking -= over
            if not self._actors[name].asked_back:
                self._actors[name].asked_back = True
                yield name, over

    def gave_back(self, actor: str, keys: Iterable[str]) -> None:
        """An actor had not begun these and gave them back: they wait again, before all others."""
        if actor in self._actors:
            self._actors[actor].asked_back = False
        for key in keys:
            item = self._items.get(key)
            if item is not None and item.actor == actor:
                self._let_go(item)
                item.actor = None
                self._waiting.appendleft(item)

    def _emptied(self) -> str | None:
        """An actor with nothing in its hands; one is kept from being given more until it is one."""
        if not self._actors:
            return None
        reserved = [name for name, hands in self._actors.items() if hands.alone]
        if not reserved:
            reserved = [min(self._actors, key=lambda name: self._actors[name].seconds)]
            self._actors[reserved[0]].alone = True
        return reserved[0] if not self._actors[reserved[0]].items else None

    def _rank(self, name: str, hands: _Hands) -> tuple[bool, float, int, str, _Hands]:
        count = len(hands.items)
        return count >= self._at_once, hands.seconds, count, name, hands

    def _hand(self, actor: str, item: _Item) -> tuple[str, str]:
        hands = self._actors[actor]
        hands.items[item.key] = item
        hands.seconds += item.seconds
        item.actor = actor
        return actor, item.key

    def _let_go(self, item: _Item) -> None:
        if item.actor in self._actors:
            hands = self._actors[item.actor]
            del hands.items[item.key]
            hands.seconds = hands.seconds - item.seconds if hands.items else 0.0
            if not hands.items and not self._suspects:
                hands.alone = False
