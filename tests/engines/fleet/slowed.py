"""The draft engine slowed down as a fleet's, so that there is time to kill what speaks."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import podgen.engines.fleet
from podgen.engines.base import Speech, Utterance
from podgen.engines.continuous import Asked, Delivery, Inbox, Part
from podgen.engines.fleet.probe import Make

SECONDS = 0.25


class Slowed:
    """An engine that takes its time, and gives sound away in halves to those who take parts.

    A text that says `deadly` kills its process; one that says `fragile` does between its halves,
    the first time. What was spoken stands in the file that the environment names,
    `PODGEN_TEST_LOG`.
    """

    def __init__(self, make: Make) -> None:
        self._engine = make()
        self.name = self._engine.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        yield from self._engine.synthesize(utterances)

    def speak_from(self, inbox: Inbox, most: int) -> Iterator[Delivery]:
        while batch := inbox.take(most, wait=True):
            for asked in batch:
                yield from self._spoken(asked)

    def _spoken(self, asked: Asked) -> Iterator[Delivery]:
        one, log = asked.utterance, Path(os.environ.get("PODGEN_TEST_LOG", os.devnull))
        if "deadly" in one.text:
            os._exit(1)
        time.sleep(SECONDS)
        (speech,) = self._engine.synthesize([one])
        half = len(speech.samples) // 2 if asked.in_parts else 0
        if half:
            yield Part(one.id, speech.samples[:half], speech.sample_rate, last=False)
        with log.open("a+") as file:
            file.seek(0)
            first = one.text not in file.read()
            file.write(f"{one.text}\n")
        if first and "fragile" in one.text:
            time.sleep(4 * SECONDS)  # the first half has arrived
            os._exit(1)
        yield Part(one.id, speech.samples[half:], speech.sample_rate, last=True)


def slowed(make: Make) -> Slowed:
    return Slowed(make)


def weighed(make: Make) -> Weighed:
    return Weighed(make)


class Weighed(Slowed):
    """An engine that finds other weights on a node whose environment says so."""

    def weights(self) -> str:
        return os.environ.get("PODGEN_TEST_WEIGHTS", "usual")


class SlowFleet(podgen.engines.fleet.FleetEngine):
    """A fleet of slowed engines."""

    def __init__(self, make: Make, fleet: object) -> None:
        super().__init__(partial(slowed, make), fleet)


def main() -> None:
    """The command line, whose fleets are slow."""
    from podgen.__main__ import main as podgen_main

    podgen.engines.fleet.FleetEngine = SlowFleet  # type: ignore[misc]
    podgen_main()


if __name__ == "__main__":
    import importlib

    # By its name, as the nodes know it.
    importlib.import_module("tests.engines.fleet.slowed").main()
