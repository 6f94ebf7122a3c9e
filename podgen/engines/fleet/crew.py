"""The driver's side of the actors: they come and go with their nodes, and speak what is asked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from podgen.engines.continuous import Delivery, Failed, Part
from podgen.engines.fleet import cluster
from podgen.engines.fleet.board import MOST_DEATHS, Board
from podgen.engines.fleet.cluster import Node
from podgen.engines.fleet.probe import Make, Probe
from podgen.engines.fleet.speaker import Speaker
from podgen.engines.fleet.wire import Packed, Refused, Reply
from podgen.errors import EngineError, PodgenError, Problem

log = logging.getLogger(__name__)

_NODE_DIED = "node has died"
"""What Ray says of an actor that went with its node; it has no other sign of it."""
LOOK_SECONDS = 1.0
"""So often the cluster is asked which nodes it has."""
MOST_IN_A_ROW = 10
"""A node on which so many actors die, and none has spoken between, is left alone."""
PATIENCE_SECONDS = 60.0
"""So long a job waits for a node when none is left."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The actors of a fleet: what makes their engine, how many utterances each speaks together, the
    cores and GPUs of each, how many there are at most, and what must be the same on all nodes."""

    make: Make
    at_once: int
    cpus: int
    gpu: bool
    most: int | None
    identity: tuple[str, str, str]

    @property
    def low(self) -> int:
        """With fewer than so many to begin an actor is sent more."""
        return max(2, self.at_once // 8)

    @property
    def ahead(self) -> int:
        """So many to begin lie with each actor, those that are done and not yet collected too."""
        return max(4, min(32, self.at_once))


@dataclass(slots=True)
class _Actor:
    name: str
    node: Node
    handle: Any
    ready: bool = False


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
        self._actors: dict[str, _Actor] = {}
        self._refused: dict[str, Refused] = {}
        self._deaths: dict[str, int] = {}
        self._numbered = 0
        self._seen = time.monotonic()  # when there last was an actor, or one to come
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
            for actor in list(self._actors.values()):
                self._kill(actor)
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
        actor = self._actors.get(self._board.done(key) or "")
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
                self._submit(self._hand_over(self._actors[name], packed))
            for name, most in board.steal():
                self._submit(self._take_back(self._actors[name], most))
        with self._changed:
            self.room = board.room
            self._changed.notify_all()

    async def _hand_over(self, actor: _Actor, orders: Sequence[Packed]) -> None:
        from ray.exceptions import RayError

        try:
            await actor.handle.take.remote(orders)
        except RayError as error:
            self._died(actor, error)

    async def _take_back(self, actor: _Actor, most: int) -> None:
        from ray.exceptions import RayError

        with contextlib.suppress(RayError):  # who waits in `_collect` hears of it, too
            self._board.gave_back(actor.name, await actor.handle.give_back.remote(most))
            self._pump_soon()

    async def _collect(self, actor: _Actor) -> None:
        """Hear what an actor has spoken for as long as it lives."""
        from ray.exceptions import RayError

        try:
            answer = actor.handle.collect.remote()
            while True:
                replies: list[tuple[str, Reply]] = await answer
                if actor.name not in self._actors:
                    return  # it was given up, and its utterances are others'
                answer = actor.handle.collect.remote()
                self._deaths.pop(actor.node.id, None)
                for key, reply in replies:
                    self._heard(key, reply)
                self._pump_soon()
        except RayError as error:
            self._died(actor, error)

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

    def _died(self, actor: _Actor, error: Exception) -> None:
        """An actor is gone: what it had goes to others; each of its calls comes here."""
        if self._actors.pop(actor.name, None) is None:
            return
        with_node = _NODE_DIED in str(error)
        self._kill(actor)  # it may only be out of reach
        if actor.ready:
            log.warning("warning: an actor on %s died; others speak its turns", actor.node.host)
            for key in self._board.leave(actor.name, blamed=not with_node):
                what = f"{MOST_DEATHS} actors of the fleet died of it"
                remedy = "change the text, or see the logs of Ray on the nodes"
                self._end(key, Failed(key, EngineError(Problem(what, remedy, turn=key))))
            self._pump_soon()
        if not with_node:
            self._deaths[actor.node.id] = count = self._deaths.get(actor.node.id, 0) + 1
            if count >= MOST_IN_A_ROW:
                what = f"{count} actors died on {actor.node.host} one after the other"
                self._refused[actor.node.id] = Refused((Problem(what, "see the logs of Ray"),))
                log.warning("warning: %s is not used: %s", actor.node.host, what)

    async def _watch(self) -> None:
        """Follow the nodes: actors where there is room, none on a node unlike the others."""
        while True:
            with contextlib.suppress(Exception):
                for node in await asyncio.to_thread(cluster.nodes):
                    self._settle(node)
            self._give_up()
            await asyncio.sleep(LOOK_SECONDS)

    def _settle(self, node: Node) -> None:
        kind = self._kind
        if node.id in self._refused:
            return
        mine = sum(actor.node.id == node.id for actor in self._actors.values())
        for _ in range(node.room(kind.cpus, gpu=kind.gpu) - mine):
            if kind.most is None or len(self._actors) < kind.most:
                self._begin(node)

    def _begin(self, node: Node) -> None:
        import ray

        kind = self._kind
        self._numbered += 1
        made: Any = ray.remote(Speaker)
        handle = made.options(
            num_cpus=kind.cpus,
            num_gpus=int(kind.gpu),
            scheduling_strategy=cluster.on_node(node),
            max_concurrency=1000,
        ).remote(kind.make, kind.at_once, kind.low, kind.cpus)
        actor = _Actor(f"{node.host}-{self._numbered}", node, handle)
        self._actors[actor.name] = actor
        self._submit(self._join(actor))

    async def _join(self, actor: _Actor) -> None:
        """An actor begins to work once it is like the others and has loaded its engine."""
        from ray.exceptions import RayError

        try:
            found: Probe = await actor.handle.look.remote()
            fault: Refused | None = None
            if not found.usable:
                fault = Refused((Problem(found.reason),))
            elif found.identity != self._kind.identity:
                fault = Refused((Problem("it has other weights or another podgen"),))
            else:
                fault = await actor.handle.load.remote()
        except RayError as error:
            self._died(actor, error)
            return
        if fault:
            self._refused[actor.node.id] = fault
            self._kill(actor)
            log.warning("warning: %s is not used: %s", actor.node.host, fault.error())
            return
        actor.ready = True
        self._board.join(actor.name)
        self._pump_soon()
        await self._collect(actor)

    def _kill(self, actor: _Actor) -> None:
        import ray

        self._actors.pop(actor.name, None)
        with contextlib.suppress(Exception):
            ray.kill(actor.handle)

    def _give_up(self) -> None:
        """Fail what waits when there has been no actor, nor one to come, for too long."""
        now = time.monotonic()
        if self._actors or not self._orders:
            self._seen = now
            return
        if not self._refused and now - self._seen < PATIENCE_SECONDS:
            return
        error: PodgenError = EngineError("no node of the fleet is left", "see 'ray status'")
        if self._refused:
            error = next(iter(self._refused.values())).error()
        for key in list(self._orders):
            self._end(key, Failed(key, error))
