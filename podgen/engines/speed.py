"""How fast an engine is on this machine: as it says, or by timing it."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from podgen.engines.base import Engine, ForetellsSpeed, Utterance

_SENTENCES = (
    "The tide was out, and the two of them walked along the shore for an hour without a word.",
    "When they came back to the harbour, the boats had gone and the lamps were already lit.",
)


def speed_of(engine: Engine, *, usable: bool) -> str:
    """Seconds of sound a second, and how they were found; empty where nothing is known.

    An engine that takes long to load says how fast it should be. Another is timed, if it is
    `usable`.

    Raises:
        EngineError: it cannot speak.
    """
    if isinstance(engine, ForetellsSpeed):
        return engine.outlook()
    return _timed(engine) if usable else ""


def _timed(engine: Engine) -> str:
    voice = engine.voices()[0]

    def seconds(texts: Sequence[str]) -> float:
        batch = [Utterance(text, text, voice.name, voice.language) for text in texts]
        return sum(len(s.samples) / s.sample_rate for s in engine.synthesize(batch))

    seconds(["Hello."])  # loads it
    begun = monotonic()
    rate = seconds(_SENTENCES) / (monotonic() - begun)
    return f"{float(f'{rate:.2g}'):g} s of sound a second, measured now"
