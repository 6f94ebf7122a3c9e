"""The benchmark's measurements of whole turns and episodes."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter, sleep

import torch

from podgen.engines.voxtral.batch.batching import Batching, fitting_slots
from podgen.engines.voxtral.batch.decoding import Chunk, Generated
from podgen.engines.voxtral.batch.devices import check_quantise
from podgen.engines.voxtral.batch.job import generate
from podgen.engines.voxtral.batch.work import Work
from podgen.engines.voxtral.bench import measure
from podgen.engines.voxtral.bench.drift import teacher_forced
from podgen.engines.voxtral.bench.frames import Measurements
from podgen.engines.voxtral.bench.goldens import generate_all
from podgen.engines.voxtral.bench.made_up import (
    VOICE,
    VOICE_ROWS,
    dialogue,
    write_random_checkpoint,
)
from podgen.engines.voxtral.model.files import WEIGHTS
from podgen.engines.voxtral.model.whole import Make, Model, load_model
from podgen.engines.voxtral.text.pace import FRAME_RATE


def turn_alone(run: Measurements, model: Model) -> None:
    """A turn of ten seconds by itself, from its text's ids to all its samples on the host."""
    frames = round(10 * FRAME_RATE)
    work = Work()
    results = generate([model], work, Batching(1, 512, graphs=run.graphs, may_end=False))
    times = []
    for number in range(4):
        begun = perf_counter()
        work.add([run.turn(number, frames, 145)])
        done = next(result for result in results if isinstance(result, Generated))
        times.append(perf_counter() - begun)
    results.close()
    audio = len(done.samples) / run.params.codec.sampling_rate
    taken = statistics.median(times[1:])
    run.tell("turn_alone", s=taken, audio_s=audio, rtf=taken / audio)


def first_audio(run: Measurements, model: Model) -> None:
    """From a turn's coming to an idle batch to its first samples on the host."""
    how = Batching(1, 512, graphs=run.graphs, may_end=False)
    heard: set[str] = set()
    work = Work(wants=lambda turn: turn.id not in heard)
    results = generate([model], work, how)
    known: list[float] = []
    fresh: list[float] = []
    for number in range(10):
        turn = replace(run.turn(number, 200, 500), in_parts=True)
        times = fresh if number % 2 else known
        if times is fresh:
            model.add_voice(VOICE, model._voices[VOICE])
        begun = perf_counter()
        work.add([turn])
        chunk = next(c for c in results if isinstance(c, Chunk) and c.turn == turn)
        times.append(perf_counter() - begun)
        heard.add(turn.id)
        sleep(0.2)  # the batch gives the turn up and waits
    results.close()
    run.tell(
        "first_audio",
        ms=statistics.median(known[1:]) * 1e3,
        new_voice_ms=statistics.median(fresh[1:]) * 1e3,
        frames=len(chunk.samples) // run.params.codec.samples_per_frame,
    )


def episode(run: Measurements, model: Model, batch: int) -> None:
    """An episode of turns as a dialogue has them, codec included, from a cold batch."""
    count, frames = run.plan.episode
    turns = [
        run.turn(i, length, round(length / FRAME_RATE * 14.5), i)
        for i, length in enumerate(dialogue(count, frames))
    ]
    longest = max(VOICE_ROWS + 3 + len(turn.ids) + turn.limit for turn in turns)
    positions = -(-longest // 64) * 64
    slots = fitting_slots(model, min(batch, count), positions)
    how = Batching(slots, positions, graphs=run.graphs, may_end=False)
    measure.reset_peak(run.device)
    begun = perf_counter()
    work, left, first = Work(turns), count, 0.0
    samples = 0
    for result in generate([model], work, how):
        first = first or perf_counter() - begun
        samples += len(result.samples) if isinstance(result, Generated) else 0
        left -= 1
        if not left:
            work.close()
    taken = perf_counter() - begun
    audio = samples / run.params.codec.sampling_rate
    run.tell(
        "episode",
        batch=slots,
        turns=count,
        audio_s=audio,
        s=taken,
        audio_s_per_s=audio / taken,
        first_turn_s=first,
        positions=positions,
        peak_bytes=measure.peak_bytes(run.device),
    )


def invariance(run: Measurements, model: Model) -> None:
    """How often a turn's codes depend on the batch it was in."""
    count = min(32, run.plan.episode[0])
    turns = [run.turn(i, length, length, i) for i, length in enumerate(dialogue(count, count * 60))]
    positions = -(-max(VOICE_ROWS + 3 + len(t.ids) + t.limit for t in turns) // 64) * 64
    alone = Batching(1, positions, graphs=run.graphs, may_end=False)
    one = generate_all(model, turns, alone)
    many = generate_all(model, turns, replace(alone, slots=count))
    shuffled = generate_all(model, turns[::-1], replace(alone, slots=count))[::-1]
    run.tell(
        "invariance",
        dtype=str(run.plan.dtype).removeprefix("torch."),
        turns=count,
        same_alone_and_in_batch=_same(one, many),
        same_in_another_order=_same(many, shuffled),
        frames_until_apart=_until_apart(one, many),
    )


def quantised(run: Measurements, model: Model, kind: str) -> None:
    """Steps with quantised weights, and how far they lead from the whole ones."""
    check_quantise(kind, run.plan.device)
    other = run.build(kind)
    for batch in [b for b in run.plan.batches if b in (1, 8, 32, 64)]:
        run.step(other, batch, kind)
    turns = [run.turn(i, 48, 240, i) for i in range(4)]
    done = generate_all(model, turns, Batching(4, 512, graphs=run.graphs, may_end=False))
    drift = teacher_forced(model, other, [(g.turn, g.codes) for g in done])
    run.tell("drift", quantise=kind, weights="random", **asdict(drift))


def load(run: Measurements) -> None:
    """Reading a checkpoint of the true size and layout from a file that is in memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_random_checkpoint(folder, run.params)
        begun = perf_counter()
        make = Make(device=run.plan.device, dtype=run.plan.dtype)
        load_model(folder, make)
        measure.synchronise(run.device)
        size = (folder / WEIGHTS).stat().st_size
        run.tell("load", s=perf_counter() - begun, file_bytes=size)


def _same(one: Iterable[Generated], other: Iterable[Generated]) -> float:
    """The share of turns with equal codes."""
    pairs = list(zip(one, other, strict=True))
    return sum(torch.equal(a.codes, b.codes) for a, b in pairs) / len(pairs)


def _until_apart(one: Iterable[Generated], other: Iterable[Generated]) -> float | None:
    """Frames before the first that differs, on average over the turns where one does."""
    firsts = []
    for a, b in zip(one, other, strict=True):
        differs = (a.codes != b.codes).any(dim=1).nonzero()
        if len(differs):
            firsts.append(int(differs[0]))
    return sum(firsts) / len(firsts) if firsts else None
