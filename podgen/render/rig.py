"""The engines of a job: each with its settings, and those that the cast needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from podgen.casting import Voices, read_voices
from podgen.engines import REGISTRY, create
from podgen.engines.base import Engine
from podgen.errors import EngineError, Problem, ScriptError
from podgen.show.model import Show


def make_engines(
    show: Show, engine: str | None, model: Path | None
) -> tuple[dict[str, Engine], list[Problem]]:
    """Every engine with the settings of the voices file, under the show's, under `model`'s.

    An engine whose settings are wrong is left out, and is among the problems.

    Raises:
        ScriptError: there is a model and no engine that it is for.
    """
    voices = read_voices(show.voices_path)[0] if show.voices_path else Voices()
    places = {**voices.engine_places, **show.engine_places}
    settings: dict[str, dict[str, object]] = {}
    for source in (voices.engine_settings, show.engine_settings):
        for name, values in source.items():
            settings.setdefault(name, {}).update(values)
    if model is not None:
        if engine is None:
            raise ScriptError("--model needs --engine", "say which engine the model is for")
        settings.setdefault(engine, {})["model"] = str(model)
    engines: dict[str, Engine] = {}
    problems: list[Problem] = []
    for name in REGISTRY:
        try:
            engines[name] = create(name, settings.get(name))
        except EngineError as error:
            problems += [
                Problem(problem.what, problem.remedy, places.get(name))
                for problem in error.problems
            ]
    return engines, problems


def usable(engines: Mapping[str, Engine]) -> list[str]:
    """The names of those that can speak on this machine, best first."""
    return [name for name, engine in engines.items() if engine.availability().usable]


def chosen(engines: Mapping[str, Engine], names: Iterable[str]) -> dict[str, Engine]:
    """Those that a cast needs, each able to speak here.

    Raises:
        EngineError: one of them cannot.
    """
    needed = {name: engines[name] for name in dict.fromkeys(names) if name in engines}
    for name, engine in needed.items():
        state = engine.availability()
        if not state.usable:
            raise EngineError(f"engine {name} cannot speak here", state.reason)
    return needed
