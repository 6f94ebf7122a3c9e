"""What a fleet costs, and how it grows.

`--kokoro` holds a fleet of one kokoro actor against the engine itself, in turns. Otherwise the
simulated engine, which only waits, is run by 1, 8 and 64 actors, all of them processes of this one
machine: how much of what they could make together arrives. Then two actors that do not even wait
show how many seconds of sound a second the driver takes in, and how many it stores. Each fleet has
spoken some seconds before it is timed, so that its memory has been used once.
Run: `python -m benchmarks.fleet` and `python -m benchmarks.fleet --kokoro`.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import ray

from benchmarks.results import Result, machine
from benchmarks.simulated import simulated
from podgen.engines import create
from podgen.engines.base import Engine, Speech, Utterance
from podgen.engines.fleet import FleetEngine, cluster
from podgen.render.store import Store

SLOTS = 8
"""Utterances that a simulated actor speaks at once."""
JOB_SECONDS = 60.0
"""So long each simulated job would take at best."""
WARM_SECONDS = 5.0
ROUNDS = 3


def job(seconds: float, seed: int = 1) -> list[Utterance]:
    """Utterances of 2 to 12 seconds, in any order."""
    draw = random.Random(seed)
    made: list[Utterance] = []
    while seconds > 0:
        length = round(draw.uniform(2, 12), 2)
        made.append(Utterance(f"t{len(made)}", f"{length}", "noise"))
        seconds -= length
    return made


def timed(
    engine: Engine, utterances: Sequence[Utterance], use: Callable[[Speech], object]
) -> tuple[float, float]:
    """Seconds that a job took, and seconds of sound that it made."""
    begun, sound = time.perf_counter(), 0.0
    for speech in engine.synthesize(utterances):
        sound += len(speech.samples) / speech.sample_rate
        use(speech)
    return time.perf_counter() - begun, sound


def fleet(actors: int, slots: int, speed: float) -> FleetEngine:
    """A fleet of simulated engines, all of its actors ready and warm."""
    settings = {"cpus": 1, "actors": actors, "batch": slots}
    engine = FleetEngine(partial(simulated, slots, speed), settings)
    list(engine.synthesize([Utterance("warm", "0.5", "noise")]))
    while engine.actors < actors:
        time.sleep(0.2)
    timed(engine, job((speed or 10_000) * actors * WARM_SECONDS, 3), lambda speech: None)
    return engine


def growth(counts: Sequence[int], speed: float) -> dict[str, float]:
    """What fleets of so many actors make, and how much of what they could."""
    figures = {}
    for actors in counts:
        engine = fleet(actors, SLOTS, speed)
        took, sound = timed(engine, job(speed * actors * JOB_SECONDS), lambda speech: None)
        engine.close()
        figures[f"efficiency_{actors}_actors"] = sound / took / (speed * actors)
        figures[f"sound_a_second_{actors}_actors"] = sound / took
        print(figures, flush=True)
    return figures


def intake() -> dict[str, float]:
    engine = fleet(2, 64, 0.0)
    took, sound = timed(engine, job(400_000), lambda speech: None)
    figures = {"intake_sound_a_second": sound / took}
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as folder:
        store = Store(Path(folder))

        def keep(speech: Speech) -> None:
            store.put("takes", f"{hash(speech.id) % 2**64:016x}", speech.samples, 24_000, {})

        took, sound = timed(engine, job(20_000, 2), keep)
        figures["stored_sound_a_second"] = sound / took
    engine.close()
    return figures


def overhead() -> dict[str, float]:
    text = "The tide was out, and the two of them walked along the shore without a word. "
    utterances = [
        Utterance(f"t{n}", f"{text * (1 + n % 3)} Number {n}.", "af_heart") for n in range(12)
    ]
    alone = create("kokoro", {"workers": 2})
    actor = create("kokoro", {"workers": 2, "fleet": {"cpus": 2, "actors": 1}})
    times: dict[str, list[float]] = {"alone": [], "fleet": []}
    for engine in (alone, actor):
        timed(engine, utterances[:1], lambda speech: None)  # loads it
    for _ in range(ROUNDS):
        for name, engine in (("alone", alone), ("fleet", actor)):
            times[name].append(timed(engine, utterances, lambda speech: None)[0])
    for engine in (alone, actor):
        engine.close()
    print(times)
    figures = {f"kokoro_{name}_seconds": median(each) for name, each in times.items()}
    return {**figures, "fleet_to_alone": median(times["fleet"]) / median(times["alone"])}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kokoro", action="store_true")
    parser.add_argument("--actors", default="1,8,64", help="how many; 0 for the intake alone")
    parser.add_argument(
        "--speed", type=float, default=50.0, help="seconds of sound a second of a simulated actor"
    )
    options = parser.parse_args()
    counts = [int(count) for count in options.actors.split(",") if int(count)]
    if options.kokoro:
        Result("fleet_kokoro", machine(), overhead()).show()
    else:
        ray.init("local", num_cpus=max([*counts, 2]), include_dashboard=False, log_to_driver=False)
        assert cluster.nodes()
        Result("fleet", machine(), {**growth(counts, options.speed), **intake()}).show()
