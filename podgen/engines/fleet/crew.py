"""The driver's side of the actors: what they are given to speak, and what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from podgen.engines.continuous import Delivery, Failed, Part
from podgen.engines.fleet.board import MOST_DEATHS, Board
from podgen.engines.fleet.roster import Actor, Kind, Roster
from podgen.engines.fleet.wire import Packed, Refused, Reply
from podgen.errors import EngineError, Problem

LOOK_SECONDS = 1.0
"""So often the cluster is asked which nodes it has."""


@dataclass(slots=True)
class Order:
    """An utterance of so many seconds, roughly, and who is told what comes of it.

    `deliver` is called from the crew's thread, and each call answered with `took`.
    """

    packed: Packed
    seconds: float
    deliver: Callable[[Delivery], None]
    given: int = 0  # samples that were delivered
    skip: int = 0  # so many that an actor before has delivered are to come again

    @property
    def key(self) -> str:
        """Unique among all."""
        return self.packed.asked.utterance.id


class Crew:
    """Actors on all nodes that have room, kept at work from a thread of its own."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._board = Board(kind.at_once, kind.ahead, kind.low)
        self._orders: dict[str, Order] = {}
        self._roster = Roster(kind, self._submit, self._joined, self._left)
        self._backlog = 0  # deliveries that are not taken away
        self._held_up = False  # by them
        self._pumping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._changed = threading.Condition()
        self.room = 0
        """How many more utterances the actors could take now."""
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="fleet")
        self._thread.start()
        self._submit(self._watch())

    def ask(self, orders: Sequence[Order]) -> None:
        """Have these spoken, those that come first before the others."""
        self._loop.call_soon_threadsafe(self._add, orders)

    @property
    def actors(self) -> int:
        """How many actors have loaded their engine."""
        return self._board.actors

    @property
    def most(self) -> int:
        """How many utterances could be in the actors' hands."""
        return (self._kind.at_once + self._kind.ahead) * self._board.actors

    def drop(self, key: str) -> None:
        """Nobody wants this one any more."""
        self._loop.call_soon_threadsafe(self._forget, key)

    def took(self) -> None:
        """What was delivered has been taken away."""
        with self._changed:
            self._backlog -= 1
            go_on = self._held_up and self._backlog <= self._most_untaken
        if go_on:
            self._loop.call_soon_threadsafe(self._pump_soon)

    def wait_for_room(self, stop: Callable[[], bool]) -> None:
        """Wait until an actor could take more, or `stop`."""
        with self._changed:
            while not (self.room > 0 or stop()):
                self._changed.wait(0.2)

    def close(self) -> None:
        """End the actors and the thread."""

        async def end() -> None:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._roster.close()
            self._loop.stop()

        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(end(), self._loop)
            self._thread.join(10)

    # All that follows runs in the crew's thread.

    def _submit(self, work: Coroutine[Any, Any, None]) -> None:
        def begin() -> None:
            task = self._loop.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(begin)

    def _add(self, orders: Sequence[Order]) -> None:
        for order in orders:
            self._orders[order.key] = order
            self._board.add(order.key, order.seconds)
        self._pump_soon()

    def _forget(self, key: str) -> None:
        if self._orders.pop(key, None) is None:
            return
        actor = self._roster.get(self._board.done(key) or "")
        if actor:
            actor.handle.drop.remote(key)
        self._pump_soon()

    def _pump_soon(self) -> None:
        """Once for all that has been noticed by then."""
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    @property
    def _most_untaken(self) -> int:
        return max(64, 4 * self._kind.at_once * self._board.actors)

    def _pump(self) -> None:
        """Give the actors what they have room for, unless what they made is not taken away."""
        self._pumping = False
        board = self._board
        with self._changed:
            self._held_up = self._backlog > self._most_untaken
        if not self._held_up:
            given: dict[str, list[Packed]] = {}
            for name, key in board.give():
                order = self._orders[key]
                order.skip = order.given
                given.setdefault(name, []).append(order.packed)
            for name, packed in given.items():
                self._submit(self._hand_over(name, packed))
            for name, most in board.steal():
                self._submit(self._take_back(name, most))
        with self._changed:
            self.room = board.room
            self._changed.notify_all()

    async def _hand_over(self, name: str, orders: Sequence[Packed]) -> None:
        from ray.exceptions import RayError

        if actor := self._roster.get(name):
            try:
                await actor.handle.take.remote(orders)
            except RayError as error:
                self._roster.died(actor, error)

    async def _take_back(self, name: str, most: int) -> None:
        from ray.exceptions import RayError

        if actor := self._roster.get(name):
            with contextlib.suppress(RayError):  # who waits in `_joined` hears of it, too
                self._board.gave_back(name, await actor.handle.give_back.remote(most))
                self._pump_soon()

    async def _joined(self, actor: Actor) -> None:
        """Hear what an actor has spoken for as long as it lives."""
        from ray.exceptions import RayError

        self._board.join(actor.name)
        self._pump_soon()
        try:
            answer = actor.handle.collect.remote()
            while True:
                replies: list[tuple[str, Reply]] = await answer
                if self._roster.get(actor.name) is None:
                    return  # it was given up, and its utterances are others'
                answer = actor.handle.collect.remote()
                self._roster.spoke(actor)
                for key, reply in replies:
                    self._heard(key, reply)
                self._pump_soon()
        except RayError as error:
            self._roster.died(actor, error)

    def _left(self, actor: Actor, blamed: bool) -> None:
        """What an actor had goes to others."""
        for key in self._board.leave(actor.name, blamed=blamed):
            what = f"{MOST_DEATHS} actors of the fleet died of it"
            remedy = "change the text, or see the logs of Ray on the nodes"
            self._end(key, Failed(key, EngineError(Problem(what, remedy, turn=key))))
        self._pump_soon()

    def _heard(self, key: str, reply: Reply) -> None:
        """Pass a reply on, less the samples that an actor before has delivered."""
        order = self._orders.get(key)
        if order is None:
            return  # it was dropped
        if isinstance(reply, Refused):
            self._end(key, Failed(key, reply.error()))
            return
        samples = reply.samples[order.skip :]
        order.skip -= len(reply.samples) - len(samples)
        order.given += len(samples)
        part = Part(key, samples, reply.sample_rate, reply.last)
        if reply.last:
            self._end(key, part)
        elif len(samples):
            self._deliver(order, part)

    def _end(self, key: str, delivery: Delivery) -> None:
        self._board.done(key)
        self._deliver(self._orders.pop(key), delivery)

    def _deliver(self, order: Order, delivery: Delivery) -> None:
        with self._changed:
            self._backlog += 1
        order.deliver(delivery)

    async def _watch(self) -> None:
        """Follow the nodes; what waits fails when there is nobody to wait for."""
        while True:
            await self._roster.look()
            if error := self._roster.hopeless(wanted=bool(self._orders)):
                for key in list(self._orders):
                    self._end(key, Failed(key, error))
            await asyncio.sleep(LOOK_SECONDS)
