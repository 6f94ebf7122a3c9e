"""A fleet's actors: one wherever a node has room for it, as nodes come and go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from podgen.engines.fleet import cluster
from podgen.engines.fleet.cluster import Node
from podgen.engines.fleet.probe import Make, Probe
from podgen.engines.fleet.speaker import Speaker
from podgen.engines.fleet.wire import Refused
from podgen.errors import EngineError, PodgenError, Problem

log = logging.getLogger(__name__)

_NODE_DIED = "node has died"
"""What Ray says of an actor that went with its node; it has no other sign of it."""
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
class Actor:
    """An actor as Ray has it, and whether it has loaded its engine."""

    name: str
    node: Node
    handle: Any
    ready: bool = False


class Roster:
    """Begins actors and sees them end; all of it in the thread of whoever has it.

    `work` has a coroutine run beside; `joined` is what an actor does once ready, and `left` is
    told of one that was and is gone, and whether the cause may be what it spoke.
    """

    def __init__(
        self,
        kind: Kind,
        work: Callable[[Coroutine[Any, Any, None]], None],
        joined: Callable[[Actor], Coroutine[Any, Any, None]],
        left: Callable[[Actor, bool], None],
    ) -> None:
        self._kind, self._work, self._joined, self._left = kind, work, joined, left
        self._actors: dict[str, Actor] = {}
        self._refused: dict[str, Refused] = {}
        self._deaths: dict[str, int] = {}
        self._numbered = 0
        self._seen = time.monotonic()  # when there last was an actor, or one to come

    def get(self, name: str) -> Actor | None:
        """The actor of this name, unless it is gone."""
        return self._actors.get(name)

    async def look(self) -> None:
        """Begin actors where there is room, none on a node unlike the others."""
        with contextlib.suppress(Exception):
            for node in await asyncio.to_thread(cluster.nodes):
                self._settle(node)

    def spoke(self, actor: Actor) -> None:
        """Its node is well."""
        self._deaths.pop(actor.node.id, None)

    def died(self, actor: Actor, error: Exception) -> None:
        """A call of an actor failed: it is gone. Each of its calls comes here."""
        if self._actors.pop(actor.name, None) is None:
            return
        with_node = _NODE_DIED in str(error)
        self._kill(actor)  # it may only be out of reach
        if actor.ready:
            log.warning("warning: an actor on %s died; others speak its turns", actor.node.host)
            self._left(actor, not with_node)
        if not with_node:
            self._deaths[actor.node.id] = count = self._deaths.get(actor.node.id, 0) + 1
            if count >= MOST_IN_A_ROW:
                what = f"{count} actors died on {actor.node.host} one after the other"
                self._refuse(actor, Refused((Problem(what, "see the logs of Ray"),)), what)

    def hopeless(self, *, wanted: bool) -> PodgenError | None:
        """Why nothing can be spoken, when there has been no actor, nor one to come, for too long
        while any was `wanted`."""
        now = time.monotonic()
        if self._actors or not wanted:
            self._seen = now
            return None
        if self._refused:
            return next(iter(self._refused.values())).error()
        if now - self._seen < PATIENCE_SECONDS:
            return None
        return EngineError("no node of the fleet is left", "see 'ray status'")

    def close(self) -> None:
        """End all of them."""
        for actor in list(self._actors.values()):
            self._kill(actor)

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
        actor = Actor(f"{node.host}-{self._numbered}", node, handle)
        self._actors[actor.name] = actor
        self._work(self._join(actor))

    async def _join(self, actor: Actor) -> None:
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
            self.died(actor, error)
            return
        if fault:
            self._kill(actor)
            self._refuse(actor, fault, str(fault.error()))
            return
        actor.ready = True
        await self._joined(actor)

    def _refuse(self, actor: Actor, fault: Refused, why: str) -> None:
        self._refused[actor.node.id] = fault
        log.warning("warning: %s is not used: %s", actor.node.host, why)

    def _kill(self, actor: Actor) -> None:
        import ray

        self._actors.pop(actor.name, None)
        with contextlib.suppress(Exception):
            ray.kill(actor.handle)
