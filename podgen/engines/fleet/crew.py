"""The driver's side of the actors: they come and go with their nodes, and speak what is asked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from podgen.engines.continuous import Asked, Delivery, Failed, Part
from podgen.engines.fleet import cluster
from podgen.engines.fleet.board import MOST_DEATHS, Board
from podgen.engines.fleet.cluster import Node
from podgen.engines.fleet.probe import Make, Probe
from podgen.engines.fleet.speaker import Packed, Refused, Reply, Speaker, pack
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


@dataclass(slots=True)
class _Actor:
    name: str
    node: Node
    handle: Any
    ready: bool = False


@dataclass(slots=True)
class _Order:
    packed: Packed
    deliver: Callable[[Delivery], None]
    given: int = 0  # samples that were delivered


class Crew:
    """Actors on all nodes that have room, kept at work from a thread of its own."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._board = Board(kind.at_once, max(2, kind.at_once // 8))
        self._orders: dict[str, _Order] = {}
        self._actors: dict[str, _Actor] = {}
        self._refused: dict[str, Refused] = {}
        self._deaths: dict[str, int] = {}
        self._numbered = 0
        self._seen = time.monotonic()  # when there last was an actor, or one to come
        self._backlog = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._changed = threading.Condition()
        self.room = 0
        """How many more utterances the actors could take now."""
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="fleet")
        self._thread.start()
        self._submit(self._watch())

    def ask(
        self, key: str, asked: Asked, seconds: float, deliver: Callable[[Delivery], None]
    ) -> None:
        """Have an utterance of so many seconds, roughly, spoken; `key` is unique.

        `deliver` is called from the crew's thread, and each call answered with `took`.
        """
        order = _Order(pack(asked), deliver)
        self._loop.call_soon_threadsafe(self._add, key, order, seconds)

    @property
    def actors(self) -> int:
        """How many actors have loaded their engine."""
        return self._board.actors

    def drop(self, key: str) -> None:
        """Nobody wants this one any more."""
        self._loop.call_soon_threadsafe(self._forget, key)

    def took(self) -> None:
        """What was delivered has been taken away."""
        self._loop.call_soon_threadsafe(self._taken)

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

    def _add(self, key: str, order: _Order, seconds: float) -> None:
        self._orders[key] = order
        self._board.add(key, seconds)
        self._pump()

    def _forget(self, key: str) -> None:
        if self._orders.pop(key, None) is None:
            return
        actor = self._actors.get(self._board.done(key) or "")
        if actor:
            actor.handle.drop.remote(key)
        self._pump()

    def _taken(self) -> None:
        self._backlog -= 1
        self._pump()

    def _pump(self) -> None:
        """Give the actors what they have room for, unless what they made is not taken away."""
        board = self._board
        if self._backlog <= max(64, 4 * self._kind.at_once * board.actors):
            for name, key in board.give():
                self._submit(self._speak(self._actors[name], key))
            theft = board.steal()
            if theft:
                self._actors[theft[0]].handle.give_back.remote(theft[1])
        with self._changed:
            self.room = board.room
            self._changed.notify_all()

    async def _speak(self, actor: _Actor, key: str) -> None:
        from ray.exceptions import RayError

        order = self._orders.get(key)
        if order is None:
            return
        try:
            if order.packed.asked.in_parts:
                skip, stream = order.given, actor.handle.stream.options(num_returns="streaming")
                async for ref in stream.remote(order.packed):
                    reply: Reply = await ref
                    skip = self._heard(key, order, reply, skip)
            else:
                self._heard(key, order, await actor.handle.speak.remote(order.packed), 0)
        except RayError as error:
            self._died(actor, error)
        else:
            self._deaths.pop(actor.node.id, None)
        self._pump()

    def _heard(self, key: str, order: _Order, reply: Reply, skip: int) -> int:
        """Pass a reply on, less the samples that an actor before has delivered."""
        if self._orders.get(key) is not order:
            return 0
        if reply is None:
            self._board.back(key)
            return 0
        if isinstance(reply, Refused):
            self._end(key, Failed(key, reply.error()))
            return 0
        samples = reply.samples[skip:]
        order.given += len(samples)
        part = Part(key, samples, reply.sample_rate, reply.last)
        if reply.last:
            self._end(key, part)
        elif len(samples):
            self._deliver(order, part)
        return max(0, skip - len(reply.samples))

    def _end(self, key: str, delivery: Delivery) -> None:
        self._board.done(key)
        self._deliver(self._orders.pop(key), delivery)

    def _deliver(self, order: _Order, delivery: Delivery) -> None:
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
        ).remote(kind.make, kind.at_once, kind.cpus)
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
        self._pump()

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
