"""Engines whose batch never has to stop: utterances join it while it runs, sound leaves early."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from podgen.engines.base import Samples, Utterance


@dataclass(frozen=True, slots=True)
class Asked:
    """An utterance that somebody waits for, and whether they take its sound before it is done."""

    utterance: Utterance
    in_parts: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Some of an utterance's samples, in order; with `last` set it is complete."""

    id: str
    samples: Samples
    sample_rate: int
    last: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """An utterance that cannot be spoken, or no further, and why."""

    id: str
    error: Exception


Delivery = Part | Failed


class Inbox(Protocol):
    """What waits to be spoken."""

    def take(self, most: int, *, wait: bool, unless: Callable[[], bool] = ...) -> Sequence[Asked]:
        """Up to `most` utterances, those due first leading, under ids unique in the process.

        With `wait`, at least one, unless `unless` becomes true, which is looked at again after
        each `wake`. Otherwise an empty answer to waiting means that no more will come.
        """
        ...

    def wake(self) -> None:
        """Have those that wait in `take` look at their `unless` again."""
        ...

    def wanted(self, utterance_id: str) -> bool:
        """Whether somebody still waits for an utterance that was taken."""
        ...


@runtime_checkable
class ContinuousEngine(Protocol):
    """What an engine adds to `podgen.engines.base.Engine` if its batch never has to stop."""

    def speak_from(self, inbox: Inbox, most: int) -> Iterator[Delivery]:
        """Speak what comes until the inbox closes, at most `most` utterances at once.

        Parts of one utterance come in order; where nobody asked for parts there is one. An
        utterance that is no longer `wanted` may be let go without another word. What this raises
        fails everything that was taken.
        """
        ...
