"""The draft engine slowed down as a fleet's, so that there is time to kill what speaks."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import podgen.engines.fleet
from podgen.engines.base import Speech, Utterance
from podgen.engines.fleet.probe import Make

SECONDS = 0.25


class Slowed:
    """An engine that takes its time. A text that says `deadly` kills its process."""

    def __init__(self, make: Make) -> None:
        self._engine = make()
        self.name = self._engine.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        for utterance in utterances:
            if "deadly" in utterance.text:
                os._exit(1)
            time.sleep(SECONDS)
            yield from self._engine.synthesize([utterance])


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
