"""What a node of the fleet is and has, as found out on it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from podgen import __version__
from podgen.engines.base import Engine, ShowsWeights
from podgen.engines.workers import available_cpus
from podgen.errors import PodgenError

Make = Callable[[], Engine]
"""Makes an engine with its settings; travels to the nodes."""


@dataclass(frozen=True, slots=True)
class Probe:
    """An engine on a node: whether it can speak there, and what names its sound and its weights."""

    host: str
    usable: bool
    reason: str
    fingerprint: str
    weights: str
    version: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """What must be the same on all nodes."""
        return self.version, self.fingerprint, self.weights


def probe(make: Make) -> Probe:
    """Look at the machine that this runs on."""
    host, fingerprint, weights = platform.node(), "", ""
    try:
        engine = make()
        state = engine.availability()
        usable, reason = state.usable, state.reason
        if usable:
            fingerprint = engine.fingerprint()
            weights = engine.weights() if isinstance(engine, ShowsWeights) else ""
    except PodgenError as error:
        usable, reason = False, str(error)
    return Probe(host, usable, reason, fingerprint, weights, __version__)


def devices() -> str:
    """The machine's GPUs, or its cores."""
    if find_spec("torch") is not None:
        import torch

        count = torch.cuda.device_count()
        if count:
            memory = torch.cuda.get_device_properties(0).total_memory / 2**30
            return f"{count} x {torch.cuda.get_device_name(0)}, {memory:.0f} GiB"
    return f"{available_cpus()} cores of {platform.machine()}"


def differing(probes: Sequence[Probe]) -> str:
    """In what the nodes are not the same; empty if they are."""
    first = probes[0]
    for other in probes[1:]:
        for what, mine, theirs in (
            ("podgen", first.version, other.version),
            ("weights", first.weights, other.weights),
            ("fingerprint", first.fingerprint, other.fingerprint),
        ):
            if mine != theirs:
                return f"{what} on {first.host}: {mine}, on {other.host}: {theirs}"
    return ""
