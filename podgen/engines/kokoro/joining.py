"""Utterances that join while others are spoken: each core takes the next piece as it comes free."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from podgen.engines.base import Samples, Utterance
from podgen.engines.checks import Heard
from podgen.engines.continuous import Asked, Delivery, Failed, Inbox, Part
from podgen.engines.joins import Joiner
from podgen.engines.kokoro import voices
from podgen.engines.kokoro.model import RATE, Job, Model
from podgen.engines.kokoro.reading import Piece
from podgen.engines.kokoro.takes import take
from podgen.errors import EngineError, Problem


def result(future: Future[Samples], utterance: Utterance) -> Samples:
    """A piece's samples.

    Raises:
        EngineError: the model failed; it names the utterance.
    """
    try:
        return future.result()
    except MemoryError as error:
        reason, remedy = str(error), "set `workers` to 1, or close other programs"
    except RuntimeError as error:  # onnxruntime's own errors all derive from it
        reason = str(error)
        remedy = "set `workers` to 1" if "alloc" in reason.lower() else "run `podgen doctor`"
    raise EngineError(Problem(f"kokoro failed: {reason}", remedy, turn=utterance.id))


class _Reading:
    """An utterance under way."""

    def __init__(self, asked: Asked, pieces: list[Piece]) -> None:
        self.utterance = asked.utterance
        self._in_parts = asked.in_parts
        self._pieces = deque(enumerate(pieces))
        self._gaps = [0.0, *(piece.gap / self.utterance.speed for piece in pieces)]
        self._last = len(pieces) - 1
        self._take = take(self.utterance.seed)
        self._matrix = voices.matrix(voices.parse(self.utterance.voice))
        self._done: dict[int, Samples] = {}
        self._next = 0
        self._held: list[Samples] = []
        self._joiner = Joiner(RATE)
        self._heard = Heard(self.utterance, RATE)
        self.over = False

    @property
    def unbegun(self) -> bool:
        """Whether there are pieces that no core has taken."""
        return bool(self._pieces)

    def begin(self, pool: ThreadPoolExecutor, job: Job) -> tuple[int, Future[Samples]]:
        """Have the next piece spoken; its number comes back."""
        number, piece = self._pieces.popleft()
        style = self._take.style(self._matrix, len(piece.phonemes))
        speed = self.utterance.speed * (1 + self._take.tempo)
        return number, pool.submit(job.run, piece.phonemes, style, speed)

    def add(self, number: int, samples: Samples) -> list[Part]:
        """What can be handed over now that a piece is done.

        Raises:
            EngineError: all together cannot be a reading of the text.
        """
        import numpy as np

        self._done[number] = samples
        parts = []
        while self._next in self._done:
            last = self._next == self._last
            piece = self._done.pop(self._next)
            self._held.append(self._joiner.add(piece, self._gaps[self._next], last=last))
            self._heard.add(self._held[-1])
            self._next += 1
            if last:
                self._heard.accept("kokoro")
            if last or self._in_parts:
                sound = np.ascontiguousarray(np.concatenate(self._held), dtype=np.float32)
                parts.append(Part(self.utterance.id, sound, RATE, last))
                self._held = []
        return parts


class Crew:
    """`workers` cores on the utterances of an inbox.

    Up to `most` utterances have pieces left over at a time; newcomers and those by turns.
    """

    def __init__(
        self, model: Model, read: Callable[[Utterance], list[Piece]], workers: int, most: int
    ) -> None:
        self._read = read
        self._workers = workers
        self._most = most
        self._job = model.job()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="kokoro")
        self._running: dict[Future[Samples], tuple[_Reading, int]] = {}
        self._begun: deque[_Reading] = deque()

    def work(self, inbox: Inbox) -> Iterator[Delivery]:
        """Speak until the inbox closes; what nobody wants any more is left at its next piece."""
        newcomer = True
        try:
            while True:
                if len(self._running) >= self._workers:
                    yield from self._gather()
                    continue
                idle = not self._begun
                taken: list[Asked] = []
                if idle or (newcomer and len(self._begun) < self._most):
                    taken = list(inbox.take(1, wait=idle, unless=self._some_done))
                newcomer = not newcomer
                if taken:
                    try:
                        reading = _Reading(taken[0], self._read(taken[0].utterance))
                    except EngineError as error:
                        yield Failed(taken[0].utterance.id, error)
                        continue
                    self._begin(reading, inbox)
                elif not idle:
                    self._begin(self._begun.popleft(), inbox)
                elif self._running:
                    yield from self._gather()
                else:
                    return
        finally:
            self._job.stop()
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _some_done(self) -> bool:
        return any(future.done() for future in self._running)

    def _begin(self, reading: _Reading, inbox: Inbox) -> None:
        if reading.over or not inbox.wanted(reading.utterance.id):
            return
        number, future = reading.begin(self._pool, self._job)
        self._running[future] = (reading, number)
        future.add_done_callback(lambda _: inbox.wake())
        if reading.unbegun:
            self._begun.append(reading)

    def _gather(self) -> Iterator[Delivery]:
        """Wait for a piece, and hand over what it completes."""
        for future in wait(self._running, return_when=FIRST_COMPLETED).done:
            reading, number = self._running.pop(future)
            if reading.over:
                continue
            try:
                parts = reading.add(number, result(future, reading.utterance))
            except EngineError as error:
                reading.over = True
                yield Failed(reading.utterance.id, error)
            else:
                yield from parts
