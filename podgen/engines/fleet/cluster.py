"""The Ray cluster: connecting to it, its nodes, and what runs on each."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeVar

from podgen.engines.fleet.settings import AUTO
from podgen.errors import EngineError, MachineError

INSTALL = "pip install 'podgen[fleet]'"
Found = TypeVar("Found")

# Read when a head node starts: else it tells Ray's makers how it is used.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
# Else Ray writes what befalls workers to the driver's standard output, among what podgen prints
# there; it has no other switch for that. Read when it is imported.
os.environ["RAY_DEDUP_LOGS_SKIP_REGEX"] = "."
# Seconds: a busy machine needs more than Ray's ten to begin a node.
os.environ.setdefault("RAY_raylet_start_wait_time_s", "120")
# The way that Ray is to take in later versions, without a warning.
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster that is up, and what it has."""

    id: str
    host: str
    cpus: int
    gpus: int

    def room(self, cpus: int, *, gpu: bool) -> int:
        """For how many actors it has room."""
        return min(self.gpus, self.cpus // cpus) if gpu else self.cpus // cpus


def connect(address: str) -> None:
    """Join the cluster; with `auto`, that of this machine, or else this machine becomes one.

    Raises:
        EngineError: Ray is not installed.
        MachineError: there is no cluster at the address.
    """
    if find_spec("ray") is None:
        raise EngineError("ray is not installed", INSTALL)
    import ray

    if ray.is_initialized():
        return
    if address != AUTO:
        _knock(address)
    options: dict[str, Any] = {
        "include_dashboard": False,
        "log_to_driver": False,
        "logging_level": logging.ERROR,
    }
    with _own_signals():
        try:
            if address == AUTO:
                # Not "auto", which gives up where no cluster is: without an address one is begun.
                ray.init(**options)
            else:
                ray.init(address=address, **{**options, "include_dashboard": None})
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            remedy = "see 'ray status' there, or docs/fleet.md"
            if address != AUTO and "RAY_AUTH_MODE" not in os.environ:
                remedy = f"if it asks for a token, set RAY_AUTH_MODE=token; else {remedy}"
            raise MachineError(f"no fleet at {address}: {reason}", remedy) from error


def _knock(address: str) -> None:
    """See that somebody listens there: Ray itself would try for minutes.

    Raises:
        MachineError: nobody does.
    """
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, ValueError) as error:
        raise MachineError(
            f"no fleet at {address}: {error}", "see 'ray status' there, or docs/fleet.md"
        ) from error


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Ray takes the signals that end a process for itself; they stay podgen's."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in ending}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def nodes() -> list[Node]:
    """The machines that are up now."""
    import ray

    found = []
    known: list[dict[str, Any]] = ray.nodes()
    for node in known:
        if node["Alive"]:
            has = node["Resources"]
            cpus, gpus = int(has.get("CPU", 0)), int(has.get("GPU", 0))
            found.append(Node(node["NodeID"], node["NodeManagerHostname"], cpus, gpus))
    return found


def on_node(node: Node) -> Any:
    """Ray's option that has something run on this node and no other."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node.id, soft=False)


def on_each(
    work: Callable[..., Found], among: Sequence[Node], *arguments: object, gpus: float = 0
) -> list[Found | Exception]:
    """What a function makes on each node; an exception where the node would not run it."""
    import ray

    task = ray.remote(num_cpus=0, num_gpus=gpus, max_retries=1)(work)
    begun = [task.options(scheduling_strategy=on_node(node)).remote(*arguments) for node in among]
    found: list[Found | Exception] = []
    for one in begun:
        try:
            found.append(ray.get(one, timeout=120))
        except Exception as error:
            found.append(error)
    return found
