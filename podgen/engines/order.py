"""In what order a batch is spoken: those given first before the others, no long one last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def longest_first(items: Sequence[Item], length: Callable[[Item], float], block: int) -> list[Item]:
    """The items in blocks of `block`, the longest of each first.

    So no long one is begun when all others are done, and yet those given first, an episode's say,
    are done first. Only the first block may be short.
    """
    ordered: list[Item] = []
    first = len(items) % block
    for begin in range(first - block if first else 0, len(items), block):
        of_block = items[max(0, begin) : begin + block]
        ordered += sorted(of_block, key=length, reverse=True)
    return ordered
