"""Turns on all devices: a thread each, sharing the work."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

import torch

from podgen.engines.voxtral.batch.batching import Batcher, Batching, fitting_slots
from podgen.engines.voxtral.batch.devices import out_of_memory
from podgen.engines.voxtral.batch.work import Lost, Result, Work
from podgen.engines.voxtral.model.device import on_device
from podgen.engines.voxtral.model.whole import Model
from podgen.errors import MachineError

POLL = 0.25
"""Seconds between two reports of progress."""


class _Worker:
    """One device's thread."""

    def __init__(self, model: Model, how: Batching, work: Work) -> None:
        self._model = model
        self._how = how
        self._work = work
        self._batcher: Batcher | None = None
        self._frames = 0
        self.thread = threading.Thread(
            target=self._run, name=f"voxtral {model.device}", daemon=True
        )

    @property
    def frames(self) -> int:
        batcher = self._batcher
        return self._frames + (batcher.frames if batcher else 0)

    def _run(self) -> None:
        try:
            with on_device(self._model.device):
                while not self._fits():
                    self._shrink()
        except BaseException as error:
            self._work.results.put(error)

    def _fits(self) -> bool:
        """Work until the job is closed. False where the device's memory did not suffice."""
        try:
            self._batcher = Batcher(self._model, self._how)
            for generated in self._batcher.run(self._work):
                self._work.results.put(generated)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            return False
        return True

    def _shrink(self) -> None:
        """Give back what is unfinished, and halve the batch."""
        if self._batcher:
            self._frames += self._batcher.frames
            turns = self._batcher.unfinished()
            self._work.add(turn for turn in turns if not turn.in_parts)
            for turn in turns:
                if turn.in_parts:  # some of it may have been heard
                    self._work.results.put(Lost(turn.id, MachineError(self._short())))
            self._batcher = None
        if self._model.device.type == "cuda":
            torch.cuda.empty_cache()
        if self._how.slots == 1:
            raise MachineError(
                f"{self._short()} for a single turn",
                "free some, set quantise, or split the longest texts",
            )
        self._how = replace(self._how, slots=self._how.slots // 2)

    def _short(self) -> str:
        return f"{self._model.device} has too little free memory"


def generate(
    models: Sequence[Model],
    work: Work,
    how: Batching,
    on_frames: Callable[[int], None] = lambda frames: None,
) -> Generator[Result, None, None]:
    """Generate the turns of `work`, and those added meanwhile, until somebody closes it.

    Args:
        models: the same model on every device to use.
        work: the turns.
        how: how each device is used; its slots are cut down to what fits the free memory.
        on_frames: told now and then how many frames there are, unfinished turns' included.

    Yields:
        each turn as `Generated`; of those in parts first `Chunk`s, and `Lost` where memory ran
        out; and what others put into the work's results.

    Raises:
        MachineError: where not even one turn fits a device's memory.
    """
    workers = [
        _Worker(model, replace(how, slots=fitting_slots(model, how.slots, how.positions)), work)
        for model in models
    ]
    for worker in workers:
        worker.thread.start()
    try:
        while not work.closed:
            try:
                result = work.results.get(timeout=POLL)
            except queue.Empty:
                result = None
            on_frames(sum(worker.frames for worker in workers))
            if isinstance(result, BaseException):
                raise result
            if result is not None:
                yield result
    finally:
        work.close()
        for worker in workers:
            worker.thread.join()
