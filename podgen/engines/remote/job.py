"""The turns of a job, asked for by threads and put together again."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from podgen.engines.base import Speech
from podgen.engines.checks import finished
from podgen.engines.joins import join
from podgen.engines.remote.request import Ask
from podgen.engines.remote.servers import LostError, StoppedError
from podgen.errors import EngineError, Problem

if TYPE_CHECKING:
    from podgen.engines.remote.client import Answer, Client, RefusedError, Wanted

_HOPELESS = 24
"""Where so many turns had nothing but bad answers and none a good one, no other is asked for: a
server that makes rubbish of everything is not kept at it for hours."""


@dataclass(slots=True)
class Job:
    """An utterance under way: its parts' samples as they come."""

    ask: Ask
    texts: list[tuple[str, float]]
    done: dict[int, Answer] = field(default_factory=dict)

    def speech(self) -> Speech:
        """The parts joined.

        Raises:
            EngineError: they differ in rate, or are no reading of the text.
        """
        utterance = self.ask.utterance
        answers = [self.done[index] for index in range(len(self.texts))]
        rates = {answer.rate for answer in answers}
        if len(rates) > 1:
            raise EngineError(
                Problem(
                    f"servers answered at different rates: {sorted(rates)} Hz",
                    "let them serve the same model, or set `sample_rate`",
                    turn=utterance.id,
                )
            )
        rate = rates.pop()
        gaps = [gap / utterance.speed for _, gap in self.texts[:-1]]
        sound = join([answer.samples for answer in answers], gaps, rate)
        speech = finished("remote", utterance, sound, rate)
        seeds = [answer.seed for answer in answers]
        if all(seed == utterance.seed for seed in seeds):
            return speech
        return replace(speech, notes={"seed": seeds[0]} if len(seeds) == 1 else {"seeds": seeds})


_Result = tuple[int, int, "Answer | Exception"]


def perform(
    jobs: Sequence[Job], client: Client, threads: int, wanted: Sequence[Sequence[Wanted]]
) -> Iterator[Speech]:
    """Have all parts of all jobs asked for, in order, and yield each job when it is whole.

    Raises:
        EngineError: once what can be spoken is yielded, naming the turns that cannot be, and the
            servers that were given up.
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
    lost: dict[str, tuple[LostError, set[int]]] = {}
    hopeless = spoken = 0
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
            if index not in failed:
                failed[index] = _problem(job, error)
                hopeless += error.bad > 0
        except LostError as error:
            lost.setdefault(error.what, (error, set()))[1].add(index)
        except EngineError as error:
            failed[index] = error.problems[0]
        if hopeless >= _HOPELESS and not spoken:
            break
    problems = [failed[index] for index in sorted(failed)]
    problems += [_lost_problem(error, len(turns)) for error, turns in lost.values()]
    if hopeless >= _HOPELESS and not spoken:
        what = f"the first {hopeless} turns had no usable answer; the others were not asked for"
        problems.append(Problem(what, "look at the server's log"))
    if problems:
        raise EngineError(problems)


def _problem(job: Job, error: RefusedError) -> Problem:
    return Problem(error.what, error.remedy, turn=job.ask.utterance.id)


def _lost_problem(error: LostError, turns: int) -> Problem:
    """Said once for all turns that wait for the same servers."""
    waiting = f"; {turns} turns wait for it" if turns > 1 else ""
    return Problem(error.what + waiting, error.remedy)


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
