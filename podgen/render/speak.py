"""Have the engines speak the turns whose takes are not in the store."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from podgen.engines.base import Progress, ReportsProgress, Speech
from podgen.errors import EngineError, Problem
from podgen.render.events import Speaking, Watch
from podgen.render.plan import Plan, PlannedTurn
from podgen.render.store import Clip, Store

SILENT_PEAK = 10 ** (-50 / 20)
"""Speech that never passes -50 dBFS is not speech."""


def plausible(seconds: float, estimate: float) -> bool:
    """Whether a take's length can be that of the whole text; wide, as estimates are rough."""
    return 0.3 * estimate - 0.5 <= seconds <= 3.0 * estimate + 3.0


def speak(
    plan: Plan, turns: Sequence[PlannedTurn], store: Store, watch: Watch
) -> Iterator[tuple[PlannedTurn, Clip]]:
    """Speak turns and store their takes, yielding each as it lands, in any order.

    `watch` is told how far a batch is, by engines that know.

    Raises:
        EngineError: an engine cannot speak a turn, or what it spoke is silent or truncated.
    """
    for name, engine in plan.engines.items():
        mine = {turn.id: turn for turn in turns if turn.part.engine == name}
        if not mine:
            continue
        if isinstance(engine, ReportsProgress):
            engine.on_progress = lambda progress: watch(_speaking(progress))
        for speech in engine.synthesize([turn.utterance for turn in mine.values()]):
            turn = mine.pop(speech.id)
            refuse_bad_speech(turn, speech)
            notes = {
                "engine": name,
                "voice": turn.utterance.voice,
                "text": turn.utterance.text,
                "seed": turn.utterance.seed,
            }
            yield (
                turn,
                store.put("takes", turn.key, speech.samples, speech.sample_rate, notes),
            )
        for turn in mine.values():
            raise _wrong(turn, f"engine {name} returned nothing for it")


def _speaking(progress: Progress) -> Speaking:
    remaining = progress.remaining if math.isfinite(progress.remaining) else None
    return Speaking(progress.audio_seconds, progress.rate, remaining)


def refuse_bad_speech(turn: PlannedTurn, speech: Speech) -> None:
    """Whatever engine made it: a take that is not the whole turn must not reach an episode.

    Raises:
        EngineError: it is empty, not finite, silent, or far shorter or longer than its text.
    """
    samples = speech.samples
    seconds = len(samples) / speech.sample_rate
    if not len(samples) or not np.isfinite(samples).all():
        raise _wrong(turn, "the engine returned no usable sound")
    if float(np.abs(samples).max()) < SILENT_PEAK:
        raise _wrong(turn, f"the engine returned {seconds:.1f} s of silence")
    if not plausible(seconds, turn.estimate):
        raise _wrong(
            turn, f"the engine returned {seconds:.1f} s where about {turn.estimate:.1f} s belong"
        )


def _wrong(turn: PlannedTurn, what: str) -> EngineError:
    remedy = "change the text or the voice, or try another take with --turn and --new-take"
    return EngineError(Problem(what, remedy, turn.turn.place, turn.id))
