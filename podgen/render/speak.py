"""Have the engines speak turns: those of all shows in one batch for each engine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from podgen.casting import RECORDED
from podgen.engines.base import Engine, Progress, ReportsProgress, Speech
from podgen.errors import EngineError, PodgenError, Problem
from podgen.render.events import Speaking, Watch
from podgen.render.store import Clip, Store
from podgen.render.turns import PlannedTurn

SILENT_PEAK = 10 ** (-50 / 20)
"""Speech that never passes -50 dBFS is not speech."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A turn to be spoken, by which engine, and the name that no other turn of the batch has."""

    name: str
    turn: PlannedTurn
    engine: Engine


def plausible(seconds: float, estimate: float) -> bool:
    """Whether a take's length can be that of the whole text; wide, as estimates are rough."""
    return 0.3 * estimate - 0.5 <= seconds <= 3.0 * estimate + 3.0


def speak(
    wanted: Sequence[Wanted], store: Store, watch: Watch
) -> Iterator[tuple[Wanted, Clip | PodgenError]]:
    """Speak turns and store their takes, each told as it lands or fails, in any order.

    Recordings come first, then each engine with all that it is wanted for. A turn that fails stops
    no other, an engine that fails no other engine. `watch` is told how far a batch is, by engines
    that know.

    Raises:
        MachineError: the store cannot be written.
    """
    batches: dict[int, list[Wanted]] = {}
    for one in sorted(wanted, key=lambda one: one.turn.part.engine != RECORDED):
        batches.setdefault(id(one.engine), []).append(one)
    for batch in batches.values():
        yield from _speak(batch[0].engine, batch, store, watch)


def _speak(
    engine: Engine, batch: Sequence[Wanted], store: Store, watch: Watch
) -> Iterator[tuple[Wanted, Clip | PodgenError]]:
    if isinstance(engine, ReportsProgress):
        engine.on_progress = lambda progress: watch(_speaking(progress))
    left = {one.name: one for one in batch}
    speeches = iter(engine.synthesize([replace(one.turn.utterance, id=one.name) for one in batch]))
    failure: PodgenError = EngineError([])
    while True:
        try:
            speech = next(speeches, None)
        except PodgenError as error:
            failure = error
            break
        if speech is None:
            break
        one = left.pop(speech.id)
        fault = bad_speech(one.turn, speech)
        if fault:
            yield one, EngineError(_problem(one, fault))
            continue
        said = one.turn.utterance
        notes = {"engine": engine.name, "voice": said.voice, "text": said.text, "seed": said.seed}
        notes |= speech.notes
        rate = speech.sample_rate
        yield one, store.put("takes", one.turn.key, speech.samples, rate, notes)
    names = {one.name for one in batch}
    of_all = [problem for problem in failure.problems if problem.turn not in names]
    for one in batch:
        own = [
            replace(problem, place=problem.place or one.turn.turn.place, turn=one.turn.id)
            for problem in failure.problems
            if problem.turn == one.name
        ]
        if own or one.name in left or (of_all and not left):
            nothing = [_problem(one, "the engine returned nothing")]
            yield one, type(failure)(own or of_all or nothing)


def bad_speech(turn: PlannedTurn, speech: Speech) -> str:
    """Why a take, whatever engine made it, is not the whole turn; "" if it can be."""
    samples = speech.samples
    seconds = len(samples) / speech.sample_rate
    if not len(samples) or not np.isfinite(samples).all():
        return "the engine returned no usable sound"
    if float(np.abs(samples).max()) < SILENT_PEAK:
        return f"the engine returned {seconds:.1f} s of silence"
    if not plausible(seconds, turn.estimate):
        return f"the engine returned {seconds:.1f} s where about {turn.estimate:.1f} s belong"
    return ""


def _problem(wanted: Wanted, what: str) -> Problem:
    turn = wanted.turn
    if turn.turn.recording is not None:
        what = what.replace("the engine returned", f"{turn.turn.recording.file.name} holds")
        return Problem(what, "give another file or part", turn.turn.place, turn.id)
    remedy = "change the text or the voice"
    if wanted.engine.capabilities().takes:
        remedy += ", or try another take with --turn and --new-take"
    return Problem(what, remedy, turn.turn.place, turn.id)


def _speaking(progress: Progress) -> Speaking:
    remaining = progress.remaining if math.isfinite(progress.remaining) else None
    return Speaking(progress.audio_seconds, progress.rate, remaining)
