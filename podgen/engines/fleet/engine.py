"""A fleet as an engine: another engine, run by many actors on a Ray cluster."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from podgen.engines.base import (
    Availability,
    Capabilities,
    Engine,
    HearsRecordings,
    Progress,
    Speech,
    Utterance,
    VoiceInfo,
)
from podgen.engines.checks import Problems, refuse
from podgen.engines.continuous import Asked, Delivery, Failed, Inbox
from podgen.engines.fleet import cluster
from podgen.engines.fleet.cluster import Node
from podgen.engines.fleet.crew import Crew, Order
from podgen.engines.fleet.probe import Make, Probe, differing, probe
from podgen.engines.fleet.roster import Kind
from podgen.engines.fleet.settings import read_fleet
from podgen.engines.fleet.wire import pack
from podgen.engines.order import longest_first
from podgen.errors import EngineError, PodgenError, Problem

_BLOCK = 8
"""Among so many utterances for each that is spoken at once, the longest is spoken first."""
_PACKED = 64
"""So many utterances are got ready at a time, when those before them begin to be few."""
_LOOK_SECONDS = 0.25
"""So often it is looked whether what is spoken is still wanted."""


@dataclass(frozen=True, slots=True)
class FleetProgress:
    """See `podgen.engines.base.Progress`."""

    audio_seconds: float
    rate: float
    remaining: float


class FleetEngine:
    """Speaks with the engine that `make` makes, on every node of a cluster that has room.

    What it is asked, and what its sound is kept under, are the engine's own: its name, its checks,
    its fingerprint.
    """

    def __init__(self, make: Make, fleet: object) -> None:
        self._make = make
        self._settings = read_fleet(fleet)
        self._engine: Engine = make()
        self.name = self._engine.name
        self.on_progress: Callable[[Progress], None] | None = None
        self._probed: list[tuple[Node, Probe]] | None = None
        self._state: Availability | None = None
        self._crew: Crew | None = None
        self._keys = itertools.count()

    def capabilities(self) -> Capabilities:
        """The engine's."""
        return self._engine.capabilities()

    def availability(self) -> Availability:
        """Whether the nodes with room for an actor are all alike and can speak."""
        if self._state is None:
            try:
                self._state = self._look()
            except PodgenError as error:
                self._state = Availability(False, str(error))
        return self._state

    def ear(self) -> str:
        """The engine's, if it has one."""
        return self._engine.ear() if isinstance(self._engine, HearsRecordings) else ""

    def voices(self) -> Sequence[VoiceInfo]:
        """The engine's."""
        return self._engine.voices()

    def check(self, utterance: Utterance) -> Problems:
        """What the engine cannot do."""
        return self._engine.check(utterance)

    def estimate(self, utterance: Utterance) -> float:
        """The engine's."""
        return self._engine.estimate(utterance)

    def fingerprint(self) -> str:
        """That of the engine on the nodes, which is the same on all.

        Raises:
            EngineError: there is none, or they differ.
        """
        state = self.availability()
        if not state.usable or not self._probed:
            raise EngineError(f"engine {self.name} cannot speak on the fleet", state.reason)
        return self._probed[0][1].fingerprint

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        """Have the actors speak all, those given first before the others.

        Raises:
            EngineError: naming an utterance that the engine cannot speak, at once; or those that
                could not be spoken, when all others are done.
        """
        for utterance in utterances:
            refuse(self.name, utterance, self.check(utterance))
        if not utterances:
            return
        crew = self._start()
        results: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        left: dict[str, Utterance] = {}
        seconds = {utterance.id: self.estimate(utterance) for utterance in utterances}
        block = _BLOCK * self._slots()
        ordered = deque(longest_first(utterances, lambda one: seconds[one.id], block))
        problems: list[Problem] = []
        begun, done, total = time.monotonic(), 0.0, sum(seconds.values())
        expected = 0.0
        try:
            while ordered or left:
                if ordered and len(left) < max(block, 2 * crew.most):
                    orders = []
                    for _ in range(min(_PACKED, len(ordered))):
                        utterance = ordered.popleft()
                        key = self._key()
                        left[key] = utterance
                        packed = pack(Asked(utterance), key, prompt=False)
                        orders.append(Order(packed, seconds[utterance.id], results.put))
                    crew.ask(orders)
                    continue
                delivery = results.get()
                crew.took()
                utterance = left.pop(delivery.id)
                expected += seconds[utterance.id]
                if isinstance(delivery, Failed):
                    problems += _named(delivery, utterance)
                    continue
                done += len(delivery.samples) / delivery.sample_rate
                if self.on_progress:
                    took = time.monotonic() - begun
                    remaining = took * (total - expected) / expected
                    self.on_progress(FleetProgress(done, done / took, remaining))
                yield Speech(utterance.id, delivery.samples, delivery.sample_rate)
        finally:
            for key in left:
                crew.drop(key)
        if problems:
            raise EngineError(list(dict.fromkeys(problems)))

    def speak_from(self, inbox: Inbox, most: int) -> Iterator[Delivery]:
        """See `podgen.engines.continuous.ContinuousEngine`; `most` is for each actor."""
        crew = self._start()
        taking = _Taking(crew, inbox, self)
        yield from taking.deliveries()

    def close(self) -> None:
        """End the actors."""
        if self._crew is not None:
            self._crew.close()
            self._crew = None
        self._state = self._probed = None

    @property
    def actors(self) -> int:
        """How many actors are at work now."""
        return self._crew.actors if self._crew else 0

    def ask(self, crew: Crew, asked: Asked, deliver: Callable[[Delivery], None]) -> str:
        """Have an utterance spoken that somebody waits for; the key that stands for its id."""
        key = self._key()
        packed = pack(asked, key, prompt=True)
        crew.ask([Order(packed, self.estimate(asked.utterance), deliver)])
        return key

    def _key(self) -> str:
        return f"u{next(self._keys)}"

    def _slots(self) -> int:
        """How many utterances all actors speak at once, roughly."""
        kind = self._kind()
        rooms = [node.room(kind.cpus, gpu=kind.gpu) for node, _ in self._probed or ()]
        return max(1, min(sum(rooms), kind.most or sum(rooms))) * kind.at_once

    def _kind(self) -> Kind:
        settings, at_once = self._settings, self.capabilities().at_once
        assert self._probed
        return Kind(
            make=self._make,
            at_once=settings.batch or at_once or settings.cpus,
            cpus=settings.cpus,
            gpu=at_once is not None,
            most=settings.actors,
            identity=self._probed[0][1].identity,
        )

    def _start(self) -> Crew:
        state = self.availability()
        if not state.usable:
            raise EngineError(f"engine {self.name} cannot speak on the fleet: {state.reason}")
        if self._crew is None:
            self._crew = Crew(self._kind())
        return self._crew

    def _look(self) -> Availability:
        settings = self._settings
        cluster.connect(settings.address)
        gpu = self.capabilities().at_once is not None
        nodes = [node for node in cluster.nodes() if node.room(settings.cpus, gpu=gpu)]
        if not nodes:
            what = "a GPU" if gpu else f"{settings.cpus} cores"
            return Availability(False, f"no node of the fleet has {what}")
        found = cluster.on_each(probe, nodes, self._make)
        probed = [
            (node, one)
            for node, one in zip(nodes, found, strict=True)
            if isinstance(one, Probe) and one.usable
        ]
        if not probed:
            first = found[0]
            reason = first.reason if isinstance(first, Probe) else str(first).splitlines()[-1]
            return Availability(False, f"on {nodes[0].host}: {reason}")
        unlike = differing([one for _, one in probed])
        if unlike:
            return Availability(False, f"its nodes are not alike: {unlike}")
        self._probed = probed
        actors = sum(node.room(settings.cpus, gpu=gpu) for node, _ in probed)
        return Availability(
            True,
            f"fleet of {min(actors, settings.actors or actors)} actors on {len(probed)} nodes, "
            f"{probed[0][1].reason}",
        )


def _named(failed: Failed, utterance: Utterance) -> list[Problem]:
    """A failure under the utterance's own name."""
    if not isinstance(failed.error, PodgenError):
        return [Problem(str(failed.error), turn=utterance.id)]
    return [replace(one, turn=utterance.id if one.turn else None) for one in failed.error.problems]


class _Taking:
    """An inbox emptied into the crew, as far as there is room, and what comes back."""

    def __init__(self, crew: Crew, inbox: Inbox, engine: FleetEngine) -> None:
        self._crew, self._inbox, self._engine = crew, inbox, engine
        self._results: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ids: dict[str, str] = {}
        self._stopped = threading.Event()

    def deliveries(self) -> Iterator[Delivery]:
        """Until the inbox is closed and all is done."""
        threading.Thread(target=self._feed, daemon=True, name="fleet-inbox").start()
        open_ = True
        looked = time.monotonic()
        try:
            while open_ or self._ids:
                if time.monotonic() - looked > _LOOK_SECONDS:
                    looked = time.monotonic()
                    self._drop(lambda one: not self._inbox.wanted(one))
                try:
                    delivery = self._results.get(timeout=_LOOK_SECONDS)
                except queue.Empty:
                    continue
                if delivery is None:
                    open_ = False
                    continue
                self._crew.took()
                with self._lock:
                    last = isinstance(delivery, Failed) or delivery.last
                    own = (self._ids.pop if last else self._ids.get)(delivery.id, None)
                if own is not None:
                    yield replace(delivery, id=own)
        finally:
            self._stopped.set()
            self._inbox.wake()
            self._drop(lambda one: True)

    def _feed(self) -> None:
        stopped = self._stopped.is_set
        while not stopped():
            self._crew.wait_for_room(stopped)
            taken = self._inbox.take(1, wait=True, unless=stopped)
            if not taken and not stopped():
                break
            for asked in taken:
                with self._lock:
                    key = self._engine.ask(self._crew, asked, self._results.put)
                    self._ids[key] = asked.utterance.id
        self._results.put(None)

    def _drop(self, unwanted: Callable[[str], bool]) -> None:
        with self._lock:
            keys = [key for key, own in self._ids.items() if unwanted(own)]
            for key in keys:
                del self._ids[key]
        for key in keys:
            self._crew.drop(key)
