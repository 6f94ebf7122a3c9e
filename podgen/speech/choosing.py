"""Which engine says a text, and in which language: what a single text leaves open."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from podgen.engines import REGISTRY, create, on_fleet
from podgen.engines.base import Engine, VoiceInfo
from podgen.errors import EngineError, ScriptError

KEY_VARIABLE = "PODGEN_API_KEY"


def at_servers(urls: Sequence[str]) -> dict[str, object]:
    """Settings of the remote engine for servers; they get the key in PODGEN_API_KEY, if any.

    Somebody waits for a single text: three attempts and half a minute, not those of a whole show.
    """
    key = {"api_key_env": KEY_VARIABLE} if os.environ.get(KEY_VARIABLE) else {}
    return {"base_url": list(urls), "attempts": 3, "patience": 30, **key}


def require_engine(engine: str | None, settings: Mapping[str, object] | None) -> None:
    """Check that settings come with the engine that they are for.

    Raises:
        ScriptError: they do not.
    """
    if settings and engine is None:
        named = ", ".join(settings)
        raise ScriptError(f"settings ({named}) without --engine", "say which engine they are for")


def choose(
    engine: str | None,
    voice: str | None,
    settings: Mapping[str, object] | None,
    fleet: str | None = None,
) -> Engine:
    """The engine that will speak: the one named, else the first usable one with the voice.

    With `fleet`, an address, it is run on a cluster.

    Raises:
        ScriptError: there are settings, and no engine is named that they are for.
        EngineError: it cannot speak here, or no engine has the voice.
    """
    require_engine(engine, settings)
    silent: list[str] = []
    for name in [engine] if engine else REGISTRY:
        made = create(name, on_fleet(name, settings or {}, fleet))
        state = made.availability()
        if engine or _has(made, voice):
            if state.usable:
                return made
            silent.append(f"engine {name} cannot speak here: {state.reason}")
        made.close()
    if silent:
        raise EngineError(silent[0])
    raise EngineError(f"unknown voice '{voice}'", "'podgen voices' lists them")


def _has(engine: Engine, voice: str | None) -> bool:
    """Whether the engine has the voice; of a blend, its first."""
    if voice is None:
        return True
    first = voice.split("+")[0].split(":")[0]
    return any(info.name == first for info in engine.voices())


def voice_language(voices: Sequence[VoiceInfo], voice: str) -> str:
    """The language of a voice, a blend speaking that of its first; "en" where none is known."""
    first = voice.split("+")[0].split(":")[0]
    known = {info.name: info.language for info in voices}
    return known.get(first, "en")
