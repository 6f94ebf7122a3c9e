"""Letters heard without words: the text is laid along them, and what does not fit is told."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.proof.ctc import FRAME_SECONDS, LETTERS, Floats, misfits

SENTENCE = ["the", "keeper", "climbed", "those", "stairs", "each", "evening"]


def heard(words: list[str]) -> Floats:
    """Scores in which each letter of some words is all but sure for a frame, pauses between."""
    rows = []
    for letter in "".join(words):
        row = np.full(27, -9.0, np.float32)
        row[LETTERS.index(letter) + 1] = -0.01
        nothing = np.full(27, -9.0, np.float32)
        nothing[0] = -0.01
        rows += [row, nothing, nothing]
    return np.array(rows)


def test_a_word_that_is_not_there_is_told() -> None:
    (found,) = misfits(heard([*SENTENCE[:2], *SENTENCE[3:]]), SENTENCE) or []
    assert SENTENCE[found.first : found.last] == ["climbed"]
    assert found.weight > 20
    (start, end) = (len("".join(SENTENCE[:2])) * 3 * FRAME_SECONDS,) * 2
    assert found.start < end + 0.1
    assert found.end > start - 0.1


def test_a_phrase_said_twice_is_told_with_what_is_heard() -> None:
    (found,) = misfits(heard([*SENTENCE[:4], *SENTENCE[2:]]), SENTENCE) or []
    assert found.heard == "climbedthose"
    assert found.first == found.last
    assert found.end - found.start > 0.5


def test_more_text_than_there_is_time_for_does_not_fit() -> None:
    (found,) = misfits(heard(["yes"]), SENTENCE * 3) or []
    assert (found.first, found.last) == (0, 3 * len(SENTENCE))


def test_words_in_other_letters_are_not_judged() -> None:
    assert misfits(heard(["yes"]), ["привет"]) is None


WORDS = st.lists(st.text("abcdefgh", min_size=2, max_size=7), min_size=1, max_size=10)


@settings(deadline=None, max_examples=40)
@given(WORDS)
def test_the_text_itself_fits(words: list[str]) -> None:
    assert misfits(heard(words), words) == []


@settings(deadline=None, max_examples=40)
@given(WORDS, WORDS)
def test_misfits_lie_within_the_sound_and_the_text(text: list[str], said: list[str]) -> None:
    scores = heard(said)
    found = misfits(scores, text) or []
    assert all(0 <= one.start < one.end <= len(scores) * FRAME_SECONDS + 0.01 for one in found)
    assert all(0 <= one.first <= one.last <= len(text) for one in found)
