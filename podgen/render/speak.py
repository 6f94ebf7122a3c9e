"""Have the engines speak the turns whose takes are not in the store."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from podgen.engines.base import Engine, Progress, ReportsProgress, Speech
from podgen.errors import EngineError, Problem
from podgen.render.events import Speaking, Watch
from podgen.render.plan import Plan, PlannedTurn
from podgen.render.store import Clip, Store
from podgen.show.read import in_order

SILENT_PEAK = 10 ** (-50 / 20)
"""Speech that never passes -50 dBFS is not speech."""


def plausible(seconds: float, estimate: float) -> bool:
    """Whether a take's length can be that of the whole text; wide, as estimates are rough."""
    return 0.3 * estimate - 0.5 <= seconds <= 3.0 * estimate + 3.0


def speak(
    plan: Plan, turns: Sequence[PlannedTurn], store: Store, watch: Watch
) -> Iterator[tuple[PlannedTurn, Clip]]:
    """Speak turns and store their takes, yielding each as it lands, in any order.

    `watch` is told how far a batch is, by engines that know. A turn that fails stops no other.

    Raises:
        EngineError: at the end, naming every turn that an engine could not speak, or of which it
            made something silent or truncated.
        MachineError: the store cannot be written.
    """
    problems: list[Problem] = []
    for name, engine in plan.engines.items():
        mine = {turn.id: turn for turn in turns if turn.part.engine == name}
        if not mine:
            continue
        if isinstance(engine, ReportsProgress):
            engine.on_progress = lambda progress: watch(_speaking(progress))
        try:
            for speech in engine.synthesize([turn.utterance for turn in mine.values()]):
                turn = mine.pop(speech.id)
                fault = bad_speech(turn, speech)
                if fault:
                    problems.append(_problem(turn, engine, fault))
                    continue
                notes = {
                    "engine": name,
                    "voice": turn.utterance.voice,
                    "text": turn.utterance.text,
                    "seed": turn.utterance.seed,
                }
                samples, rate = speech.samples, speech.sample_rate
                yield turn, store.put("takes", turn.key, samples, rate, notes)
        except EngineError as error:
            problems += [_placed(problem, turns) for problem in error.problems]
            continue
        problems += [
            _problem(turn, engine, "the engine returned nothing") for turn in mine.values()
        ]
    if problems:
        raise EngineError(in_order(problems))


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


def _problem(turn: PlannedTurn, engine: Engine, what: str) -> Problem:
    if turn.turn.recording is not None:
        what = what.replace("the engine returned", f"{turn.turn.recording.file.name} holds")
        return Problem(what, "give another file or part", turn.turn.place, turn.id)
    remedy = "change the text or the voice"
    if engine.capabilities().takes:
        remedy += ", or try another take with --turn and --new-take"
    return Problem(what, remedy, turn.turn.place, turn.id)


def _placed(problem: Problem, turns: Sequence[PlannedTurn]) -> Problem:
    """With the place in the script of the turn that it names."""
    places = {turn.id: turn.turn.place for turn in turns}
    return replace(problem, place=problem.place or places.get(problem.turn or ""))


def _speaking(progress: Progress) -> Speaking:
    remaining = progress.remaining if math.isfinite(progress.remaining) else None
    return Speaking(progress.audio_seconds, progress.rate, remaining)
