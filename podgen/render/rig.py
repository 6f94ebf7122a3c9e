"""The engines of a job: each with its settings, and those that the cast needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from podgen.casting import Voices, read_voices
from podgen.engines import ELSEWHERE, REGISTRY, create, on_fleet
from podgen.engines.base import Engine
from podgen.errors import EngineError, Problem, ScriptError
from podgen.show.model import Show


@dataclass(frozen=True, slots=True)
class Rig:
    """Every engine that could be made, which of them were given settings, and what was wrong."""

    engines: Mapping[str, Engine]
    configured: frozenset[str]
    problems: tuple[Problem, ...]

    def usable(self) -> list[str]:
        """The names of those that can speak on this machine, best first."""
        return [name for name, engine in self.engines.items() if engine.availability().usable]

    def passed_over(self) -> Iterator[str]:
        """A line for each engine that was given settings and cannot speak all the same."""
        for name in sorted(self.configured & self.engines.keys()):
            state = self.engines[name].availability()
            if not state.usable:
                yield f"engine {name} is set up but cannot speak here: {state.reason}"

    def chosen(self, names: Iterable[str]) -> dict[str, Engine]:
        """Those that a cast needs."""
        return {name: self.engines[name] for name in dict.fromkeys(names) if name in self.engines}


class Engines:
    """Engines by name and settings, each made once: shows that ask for the same share it.

    With `fleet`, an address, those that can be are run on a cluster.
    """

    def __init__(self, fleet: str | None = None) -> None:
        self._fleet = fleet
        self._made: dict[str, Engine] = {}

    def get(self, name: str, settings: Mapping[str, object]) -> Engine:
        """The engine called `name` with these settings.

        Raises:
            EngineError: a setting is unknown to it.
        """
        settings = on_fleet(name, settings, self._fleet)
        key = json.dumps([name, settings], sort_keys=True, default=str)
        if key not in self._made:
            self._made[key] = create(name, settings)
        return self._made[key]

    def close(self) -> None:
        """Close all of them."""
        for engine in self._made.values():
            engine.close()


def make_rig(
    show: Show,
    engine: str | None,
    given: Mapping[str, object],
    shared: Engines | None = None,
) -> Rig:
    """Every engine with the settings of the voices file, under the show's, under those given.

    Those of `shared` are used again. An engine whose settings are wrong is left out, and is among
    the problems.

    Raises:
        ScriptError: there are settings given and no engine that they are for.
    """
    voices = read_voices(show.voices_path)[0] if show.voices_path else Voices()
    places = {**voices.engine_places, **show.engine_places}
    settings: dict[str, dict[str, object]] = {}
    for path, source in (
        (show.voices_path, voices.engine_settings),
        (show.path, show.engine_settings),
    ):
        for name, values in source.items():
            settings.setdefault(name, {}).update(_from_folder(path, name, values))
    if given:
        if engine is None:
            options = ", ".join(given)
            raise ScriptError(f"{options}: settings of an engine", "say with --engine of which one")
        settings.setdefault(engine, {}).update(given)
    shared = shared or Engines()
    engines: dict[str, Engine] = {}
    problems: list[Problem] = []
    for name in REGISTRY:
        try:
            engines[name] = shared.get(name, settings.get(name, {}))
        except EngineError as error:
            problems += [
                Problem(problem.what, problem.remedy, places.get(name))
                for problem in error.problems
            ]
    return Rig(engines, frozenset(settings), tuple(problems))


def _from_folder(
    path: Path | None, engine: str, settings: Mapping[str, object]
) -> dict[str, object]:
    """Settings of a file, its relative path of a model counted from the file's folder.

    What a server calls its model is no path, even where something is there that is called so, too.
    """
    model = settings.get("model")
    if path is None or not isinstance(model, str) or engine in ELSEWHERE:
        return dict(settings)
    if not (path.parent / model).exists():
        return dict(settings)
    return {**settings, "model": str(path.parent / model)}
