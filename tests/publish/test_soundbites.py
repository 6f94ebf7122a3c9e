"""Suggested soundbites: whole sentences, silence on both sides, never in the feed by themselves."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from podgen.publish.episode import Episode, SpokenTurn, SpokenWord
from podgen.publish.soundbites import suggestions

RATE = 100


def told(pauses: list[float], words: int = 40) -> Episode:
    """An episode of sentences of `words` words, 0.25 s each, every one followed by a pause."""
    at, turns = 0.5, []
    for number, pause in enumerate(pauses):
        said = []
        for place in range(words):
            text = f"w{number}." if place == words - 1 else "word"
            said.append(SpokenWord(text, round(at * RATE), round((at + 0.25) * RATE)))
            at += 0.25
        text = " ".join(word.text for word in said)
        turns.append(
            SpokenTurn(str(number), "ADA", text, said[0].start, said[-1].end, words=tuple(said))
        )
        at += pause
    return Episode("T", "", None, "", "", "en", None, at, RATE, tuple(turns), ())


def test_it_begins_and_ends_in_silence() -> None:
    episode = told([0.1, 0.6, 0.1, 0.6])
    (first, second) = suggestions(episode)
    # Two sentences of ten seconds lie between pauses that are long enough.
    assert [one.text.split()[-1] for one in (first, second)] == ["w0.", "w2."]
    assert [(one.end - one.start) / RATE for one in (first, second)] == [20.1, 20.1]


def test_nothing_is_suggested_where_it_is_not_known_when_words_are_said() -> None:
    episode = told([0.6] * 4)
    silent = replace(episode, turns=tuple(replace(turn, words=()) for turn in episode.turns))
    assert suggestions(silent) == []


@given(st.lists(st.sampled_from([0.05, 0.3, 0.9]), max_size=8), st.integers(4, 90))
def test_suggestions_keep_to_length_and_apart(pauses: list[float], words: int) -> None:
    found = suggestions(told(pauses, words))
    assert all(15 <= (one.end - one.start) / RATE <= 60 for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
