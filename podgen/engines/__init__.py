"""The voices: engines that turn utterances into speech, and the registry that names them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial

from podgen.engines.base import Engine
from podgen.errors import EngineError

Settings = Mapping[str, object]

# Read when onnxruntime is first imported, whoever imports it: else it keeps a device's id and a
# queue of events in the user's cache (its telemetry on POSIX, since 1.29; pull request 27379).
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def _voxtral(settings: Settings) -> Engine:
    from podgen.engines.voxtral import VoxtralEngine

    return VoxtralEngine(settings)


def _kokoro(settings: Settings) -> Engine:
    from podgen.engines.kokoro import KokoroEngine

    return KokoroEngine(settings)


def _hibari(settings: Settings) -> Engine:
    from podgen.engines.hibari import HibariEngine

    return HibariEngine(settings)


def _remote(settings: Settings) -> Engine:
    from podgen.engines.remote import RemoteEngine

    return RemoteEngine(settings)


REGISTRY: dict[str, Callable[[Settings], Engine]] = {
    "voxtral": _voxtral,
    "kokoro": _kokoro,
    "hibari": _hibari,
    "remote": _remote,
}
"""Every engine by name, best sounding first: the order in which `podgen render` chooses."""


ELSEWHERE = frozenset({"remote"})
"""Engines whose voices are on servers elsewhere, so that no fleet runs them."""


def on_fleet(name: str, settings: Settings, address: str | None) -> Settings:
    """An engine's settings with the fleet at `address`, if there is one and it can be on it."""
    if address is None or name in ELSEWHERE:
        return settings
    there = settings.get("fleet")
    return {**settings, "fleet": {**(there if isinstance(there, dict) else {}), "address": address}}


def create(name: str, settings: Settings | None = None) -> Engine:
    """The engine called `name` with its settings; loads no weights.

    With the setting `fleet`, it is run by actors on a Ray cluster.

    Raises:
        EngineError: there is no such engine, or a setting is unknown to it.
    """
    factory = REGISTRY.get(name)
    if factory is None:
        raise EngineError(f"unknown engine '{name}'", f"use one of {', '.join(REGISTRY)}")
    given = dict(settings or {})
    fleet = given.pop("fleet", None)
    if fleet is None:
        return factory(given)
    if name in ELSEWHERE:
        raise EngineError(f"{name} has no setting `fleet`", "its servers are its fleet")
    from podgen.engines.fleet import FleetEngine

    return FleetEngine(partial(create, name, given), fleet)
