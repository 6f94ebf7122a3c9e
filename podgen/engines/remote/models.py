"""What the models that are known do with the fields of a request."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Model:
    """One model's row of models.toml, whose head says what the words mean.

    Of a model that is not in the table nothing is known: everything counts as used.
    """

    name: str
    known: bool = True
    match: tuple[str, ...] = ()
    sample_rate: int | None = None
    voice: str = "used"
    ref_audio: str = "used"
    ref_text: str = "used"
    instructions: str = "used"
    instructions_longest: int | None = None
    task_type: str = "used"
    task: str | None = None
    language: str = "used"
    speed: tuple[float, float] = (0.25, 4.0)
    x_vector: bool = False
    presets: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    sample_rates: tuple[int, ...] | None = None
    """The `sample_rate` that its server takes in a request; None where that is not known."""
    reseed: bool = True
    """Whether a bad answer is followed by another seed, not by none."""
    own: bool = False
    """Whether it is podgen's own server, which says what follows of itself."""
    languages: tuple[str, ...] = ("*",)
    longest: int | None = None
    """Characters that it takes at once."""
    blends: bool = False
    phonemes: bool = False
    takes: bool = True


@lru_cache(maxsize=64)
def find(name: str) -> Model:
    """What is known of the model that servers call `name`."""
    rows, _ = _table()
    words = name.casefold()
    for row in rows:
        if all(part in words for part in row.match):
            return row
    return Model(name, known=False)


def language_names() -> Mapping[str, str]:
    """The English names of languages by their primary tag, where models want names."""
    return _table()[1]


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[Model, ...], Mapping[str, str]]:
    text = resources.files(__package__).joinpath("models.toml").read_text("utf-8")
    data = tomllib.loads(text)
    rows = tuple(_row({**data["defaults"], **entry}) for entry in data["model"])
    return rows, data["languages"]


def _row(entry: Mapping[str, Any]) -> Model:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
    }
    return Model(**values)
