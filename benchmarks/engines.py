"""Real-time factors of the embedded engines, and of ways to use the cores, in one run.

Every set-up speaks the same sentences in turn, several times over, so that a busy machine slows
all of them alike; what counts are the ratios. Run: `python -m benchmarks.engines`.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psutil

from benchmarks.results import Result, machine
from podgen.engines.base import Utterance
from podgen.engines.hibari import HibariEngine
from podgen.engines.kokoro import KokoroEngine, voices, weights
from podgen.engines.kokoro.model import RATE, vocabulary
from podgen.engines.kokoro.reading import Reader

ROUNDS = 2
TEXTS = (
    "The committee met on Tuesday to consider the proposal, and after a long debate they agreed.",
    "I never said that it would be easy.",
    "Welcome back to the show, everyone, it is good to be here with you again.",
    "What do you think about the new bridge across the river?",
)
UTTERANCES = [Utterance(str(n), text, "af_heart") for n, text in enumerate(TEXTS)]
Job = tuple[Any, Any]


def session(threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        weights.find({}).read(), options, providers=["CPUExecutionProvider"]
    )


def jobs() -> list[Job]:
    reader, matrix = Reader(), voices.matrix(voices.parse("af_heart"))
    pieces = [piece for utterance in UTTERANCES for piece in reader.pieces(utterance)]
    table = vocabulary()
    return [
        (
            np.array([[0, *(table[c] for c in piece.phonemes), 0]], np.int64),
            matrix[len(piece.phonemes)][None],
        )
        for piece in pieces
    ]


def say(model: Any, job: Job) -> int:
    inputs = {"tokens": job[0], "style": job[1], "speed": np.ones(1, np.float32)}
    return int(model.run(None, inputs)[0].size)


_models: list[Any] = []


def _start_worker() -> None:
    _models.append(session(1))


def _run_in_worker(job: Job) -> int:
    return say(_models[0], job)


def _memory(wait: float) -> float:
    time.sleep(wait)  # so that each worker answers once
    return psutil.Process().memory_info().rss / 2**20


def _engine_memory() -> float:
    engine = KokoroEngine({"workers": 2})
    list(engine.synthesize(UTTERANCES))
    memory = _memory(0)
    engine.close()
    return memory


def timed(speak: Callable[[Sequence[Job]], int], work: Sequence[Job]) -> float:
    start = time.perf_counter()
    samples = speak(work)
    return (time.perf_counter() - start) / (samples / RATE)


def in_threads(models: Sequence[Any], work: Sequence[Job]) -> int:
    with ThreadPoolExecutor(2) as pool:
        numbered = list(enumerate(work))
        return sum(pool.map(lambda item: say(models[item[0] % len(models)], item[1]), numbered))


def run() -> Result:
    """Real-time factors, the gain of each set-up over one thread, and memory."""
    work = jobs()
    one, two, other = session(1), session(2), session(1)
    hibari, kokoro = HibariEngine(), KokoroEngine({"workers": 2})
    draft = [Utterance(u.id, u.text, "heart") for u in UTTERANCES]
    context = multiprocessing.get_context("spawn")
    with context.Pool(2, _start_worker) as pool:
        set_ups: dict[str, Callable[[Sequence[Job]], int]] = {
            "1 session x 1 thread": lambda w: sum(say(one, job) for job in w),
            "1 session x 2 threads": lambda w: sum(say(two, job) for job in w),
            "2 threads on 1 session": lambda w: in_threads([one], w),
            "2 threads, a session each": lambda w: in_threads([one, other], w),
            "2 processes": lambda w: sum(pool.imap_unordered(_run_in_worker, w)),
            "kokoro engine": lambda _: sum(len(s.samples) for s in kokoro.synthesize(UTTERANCES)),
            "hibari engine": lambda _: sum(len(s.samples) for s in hibari.synthesize(draft)),
        }
        rounds: dict[str, list[float]] = {name: [] for name in set_ups}
        for speak in set_ups.values():
            speak(work[1:2] * 2)
        for _ in range(ROUNDS):
            for name, speak in set_ups.items():
                rounds[name].append(timed(speak, work))
        process_memory = sum(pool.map(_memory, (0.2, 0.2), chunksize=1))
    with context.Pool(1) as pool:
        engine_memory = pool.apply(_engine_memory)
    factors = {name: min(found) for name, found in rounds.items()}
    base = factors["1 session x 1 thread"]
    figures = {
        **{f"{name}: real_time_factor": factor for name, factor in factors.items()},
        **{f"{name}: times_faster": base / factor for name, factor in factors.items()},
        "2 processes: mb": process_memory,
        "kokoro engine: mb": engine_memory,
    }
    return Result("engines", machine(), figures)


if __name__ == "__main__":
    run().show()
