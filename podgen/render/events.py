"""What a render tells whoever watches it: a terminal, a log, or a program reading JSON lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened during a render: to the show whose script is named, or to all."""

    name: ClassVar[str]
    show: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Season(Event):
    """All of several scripts are sound; so many shows are rendered together."""

    name = "season"
    shows: int


@dataclass(frozen=True, slots=True)
class Planned(Event):
    """The script is sound; rendering begins. `seconds` is the estimated speech still to make."""

    name = "planned"
    turns: int
    missing: int
    seconds: float
    engine: str
    why: str


@dataclass(frozen=True, slots=True)
class Spoke(Event):
    """A turn's take landed in the store; `done` of `missing` are there. Times in seconds."""

    name = "spoke"
    turn: str
    speaker: str
    take: int
    seconds: float
    done: int
    missing: int


@dataclass(frozen=True, slots=True)
class Hearing(Event):
    """So many takes have been listened to, of so many."""

    name = "hearing"
    done: int
    takes: int


@dataclass(frozen=True, slots=True)
class Heard(Event):
    """A take was judged; `grade` is good, doubtful or bad, `heard` what it says."""

    name = "heard"
    turn: str
    speaker: str
    take: int
    grade: str
    heard: str


@dataclass(frozen=True, slots=True)
class Speaking(Event):
    """How far a batch of turns is: seconds of sound, of sound a second, and until its end."""

    name = "speaking"
    seconds: float
    rate: float
    remaining: float | None


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """One of several shows came to nothing; the others go on. `exit_code` is its kind's."""

    name = "failed"
    exit_code: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step(Event):
    """Progress of a later step; `done` runs from 0 to 1."""

    name = "step"
    step: str
    done: float


@dataclass(frozen=True, slots=True)
class Kept(Event):
    """Speaking ended early; so many of the turns are in the store, and stay there."""

    name = "kept"
    kept: int
    turns: int


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something worth reading that does not stop the render."""

    name = "warning"
    message: str


@dataclass(frozen=True, slots=True)
class Previewed(Event):
    """The changed turn in its context can be heard. Times in seconds of the episode."""

    name = "preview"
    path: Path
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Delivered(Event):
    """A deliverable is measured and in place."""

    name = "delivered"
    path: Path
    seconds: float
    integrated: float | None
    true_peak: float | None


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The render is done; `rendered` turns were spoken now, the others came from the store."""

    name = "finished"
    report: Path
    turns: int
    rendered: int


Watch = Callable[[Event], None]
"""Is told what happens, from any thread."""


def as_json(event: Event) -> dict[str, Any]:
    """The event as plain values, its name first."""
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}
    return {"event": event.name, **plain}
