"""A fleet's settings: where it is, and what an actor gets of a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from podgen.errors import EngineError

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """What can be set of a fleet.

    Attributes:
        address: `auto`, for the Ray cluster that this machine belongs to, or else this machine by
            itself; or the cluster's address, HOST:PORT.
        cpus: the cores of each actor; of an engine on a GPU, beside its GPU.
        actors: at most so many; None for as many as the nodes have room for.
        batch: utterances that an actor speaks at once; None for what suits the engine.
    """

    address: str = AUTO
    cpus: int = 2
    actors: int | None = None
    batch: int | None = None


def read_fleet(value: object) -> FleetSettings:
    """The setting `fleet` of an engine: an address, or a mapping of what can be set.

    Raises:
        EngineError: there is no such setting, or it has no such value.
    """
    if isinstance(value, str) and value:
        value = {"address": value}
    if not isinstance(value, Mapping):
        raise EngineError(
            f"fleet cannot be `{value}`", "give auto, an address HOST:PORT, or its settings"
        )
    known = [field.name for field in fields(FleetSettings)]
    for name, given in value.items():
        if name not in known:
            raise EngineError(f"fleet has no setting `{name}`", f"it has {', '.join(known)}")
        if name == "address":
            good = isinstance(given, str) and (given == AUTO or ":" in given)
            wanted = "auto or HOST:PORT"
        else:
            good = isinstance(given, int) and not isinstance(given, bool) and given >= 1
            wanted = "a whole number from 1"
        if not good:
            raise EngineError(f"fleet: {name} cannot be `{given}`", f"give {wanted}")
    if str(value.get("address", "")).startswith("ray://"):
        raise EngineError(
            "fleet: address cannot be one of Ray's client",
            "run podgen on a node of the cluster, with HOST:PORT or auto",
        )
    return FleetSettings(**value)
