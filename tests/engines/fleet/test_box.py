"""What an actor tells when: nobody waits for what could be told, and little is told often."""

from __future__ import annotations

import numpy as np

from podgen.engines.base import Utterance
from podgen.engines.continuous import Asked, Failed, Part
from podgen.engines.fleet import box as module
from podgen.engines.fleet.box import Box
from podgen.engines.fleet.wire import Refused
from podgen.errors import EngineError


def filled(box: Box, *keys: str, prompt: bool = False) -> None:
    box.add((Asked(Utterance(key, key, "heart"), in_parts=prompt), prompt) for key in keys)


def part(key: str, *, last: bool = True, seconds: float = 0.1) -> Part:
    return Part(key, np.zeros(round(seconds * 24_000), np.float32), 24_000, last)


def told(box: Box) -> list[str]:
    return [key for key, _ in box.gather(wait=False)]


def test_replies_travel_together_and_at_once_where_somebody_waits() -> None:
    box = Box(low=2)
    filled(box, *"abcdefgh")
    assert [asked.utterance.id for asked in box.take(4, wait=False)] == list("abcd")
    box.hand_over(part("a"))
    box.hand_over(part("b"))
    assert told(box) == []  # enough is left to begin, and nobody waits for just these
    box.hand_over(Failed("c", EngineError("it cannot be said")))
    answer = box.gather(wait=False)
    assert [key for key, _ in answer] == ["a", "b", "c"]
    refused = answer[-1][1]
    assert isinstance(refused, Refused) and "cannot be said" in str(refused.error())
    filled(box, "s", prompt=True)
    box.hand_over(part("d"))
    box.hand_over(part("s", last=False))
    assert told(box) == ["d", "s"]
    box.hand_over(part("s"))
    assert told(box) == ["s"]
    assert not box.wanted("s") and box.wanted("e")


def test_whoever_has_little_left_to_begin_says_so_once() -> None:
    box = Box(low=2)
    filled(box, *"abcd")
    box.take(3, wait=False)
    box.hand_over(part("a"))
    assert told(box) == ["a"]
    box.hand_over(part("b"))
    assert told(box) == []  # it has been told, and nothing was sent
    filled(box, "e")
    assert told(box) == []
    box.take(1, wait=False)
    assert told(box) == ["b"]
    box.hand_over(part("c"))
    box.hand_over(part("d"))
    assert told(box) == []
    assert box.give_back(9) == ["e"]
    assert told(box) == ["c", "d"]  # nothing is left


def test_what_is_dropped_is_told_no_more_and_what_waited_long_enough_is() -> None:
    box = Box(low=0)
    filled(box, *"abc")
    box.take(3, wait=False)
    box.remove("a")
    box.hand_over(part("a"))
    box.hand_over(part("b"))
    assert told(box) == []
    assert [key for key, _ in box.gather(wait=True)] == ["b"]  # after a while
    box.hand_over(part("c"))
    assert told(box) == ["c"]


def test_an_answer_has_its_most_and_the_rest_follows_at_once() -> None:
    box = Box(low=0)
    filled(box, *"abc")
    seconds = module.GATHER_BYTES / 96_000
    box.hand_over(part("a", seconds=seconds / 2))
    assert told(box) == []
    box.hand_over(part("b", seconds=seconds))
    box.hand_over(part("c", seconds=0.1))
    assert told(box) == ["a", "b"]
    assert told(box) == ["c"]
