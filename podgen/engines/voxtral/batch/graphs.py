"""Steps of a batch, replayed as CUDA graphs where that is wanted.

A graph holds all of a frame: backbone, semantic head, every Euler step and the next input. One is
captured for each number of rows that comes up, for each length where attention needs one, and
with or without the drawing of semantic codes.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

import torch

from podgen.engines.voxtral.batch.decoding import new_stream
from podgen.engines.voxtral.batch.slots import Slots

_recording = Lock()
"""Held while a step is recorded: torch empties its cache on every device before."""


class Stepper:
    """Advances the first slots by a frame.

    Args:
        slots: the batch.
        graphs: whether to capture and replay; only on a CUDA device.
    """

    def __init__(self, slots: Slots, *, graphs: bool) -> None:
        self._slots = slots
        self._use_graphs = graphs
        self._graphs: dict[tuple[int, int, bool], torch.cuda.CUDAGraph] = {}
        self._pool: Any = None

    def __call__(self, rows: int, length: int, *, sampled: bool = False) -> None:
        """One frame of the first `rows` slots; see `Slots.step`."""
        if not self._use_graphs:
            self._slots.step(0, rows, length, sampled=sampled)
            return
        graph = self._graphs.get((rows, length, sampled))
        if graph is None:
            graph = self._capture(rows, length, sampled)
            self._graphs[rows, length, sampled] = graph
        graph.replay()

    def _capture(self, rows: int, length: int, sampled: bool) -> torch.cuda.CUDAGraph:
        """Record a step. Nothing runs while recording, so all is rehearsed before."""
        device = self._slots.device
        with _recording, torch.cuda.device(device):
            side = _side_stream(device)
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                self._slots.rehearse(0, rows, length, sampled=sampled)
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            # Other threads drive other devices meanwhile.
            with torch.cuda.graph(
                graph, pool=self._pool, stream=side, capture_error_mode="thread_local"
            ):
                self._slots.step(0, rows, length, sampled=sampled)
        self._pool = self._pool or graph.pool()
        return graph


@cache
def _side_stream(device: torch.device) -> Any:
    """The stream that steps of a device are recorded on.

    One for all: cuBLAS keeps a workspace for every stream. And not torch's own, which is one of
    whichever device came first.
    """
    return new_stream(device)
