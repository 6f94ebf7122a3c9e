"""The editor's questions about one turn: which takes are there, and which is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podgen.errors import EngineError
from podgen.render.plan import Plan, at_take, check
from podgen.render.sealed import CorruptError
from podgen.render.store import Clip, Store
from podgen.render.takes import (
    MOST_TAKES,
    Choice,
    Choices,
    excerpt,
    lock_path,
    save_choices,
    with_choice,
)
from podgen.render.turns import PlannedTurn


@dataclass(frozen=True, slots=True)
class TakeInfo:
    """A take of a turn: `seconds` and `path` are None where it is not rendered yet."""

    take: int
    seed: int
    chosen: bool
    seconds: float | None
    path: Path | None


def list_takes(
    script: Path,
    turn: str,
    *,
    engine: str | None = None,
    store: Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> list[TakeInfo]:
    """The rendered takes of a turn and the one in use, by number.

    Raises:
        ScriptError: the script is wrong, or has no such turn.
    """
    plan = check(script, engine=engine, settings=settings)
    return takes_of(plan, plan.turn(turn), Store(store))


def takes_of(plan: Plan, planned: PlannedTurn, store: Store) -> list[TakeInfo]:
    """The rendered takes of a turn of a plan and the one in use, by number."""
    infos = []
    for candidate in _candidates(plan, planned):
        clip = rendered(store, candidate)
        chosen = candidate.key == planned.key
        if clip or chosen:
            infos.append(
                TakeInfo(
                    take=candidate.take,
                    seed=candidate.utterance.seed,
                    chosen=chosen,
                    seconds=clip.seconds if clip else None,
                    path=clip.path if clip else None,
                )
            )
    return infos


def pick_take(
    script: Path,
    turn: str,
    take: int,
    *,
    engine: str | None = None,
    store: Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> Path:
    """Write the choice of a take to the lock file; the file's path.

    Raises:
        ScriptError: the script is wrong, or has no such turn.
        EngineError: the engine has one reading of a text only, or that take is not rendered.
    """
    plan = check(script, engine=engine, settings=settings)
    candidate = take_of(plan, turn, take)
    if rendered(Store(store), candidate) is None:
        raise EngineError(
            f"take {take} of turn {turn} is not rendered",
            f"'podgen render {script} --turn {turn} --take {take}' renders and picks it",
        )
    return choose(plan, candidate)


def take_of(plan: Plan, turn: str, take: int) -> PlannedTurn:
    """A turn of the plan in the take asked for.

    Raises:
        ScriptError: there is no such turn.
        EngineError: the engine has one reading of a text only.
    """
    planned = plan.turn(turn)
    if take > MOST_TAKES:
        raise EngineError(f"take {take} is past the last one", f"use 1 to {MOST_TAKES}")
    if take > 1:
        _refuse_one_reading(plan, planned)
    return at_take(plan, planned, take)


def next_take(plan: Plan, turn: str, store: Store) -> int:
    """The lowest number of a take that is not in the store.

    Raises:
        ScriptError: there is no such turn.
        EngineError: the engine has one reading of a text only, or every number is taken.
    """
    planned = plan.turn(turn)
    _refuse_one_reading(plan, planned)
    for candidate in _candidates(plan, planned):
        if rendered(store, candidate) is None:
            return candidate.take
    raise EngineError(f"turn {turn} has {MOST_TAKES} takes already", "pick one of them")


def rendered(store: Store, planned: PlannedTurn) -> Clip | None:
    """A turn's take if it is in the store; a damaged one is made again as if it were not."""
    try:
        return store.get("takes", planned.key)
    except CorruptError:
        return None


def _refuse_one_reading(plan: Plan, planned: PlannedTurn) -> None:
    if planned.turn.recording is not None:
        raise EngineError(
            f"turn {planned.id} is a recording, which has one take", "give another file or part"
        )
    if not plan.engines[planned.part.engine].capabilities().takes:
        raise EngineError(
            f"engine {planned.part.engine} has one reading of a text, so turn {planned.id} has "
            "one take",
            "change the text, the voice or the speed instead",
        )


def choose(plan: Plan, planned: PlannedTurn) -> Path:
    """Write a turn's take to the show's lock file."""
    choose_all(plan, [planned])
    return lock_path(plan.show.path)


def choose_all(plan: Plan, turns: Sequence[PlannedTurn]) -> Choices:
    """Write the takes of several turns to the show's lock file; all choices that it then has."""
    choices = plan.choices
    for planned in turns:
        choice = Choice(planned.take, planned.utterance.seed, excerpt(planned.turn.text))
        choices = with_choice(choices, planned.id, planned.part.engine, choice)
    save_choices(plan.show.path, choices)
    return choices


def _candidates(plan: Plan, planned: PlannedTurn) -> list[PlannedTurn]:
    """The turn's takes by number, and the one in use where the lock file has a seed of its own."""
    if not plan.engines[planned.part.engine].capabilities().takes:
        return [at_take(plan, planned, 1)]
    takes = [at_take(plan, planned, take) for take in range(1, MOST_TAKES + 1)]
    if planned.key not in {candidate.key for candidate in takes}:
        takes[planned.take - 1] = planned
    return takes
