"""Passages that might be an episode's soundbite: whole sentences between two silences.

Suggestions only: what the feed says is the first turns, or nothing. They need the times of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from podgen.publish.episode import Episode, SpokenTurn
from podgen.publish.feed import SOUNDBITE_SECONDS

SILENCE_SECONDS = 0.25
"""Less silence before or after a passage would cut it off."""
MOST = 3
_ENOUGH_SECONDS = 1.0
"""More silence than this is no better."""
_ENDS = re.compile(r"[.!?…][\"'”’»)\]]*$")


@dataclass(frozen=True, slots=True)
class Soundbite:
    """A passage from `start` to `end`, in samples of the episode, and its first sentence."""

    start: int
    end: int
    speaker: str
    text: str


def suggestions(episode: Episode) -> list[Soundbite]:
    """The passages with most silence around them, apart from each other, in order of time.

    None where it is not known when words are said.
    """
    if not any(turn.words for turn in episode.turns):
        return []
    rate, (least, most) = episode.sample_rate, SOUNDBITE_SECONDS
    sentences = sorted(
        (sentence for turn in episode.turns for sentence in _sentences(turn)),
        key=lambda one: one.start,
    )
    ends = [0]  # of all that is said before each sentence
    for one in sentences:
        ends.append(max(ends[-1], one.end))
    starts = [one.start for one in sentences] + [episode.total]
    found: list[tuple[float, Soundbite]] = []
    for first, one in enumerate(sentences):
        before = (one.start - ends[first]) / rate
        for last in range(first, len(sentences)):
            end = max(ends[last + 1], one.end)
            seconds, after = (end - one.start) / rate, (starts[last + 1] - end) / rate
            if seconds > most:
                break
            if seconds >= least and min(before, after) >= SILENCE_SECONDS:
                quiet = min(before, after, _ENOUGH_SECONDS)
                found.append((quiet, Soundbite(one.start, end, one.speaker, one.text)))
    found.sort(key=lambda one: (-one[0], one[1].end - one[1].start, one[1].start))
    chosen: list[Soundbite] = []
    for _, one in found:
        if all(one.end <= other.start or other.end <= one.start for other in chosen):
            chosen.append(one)
    return sorted(chosen[:MOST], key=lambda one: one.start)


def _sentences(turn: SpokenTurn) -> Iterator[Soundbite]:
    """The sentences of a turn; all of it where its words have no times."""
    if not turn.words:
        yield Soundbite(turn.start, turn.end, turn.speaker, " ".join(turn.text.split()))
    first = 0
    for at, word in enumerate(turn.words):
        if _ENDS.search(word.text) or at == len(turn.words) - 1:
            words = turn.words[first : at + 1]
            text = " ".join(each.text for each in words)
            yield Soundbite(words[0].start, word.end, turn.speaker, text)
            first = at + 1
