"""How long texts are cut, and which lengths of speech are believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podgen.engines.voxtral.text import pace
from podgen.engines.voxtral.text.pieces import AUTO, cut, read_split

SENTENCE = "This is a sentence of some forty letters."


def test_a_text_that_fits_stays_whole() -> None:
    text = f"{SENTENCE}\n\n{SENTENCE}"
    assert [piece.text for piece in cut(text, AUTO)] == [text]
    assert [piece.text for piece in cut(text, None)] == [text]


def test_paragraphs_come_before_sentences() -> None:
    paragraph = f"{SENTENCE} {SENTENCE}"
    text = f"{SENTENCE}\n\n{paragraph}\n\n{paragraph}"
    pieces = cut(text, 130)
    assert [piece.text for piece in pieces] == [f"{SENTENCE}\n\n{paragraph}", paragraph]
    whole_paragraphs = cut(f"{paragraph}\n\n{paragraph}", 100)
    assert [piece.text for piece in whole_paragraphs] == [paragraph, paragraph]
    assert whole_paragraphs[0].gap > cut(f"{paragraph} {paragraph}", 100)[0].gap > 0


def test_sentences_come_before_clauses() -> None:
    pieces = cut(f"{SENTENCE} One, two, three, four. {SENTENCE}", 45)
    assert [piece.text for piece in pieces] == [SENTENCE, "One, two, three, four.", SENTENCE]
    assert cut("One, two, three, four, five, six.", 20)[0].text == "One, two, three,"


WORDS = st.lists(st.from_regex(r"[a-z]{1,12}[.,!]?", fullmatch=True), min_size=1, max_size=60)


@given(st.lists(WORDS, min_size=1, max_size=4), st.integers(20, 120))
def test_no_word_is_lost_and_no_piece_too_long(paragraphs: list[list[str]], most: int) -> None:
    text = "\n\n".join(" ".join(words) for words in paragraphs)
    pieces = cut(text, most)
    assert " ".join(piece.text for piece in pieces).split() == text.split()
    assert all(0 < len(piece.text) <= most for piece in pieces)


@pytest.mark.parametrize(
    ("value", "most"), [("never", None), ("auto", AUTO), (300, 300), ("300", 300)]
)
def test_split_settings(value: object, most: int | None) -> None:
    assert read_split(value) == most


@pytest.mark.parametrize("value", ["sometimes", 3, "3", True, None, 2.5])
def test_split_settings_that_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="split is"):
        read_split(value)


def test_published_lengths_are_believed() -> None:
    """676 characters in 459 to 489 frames, and the model card's 12 to 13.5 a second."""
    for frames in (459, 489, round(676 / 12 * 12.5)):
        assert pace.fault("x" * 676, frames, ended=True) is None
    assert pace.least_frames("x" * 676) < 459 and pace.most_frames("x" * 676) > 704
    assert 459 < pace.expected_frames("x" * 676) < 704


def test_what_is_not_believed() -> None:
    text = "x" * 400
    assert "did not end" in str(pace.fault(text, pace.most_frames(text), ended=False))
    assert "ended after" in str(pace.fault(text, pace.least_frames(text) - 1, ended=True))
    assert pace.fault(text, 0, ended=True)
    assert pace.fault("Hello.", 0, ended=True)
    assert pace.fault("Hello.", 8, ended=True) is None
    assert pace.fault("Hello.", 110, ended=True) is None
