"""CUDA graphs on a CPU: a step is recorded as the operations it consists of, on the very tensors
it took, and replayed on them without any of the step's Python.

What a graph would freeze is frozen here too: numbers the host passed, tensors it made, buffers it
later put others in the place of. Reading a value back while recording is an error, as on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

WAITS = {"_local_scalar_dense", "item", "nonzero", "is_nonzero", "equal", "masked_select"}


class Recording(TorchDispatchMode):
    """Every operation with its arguments and results; what it wrote is put back at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[Callable[..., Any], Any, Any, list[Tensor]]] = []
        self._before: dict[int, tuple[Tensor, Tensor]] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if func.overloadpacket.__name__ in WAITS:
            raise RuntimeError(f"{func} waits for the device in a graph")
        kwargs = kwargs or {}
        for argument, value in zip(func._schema.arguments, args, strict=False):
            if argument.alias_info and argument.alias_info.is_write:
                self._keep(value)
        out = func(*args, **kwargs)
        aliased = any(result.alias_info for result in func._schema.returns)
        made = [] if aliased else [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
        if made or any(result.alias_info and result.alias_info.is_write
                       for result in func._schema.returns):  # fmt: skip
            self.operations.append((func, args, kwargs, made))
        return out

    def _keep(self, written: Tensor) -> None:
        storage = written.untyped_storage()
        whole = torch.empty(0, dtype=torch.uint8).set_(storage)
        self._before.setdefault(storage.data_ptr(), (whole, whole.clone()))

    def undo(self) -> None:
        """Leave everything as it was: recording computes nothing on a GPU."""
        for whole, before in self._before.values():
            whole.copy_(before)

    def replay(self) -> None:
        """Do it all again, results where they were."""
        for func, args, kwargs, made in self.operations:
            again = [
                leaf for leaf in tree_leaves(func(*args, **kwargs)) if isinstance(leaf, Tensor)
            ]
            for target, source in zip(made, again, strict=bool(made)):
                target.copy_(source)


class Graph:
    """As `torch.cuda.CUDAGraph`."""

    recorded: Recording

    def pool(self) -> object:
        return self

    def replay(self) -> None:
        self.recorded.replay()


class Stream:
    """Whatever is asked of a stream where there is one alone."""

    def wait_stream(self, other: object) -> None:
        pass


@contextmanager
def graph(to: Graph, pool: object, stream: Stream, capture_error_mode: str) -> Iterator[None]:
    """As `torch.cuda.graph`."""
    assert isinstance(stream, Stream) and capture_error_mode == "thread_local"
    to.recorded = Recording()
    with to.recorded:
        yield
    to.recorded.undo()


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """Graphs of steps are recorded on the CPU; all that were made."""
    made: list[Graph] = []

    def new() -> Graph:
        made.append(Graph())
        return made[-1]

    monkeypatch.setattr("podgen.engines.voxtral.batch.graphs._side_stream", lambda device: Stream())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", new)
    monkeypatch.setattr(torch.cuda, "graph", graph)
    monkeypatch.setattr(torch.cuda, "device", lambda device: nullcontext())
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device=None: Stream())
    return made
