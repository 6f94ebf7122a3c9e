"""What a cluster is worth: its nodes, and each engine on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from podgen.engines.fleet import cluster
from podgen.engines.fleet.probe import Make, Probe, devices, probe
from podgen.engines.speed import speed_of
from podgen.errors import PodgenError

Row = tuple[str, Probe, str]
"""An engine's name, what it is on a node, and its speed there."""


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A node: its devices, its engines, or why it told nothing."""

    host: str
    devices: str
    engines: tuple[Row, ...]
    fault: str = ""


def survey(address: str, makes: Mapping[str, Make]) -> list[NodeReport]:
    """Look at every node of the cluster with cores for an actor.

    Raises:
        EngineError: Ray is not installed.
        MachineError: there is no cluster at the address.
    """
    cluster.connect(address)
    reports: list[NodeReport] = []
    nodes = [node for node in cluster.nodes() if node.cpus]
    for on_gpus in (False, True):
        among = [node for node in nodes if bool(node.gpus) == on_gpus]
        # A sliver of a GPU: enough to see it, and to be let in beside an actor that leaves one.
        told = cluster.on_each(_report, among, dict(makes), gpus=0.01 if on_gpus else 0)
        reports += [
            NodeReport(node.host, "", (), str(found).strip().splitlines()[-1])
            if isinstance(found, Exception)
            else found
            for node, found in zip(among, told, strict=True)
        ]
    return reports


def _report(makes: Mapping[str, Make]) -> NodeReport:
    rows: list[Row] = []
    host = ""
    for name, make in makes.items():
        found = probe(make)
        host, speed = found.host, ""
        engine = make()
        try:
            speed = speed_of(engine, usable=found.usable)
        except PodgenError as error:
            speed = str(error)
        finally:
            engine.close()
        rows.append((name, found, speed))
    return NodeReport(host, devices(), tuple(rows))
