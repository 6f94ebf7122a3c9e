"""Takes of a turn for the page: those that are there, another one, the one in use."""

from __future__ import annotations

from typing import Any

from podgen.edit.desk import text_of
from podgen.edit.studio import Studio
from podgen.errors import EngineError
from podgen.render.editing import choose, next_take, rendered, take_of, takes_of
from podgen.render.takes import lock_path


def listed(studio: Studio, number: int) -> dict[str, Any]:
    """The takes of an entry's turn, by their numbers.

    Raises:
        ScriptError: there is no such turn.
    """
    found, turn = studio.turn(number)
    assert found.plan is not None
    takes = takes_of(found.plan, turn, studio.store)
    return {
        "takes": [
            {"take": one.take, "seed": one.seed, "chosen": one.chosen, "seconds": one.seconds}
            for one in takes
        ]
    }


def new(studio: Studio, number: int) -> dict[str, Any]:
    """Speak a take that is not there yet, and leave the one in use; its number.

    Raises:
        EngineError: the engine has one reading of a text only, or cannot speak this one.
    """
    found, turn = studio.turn(number)
    assert found.plan is not None
    take = next_take(found.plan, turn.id, studio.store)
    candidate = take_of(found.plan, turn.id, take)
    studio.speaker.at_once(found.plan, candidate)
    return {"take": take, **listed(studio, number)}


def pick(studio: Studio, number: int, take: int) -> dict[str, Any]:
    """Use a take: it is written to the lock file, and can be undone.

    Raises:
        EngineError: that take is not there.
    """
    found, turn = studio.turn(number)
    plan = found.plan
    assert plan is not None
    candidate = take_of(plan, turn.id, take)
    if rendered(studio.store, candidate) is None:
        raise EngineError(f"take {take} of turn {turn.id} is not spoken yet", "speak it first")
    path = lock_path(plan.show.path)
    with studio.desk.lock:
        before = text_of(path)
        choose(plan, candidate)
        after = text_of(path)
        if before != after:
            studio.desk.change("take", lambda document: document, texts={path: (before, after)})
    studio.touch()
    return {"take": take}


def voices(studio: Studio, engine: str) -> list[str]:
    """The names of an engine's voices, as far as the show uses that engine."""
    plan = studio.found.plan
    made = plan.engines.get(engine) if plan else None
    return [voice.name for voice in made.voices()] if made else []
