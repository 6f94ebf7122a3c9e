from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podgen.text.sentences import split_clauses, split_sentences


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(text)]


@pytest.mark.parametrize(
    "whole",
    [
        "Dr. Smith met Mrs. Jones at St. Mary's.",
        "It costs 3.50 today, or 1,000.75 tomorrow.",
        "J. K. Rowling wrote it, e.g. for Harry.",
        '"Stop!" he said, and left.',
        "Well... maybe not.",
        "See No. 5 and fig. 3 on pp. 10-12.",
        "The U.S. Army came at 5 p.m. sharp.",
        "Visit example.com today!",
    ],
)
def test_is_one_sentence(whole: str) -> None:
    assert texts(whole) == [whole]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three? Four… Five.", 5),
        ('He said "Go." Then he left.', 2),
        ("She said no. Then she left.", 2),
        ("We met at 5 p.m. The sun was low.", 2),
        ("It was Plan B. We knew.", 2),
        ("¿Qué tal? ¡Muy bien! Adiós.", 3),
        ("नमस्ते। आप कैसे हैं?", 2),
        ("It was 1999. 2000 came next.", 2),
    ],
)
def test_sentences_are_parted(text: str, count: int) -> None:
    assert len(texts(text)) == count


def test_blank_lines_part_paragraphs_and_other_breaks_do_not() -> None:
    sentences = split_sentences("First line\ngoes on. Second.\n\nThird.")
    assert [s.text for s in sentences] == ["First line goes on.", "Second.", "Third."]
    assert [s.ends_paragraph for s in sentences] == [False, True, True]


@given(st.text(alphabet="abC .,!?\n'\"1", max_size=200))
def test_nothing_is_lost_or_added(text: str) -> None:
    assert " ".join(texts(text)).split() == text.split()


@given(st.text(alphabet="abc ,;.", max_size=300), st.integers(10, 60))
def test_clauses_keep_everything_and_their_limit(text: str, limit: int) -> None:
    pieces = split_clauses(text, limit)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    longest_word = max((len(word) for word in text.split()), default=0)
    assert all(len(piece) <= max(limit + 1, longest_word) for piece in pieces)


def test_clauses_are_cut_at_marks_first() -> None:
    assert split_clauses("one two three, four five six", 18) == ["one two three,", "four five six"]
