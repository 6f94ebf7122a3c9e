"""What the nodes of a fleet can run, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from podgen.doctor.finding import Finding
from podgen.engines import ELSEWHERE, REGISTRY, create


def diagnose_fleet(address: str) -> Iterator[Finding]:
    """Look at every node of a Ray cluster: its devices, and each local engine with its weights and
    how fast it is or should be there.

    Raises:
        EngineError: Ray is not installed.
        MachineError: there is no cluster at the address.
    """
    from podgen.engines.fleet.survey import survey

    makes = {name: partial(create, name) for name in REGISTRY if name not in ELSEWHERE}
    for node in survey(address, makes):
        yield Finding(node.host, not node.fault, node.fault or node.devices, False)
        for name, found, speed in node.engines:
            weights = f", weights {found.weights}" if found.weights else ""
            yield Finding(f"engine {name}", found.usable, found.reason + weights, False, speed)
