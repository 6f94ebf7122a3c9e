"""How a CPU multiplies few rows by large weights fastest: measured, since neither the number of its
cores nor the names of its instructions tell."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from time import perf_counter

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from podgen.engines.voxtral.model.packed import can_pack, packed

_OUTPUTS, _INPUTS = 16384, 3072
"""A weight of 100 MB in 16 bits, which no cache holds."""
_ROWS = (1, 6)
"""Rows of the backbone's and of the acoustic transformer's products for a single turn."""
_WORTH = 1.05
"""More threads must be so much faster than fewer; they are wanted elsewhere."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was found.

    Attributes:
        packed: whether `packed.Packed` is to be taken rather than products in bfloat16.
        threads: of PyTorch.
    """

    packed: bool
    threads: int


@cache
def tune() -> Tuning:
    """Time both products with all threads that PyTorch would take and with fewer.

    `OMP_NUM_THREADS` bounds them, as it does for all of PyTorch. Takes about a second.
    """
    most = torch.get_num_threads()
    weight = torch.randn(_OUTPUTS, _INPUTS, dtype=torch.bfloat16)
    wide = [torch.randn(rows, _INPUTS) for rows in _ROWS]
    narrow = [x.bfloat16() for x in wide]

    def library() -> None:
        for x in narrow:
            F.linear(x, weight)

    ways: dict[bool, Callable[[], None]] = {False: library}
    if can_pack():
        ways[True] = _products(packed(weight), wide)
    try:
        way = min(ways, key=lambda way: _seconds(ways[way]))
        counts = sorted({max(1, most * part // 4) for part in (1, 2, 3, 4)})
        times = {}
        for count in counts:
            torch.set_num_threads(count)
            times[count] = _seconds(ways[way])
    finally:
        torch.set_num_threads(most)
    best = min(times.values())
    return Tuning(way, next(count for count in counts if times[count] <= best * _WORTH))


def _products(linear: Callable[[Tensor], Tensor], inputs: list[Tensor]) -> Callable[[], None]:
    def run() -> None:
        for x in inputs:
            linear(x)

    return run


def _seconds(run: Callable[[], None]) -> float:
    run()
    times = []
    for _ in range(5):
        begun = perf_counter()
        run()
        times.append(perf_counter() - begun)
    return statistics.median(times)
