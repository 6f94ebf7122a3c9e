"""The turns of a job, asked for by threads and put together again."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from podgen.engines.base import Samples, Speech
from podgen.engines.checks import finished
from podgen.engines.joins import join
from podgen.engines.remote.request import Ask
from podgen.engines.remote.servers import StoppedError
from podgen.errors import EngineError, Problem

if TYPE_CHECKING:
    from podgen.engines.remote.client import Client, RefusedError, Wanted

_HOPELESS = 8
"""A job of which so many turns fail before one succeeds is not gone on with."""


@dataclass(slots=True)
class Job:
    """An utterance under way: its parts' samples as they come."""

    ask: Ask
    texts: list[tuple[str, float]]
    done: dict[int, tuple[Samples, int]] = field(default_factory=dict)

    def speech(self) -> Speech:
        """The parts joined.

        Raises:
            EngineError: they differ in rate, or are no reading of the text.
        """
        utterance = self.ask.utterance
        rates = {rate for _, rate in self.done.values()}
        if len(rates) > 1:
            raise EngineError(
                Problem(
                    f"servers answered at different rates: {sorted(rates)} Hz",
                    "let them serve the same model, or set `sample_rate`",
                    turn=utterance.id,
                )
            )
        rate = rates.pop()
        pieces = [self.done[index][0] for index in range(len(self.texts))]
        gaps = [gap / utterance.speed for _, gap in self.texts[:-1]]
        return finished("remote", utterance, join(pieces, gaps, rate), rate)


_Result = tuple[int, int, tuple[Samples, int] | Exception]


def perform(
    jobs: Sequence[Job], client: Client, threads: int, wanted: Sequence[Sequence[Wanted]]
) -> Iterator[Speech]:
    """Have all parts of all jobs asked for, in order, and yield each job when it is whole.

    Raises:
        EngineError: once what can be spoken is yielded, naming the turns that cannot be.
    """
    from podgen.engines.remote.client import RefusedError

    tasks: queue.SimpleQueue[tuple[int, int, Wanted]] = queue.SimpleQueue()
    results: queue.SimpleQueue[_Result] = queue.SimpleQueue()
    for index, parts in enumerate(wanted):
        for number, want in enumerate(parts):
            tasks.put((index, number, want))
    total = tasks.qsize()
    threads = min(threads, total)
    leaving = iter(range(threads - 1, -1, -1))
    for _ in range(threads):
        # Daemons, so that an interrupt does not wait for the slowest answer.
        threading.Thread(target=_work, args=(tasks, results, client, leaving), daemon=True).start()
    failed: dict[int, Problem] = {}
    spoken = 0
    for _ in range(total):
        index, number, result = results.get()
        job = jobs[index]
        try:
            if isinstance(result, Exception):
                raise result
            job.done[number] = result
            if len(job.done) == len(job.texts):
                yield job.speech()
                spoken += 1
                job.done.clear()
        except RefusedError as error:
            problem = _problem(job, error)
            if error.for_all:
                raise EngineError([*failed.values(), problem]) from error
            failed[index] = problem
        except EngineError as error:
            failed[index] = error.problems[0]
        if len(failed) >= _HOPELESS and not spoken:
            break
    if failed:
        raise EngineError([failed[index] for index in sorted(failed)])


def _problem(job: Job, error: RefusedError) -> Problem:
    return Problem(error.what, error.remedy, turn=job.ask.utterance.id)


def _work(
    tasks: queue.SimpleQueue[tuple[int, int, Wanted]],
    results: queue.SimpleQueue[_Result],
    client: Client,
    leaving: Iterator[int],
) -> None:
    """One thread's life; the last to leave closes the connections."""
    with contextlib.suppress(queue.Empty, StoppedError):
        while True:
            index, number, want = tasks.get_nowait()
            try:
                results.put((index, number, client.speech(want)))
            except StoppedError:
                raise
            except Exception as error:
                results.put((index, number, error))
    if next(leaving) == 0:
        client.close()
