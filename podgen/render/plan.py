"""What a render will do: every turn with its voice, its text as spoken and its key.

Planning checks everything that can be known without speaking, so that whatever is wrong with a
script is said at once, before anything renders.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from podgen.audio.presets import Preset, preset
from podgen.casting import RECORDED, Casting, read_cast
from podgen.engines import REGISTRY
from podgen.engines.base import Engine
from podgen.errors import EngineError, Problem, ScriptError
from podgen.render import recordings
from podgen.render.assets import asset_problems
from podgen.render.foreseen import cover_warnings, foreseen
from podgen.render.ineffective import stale_choices, unheard, without_effect
from podgen.render.keys import heard_as, take_key
from podgen.render.rig import Engines, Rig, make_rig
from podgen.render.takes import Choices, load_choices, seed_of
from podgen.render.turns import Memory, PlannedTurn, base_seed, heard_seed, plan_turns
from podgen.show import read_show
from podgen.show.model import Mastering, Show
from podgen.show.read import in_order

_FIGURES = [field.name for field in fields(Mastering) if field.name not in ("preset", "place")]


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked show: who speaks what with which engine, and how it will be mastered."""

    show: Show
    casting: Casting
    engines: Mapping[str, Engine]
    turns: tuple[PlannedTurn, ...]
    preset: Preset
    choices: Choices
    warnings: tuple[str, ...]

    def turn(self, turn_id: str) -> PlannedTurn:
        """The turn with this id.

        Raises:
            ScriptError: there is none.
        """
        for planned in self.turns:
            if planned.id == turn_id:
                return planned
        close = difflib.get_close_matches(turn_id, [turn.id for turn in self.turns], n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise ScriptError(
            f"{self.show.path}: no turn '{turn_id}'",
            f"{hint}'podgen check --spoken {self.show.path}' lists the ids",
        )


@dataclass(frozen=True, slots=True)
class Examined:
    """A script looked through: all that is wrong with it, and what can be planned all the same.

    `plan` leaves out the turns that cannot be spoken as they stand, and is None where nothing can
    be planned. `silent` is a reason for each engine of it that cannot speak here.
    """

    plan: Plan | None
    problems: tuple[Problem, ...]
    silent: tuple[EngineError, ...]


def check(
    script: Path,
    *,
    engine: str | None = None,
    settings: Mapping[str, object] | None = None,
    to_speak: bool = True,
    shared: Engines | None = None,
) -> Plan:
    """Plan a script's render.

    Args:
        script: the show's YAML file.
        engine: cast every character on this engine; else the best that the machine can run.
        settings: settings of that engine, over those of the show and the voices file.
        to_speak: whether the engines must be able to speak on this machine; where they need not,
            one that cannot is a warning, and its turns may have no keys.
        shared: the engines of other shows, to be used again.

    Raises:
        ScriptError: the script, its cast or its files are wrong; every problem found is in it.
        EngineError: an engine cannot speak here.
    """
    found = examine(script, engine=engine, settings=settings, shared=shared)
    if found.problems or found.plan is None:
        raise ScriptError(found.problems)
    if found.silent and to_speak:
        raise found.silent[0]
    return found.plan


def examine(
    script: Path,
    *,
    text: str | None = None,
    engine: str | None = None,
    settings: Mapping[str, object] | None = None,
    shared: Engines | None = None,
    memory: Memory | None = None,
) -> Examined:
    """Look through a script as `check` does, however much is wrong with it.

    `text` is what is in the file, or will be, where that is known. `memory`, which it fills, spares
    what has not changed since the script was looked through last.

    Raises:
        ScriptError: the script cannot be read at all.
        EngineError: no engine can speak here.
    """
    show, rig, casting, problems = _read_cast(script, text, engine, settings, shared)
    engines: dict[str, Engine] = rig.chosen(part.engine for part in casting.parts.values())
    if casting.recorded:
        engines[RECORDED] = recordings.Recordings()
    silent = [
        EngineError(f"engine {name} cannot speak here", state.reason)
        for name, made in engines.items()
        if not (state := made.availability()).usable
    ]
    choices = load_choices(script)
    memory = {} if memory is None else memory
    turns, passed_over, found = plan_turns(show, casting, engines, choices, memory)
    problems += found + asset_problems(show)
    head, chosen_preset = math.inf, None
    try:
        chosen_preset = _preset(show)
        head = chosen_preset.head
    except ScriptError as error:
        problems += error.problems
    problems += foreseen(show, {turn.id: turn.estimate for turn in turns}, head)
    problems = in_order(problems)
    if chosen_preset is None:
        return Examined(None, tuple(problems), tuple(silent))
    plan = Plan(
        show=show,
        casting=casting,
        engines=engines,
        turns=turns,
        preset=chosen_preset,
        choices=choices,
        warnings=(
            *map(str, silent),
            *(line for line in rig.passed_over() if not silent),
            # A whole show can land on a draft engine because one character has no better voice.
            *([casting.reason] if casting.second_best else []),
            *unheard(passed_over),
            *stale_choices(show, turns, choices),
            *without_effect(show, turns, engines),
            *cover_warnings(show, chosen_preset.name),
        ),
    )
    return Examined(plan, tuple(problems), tuple(silent))


def refuse_uncastable(
    script: Path,
    *,
    engine: str | None = None,
    settings: Mapping[str, object] | None = None,
    shared: Engines | None = None,
) -> None:
    """Raise what `examine` would, without its planning of each turn."""
    _read_cast(script, None, engine, settings, shared)


def _read_cast(
    script: Path,
    text: str | None,
    engine: str | None,
    settings: Mapping[str, object] | None,
    shared: Engines | None,
) -> tuple[Show, Rig, Casting, list[Problem]]:
    show, problems = read_show(script, text)
    rig = make_rig(show, engine, settings or {}, shared)
    casting, found = read_cast(show, engine=engine, usable=rig.usable(), known=list(REGISTRY))
    return show, rig, casting, [*problems, *rig.problems, *found]


def at_take(plan: Plan, planned: PlannedTurn, take: int) -> PlannedTurn:
    """A turn of the plan as it would be in another take; a recording has but one."""
    if planned.turn.recording is not None:
        return planned
    engine = plan.engines[planned.part.engine]
    seed = heard_seed(engine, seed_of(base_seed(plan.show, planned.turn), take))
    utterance = replace(planned.utterance, seed=seed)
    key = take_key(heard_as(engine, engine.fingerprint(), utterance), utterance)
    return replace(planned, utterance=utterance, take=take, key=key)


def _preset(show: Show) -> Preset:
    chosen = show.mastering
    figures = {name: value for name in _FIGURES if (value := getattr(chosen, name)) is not None}
    try:
        return preset(chosen.preset, figures, show.deliverables)
    except ScriptError as error:
        raise ScriptError(
            [replace(problem, place=problem.place or chosen.place) for problem in error.problems]
        ) from error
