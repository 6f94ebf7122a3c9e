"""The batches of a run, read ahead of the steps that need them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from podgen.engines.voxtral.training.data import Data, Pairs, Speech
from podgen.engines.voxtral.training.recipe import Recipe

_AHEAD = 2


class Batch(NamedTuple):
    """Pairs, speech, or both."""

    pairs: Pairs | None
    speech: Speech | None


def batches(recipe: Recipe, data: Data, rank: int, first: int) -> Iterator[list[Batch]]:
    """Each step's batches from step `first` on, one for each accumulation.

    Raises:
        EngineError: a file of the data can be read no more.
    """
    with ThreadPoolExecutor(_AHEAD) as readers:
        ahead = [
            readers.submit(_read, recipe, data, rank, step)
            for step in range(first, min(first + _AHEAD, recipe.steps))
        ]
        for step in range(first, recipe.steps):
            found = ahead.pop(0).result()
            if step + _AHEAD < recipe.steps:
                ahead.append(readers.submit(_read, recipe, data, rank, step + _AHEAD))
            yield found


def _read(recipe: Recipe, data: Data, rank: int, step: int) -> list[Batch]:
    paired = round(recipe.clips * recipe.pairs) if data.pairs else 0
    if not data.speech:
        paired = recipe.clips
    alone = recipe.clips - paired
    found = []
    for part in range(recipe.accumulate):
        key = (recipe.seed, step, rank, part)
        found.append(
            Batch(
                data.pair_batch(paired, recipe.seconds, key) if paired else None,
                data.speech_batch(alone, recipe.seconds, key) if alone else None,
            )
        )
    return found
