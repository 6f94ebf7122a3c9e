"""What of a script, or of the takes chosen for it, has no effect: the plan's warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from podgen.casting import RECORDED
from podgen.engines.base import Engine
from podgen.render.takes import Choices, lock_path, seed_of
from podgen.render.turns import PlannedTurn, base_seed, split_of
from podgen.show.model import Show


def stale_choices(show: Show, turns: Sequence[PlannedTurn], choices: Choices) -> Iterator[str]:
    """Takes in the lock file that no longer mean what they meant when they were chosen."""
    gone = sorted(choices.keys() - {turn.id for turn in turns})
    if gone:
        yield f"{lock_path(show.path)} has takes of turns that are not in the script: " + ", ".join(
            gone
        )
    for turn in turns:
        choice = choices.get(turn.id, {}).get(turn.part.engine)
        if choice and choice.seed != seed_of(base_seed(show, turn.turn), choice.take):
            yield (
                f"turn {turn.id}: the seed in the script was changed after take {choice.take} was "
                f"chosen, which keeps its own; pick again with 'podgen takes'"
            )


def unheard(symbols: Sequence[str]) -> Iterator[str]:
    """Symbols in the text that nobody says."""
    if symbols:
        shown = " ".join(symbols[:8]) + (" ..." if len(symbols) > 8 else "")
        yield f"passed over in speech, as nobody says them: {shown}"


def without_effect(
    show: Show, turns: Sequence[PlannedTurn], engines: Mapping[str, Engine]
) -> Iterator[str]:
    """What the script says that means nothing on the engine it is cast on."""
    for name, engine in engines.items():
        if name == RECORDED:
            continue
        can = engine.capabilities()
        mine = [turn for turn in turns if turn.part.engine == name]
        if not can.takes and any(turn.take > 1 or base_seed(show, turn.turn) for turn in mine):
            yield f"engine {name} has one reading of a text: seeds and takes change nothing on it"
        if not can.split and any(split_of(show, turn.turn) is not None for turn in mine):
            yield f"engine {name} parts long turns in its own way: split changes nothing on it"
