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
    ends = len(items) - 1
    numbered = sorted(
        enumerate(items), key=lambda pair: (-((ends - pair[0]) // block), -length(pair[1]))
    )
    return [item for _, item in numbered]
