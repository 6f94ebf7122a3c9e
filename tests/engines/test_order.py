"""In what order a batch is spoken."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from podgen.engines.order import longest_first


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 12))
def test_blocks_keep_their_order_and_each_begins_with_its_longest(
    lengths: list[int], block: int
) -> None:
    items = list(enumerate(lengths))
    ordered = longest_first(items, lambda item: item[1], block)
    first = len(items) % block
    bounds = [0, *range(first, len(items) + 1, block)]
    for begin, end in pairwise(bounds):
        assert sorted(ordered[begin:end]) == items[begin:end]
        spoken = [length for _, length in ordered[begin:end]]
        assert spoken == sorted(spoken, reverse=True)
    assert sorted(ordered) == items
