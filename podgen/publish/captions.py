"""Turns cut into captions: where to break a long turn, and how its time is shared out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, inf

from podgen.publish.episode import SpokenTurn
from podgen.text.sentences import split_sentences

MOST_A_SECOND = 20
"""Characters, spaces included: what adults read (Netflix asks for 20 at most in English)."""

# Closing quotes and brackets may follow the stop that ends a sentence or a clause.
_CLOSERS = r"[\"'”’»)\]]*$"
_FULL_END = re.compile(r"[。！？]" + _CLOSERS)
_CLAUSE_END = re.compile(r"([,;:—–、，；：!?…]|[.][.])" + _CLOSERS)
_ABBREVIATED = re.compile(r"[.]" + _CLOSERS)
_NO_SPACE_STOP = re.compile(r"(?<=[。！？、，；：])")

# What a break costs: between sentences nothing, between clauses little, in mid-phrase much, after
# an abbreviation more than anything. The cost of a caption itself keeps a turn from falling into
# needlessly many, and the square of what is left empty keeps one long caption from being followed
# by a lonely word.
_CLAUSE_COST = 0.4
_PHRASE_COST = 2.2
_ABBREVIATION_COST = 9.0
_CAPTION_COST = 1.0


@dataclass(frozen=True, slots=True)
class Caption:
    """Lines shown together during `[start, end)` (samples) of `turn`."""

    turn: SpokenTurn
    lines: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    room: int
    """The columns it takes once written."""
    space: int
    """1 where a space stands before it, 0 inside a run that had to be cut."""
    break_cost: float


def _words(text: str, width: int, room: Callable[[str], int]) -> list[_Word]:
    """The words of a text; a run longer than a line is cut, at its own stops where it has any."""
    lengths = (len(sentence.text.split()) for sentence in split_sentences(text))
    ends = set(accumulate(lengths))
    words: list[_Word] = []
    for number, run in enumerate(text.split(), 1):
        pieces = [run] if len(run) <= width else [p for p in _NO_SPACE_STOP.split(run) if p]
        chunks = [p[i : i + width] for p in pieces for i in range(0, len(p), width)]
        words += [
            _Word(
                chunk,
                room(chunk),
                int(index == 0),
                _break_cost(chunk, ends=number in ends and index == len(chunks) - 1),
            )
            for index, chunk in enumerate(chunks)
        ]
    return words


def _break_cost(word: str, *, ends: bool) -> float:
    """Of a break after a word; `ends` is whether a sentence does."""
    if ends or _FULL_END.search(word):
        return 0.0
    if _CLAUSE_END.search(word):
        return _CLAUSE_COST
    return _ABBREVIATION_COST if _ABBREVIATED.search(word) else _PHRASE_COST


def _wrap(words: list[_Word], width: int, head: int) -> tuple[str, ...]:
    """Words as lines no wider than `width`, the first one shorter by `head`."""
    lines = [words[0].text]
    used = head + words[0].room
    for word in words[1:]:
        if used + word.space + word.room <= width:
            lines[-1] += " " * word.space + word.text
            used += word.space + word.room
        else:
            lines.append(word.text)
            used = word.room
    return tuple(lines)


def _reach(words: list[_Word], begin: int, width: int, height: int, head: int) -> Iterator[int]:
    """The ends of the captions that fit from `begin` on; one word always does."""
    used, line = head + words[begin].room, 1
    yield begin + 1
    for index in range(begin + 1, len(words)):
        word = words[index]
        if used + word.space + word.room <= width:
            used += word.space + word.room
        else:
            used, line = word.room, line + 1
            if line > height:
                return
        yield index + 1


def _split(
    words: list[_Word], width: int, height: int, first_head: int, head: int
) -> list[list[_Word]]:
    """The cheapest partition of the words into captions of at most `height` lines."""
    before = [0]  # columns before each word
    for word in words:
        before.append(before[-1] + word.space + word.room)
    best: list[tuple[float, int]] = [(inf, 0)] * (len(words) + 1)
    best[0] = (0.0, 0)  # per end: the cost up to it, and where its caption begins
    for begin in range(len(words)):
        indent = head if begin else first_head
        for end in _reach(words, begin, width, height, indent):
            empty = max(0.0, 1 - (before[end] - before[begin]) / (width * height - indent))
            cost = best[begin][0] + _CAPTION_COST + empty * empty
            if end < len(words):
                cost += words[end - 1].break_cost
            best[end] = min(best[end], (cost, begin))
    parts: list[list[_Word]] = []
    end = len(words)
    while end:
        begin = best[end][1]
        parts.append(words[begin:end])
        end = begin
    return parts[::-1]


def captions(
    turns: Sequence[SpokenTurn],
    width: int,
    height: int,
    *,
    rate: int,
    total: int,
    head: Callable[[str, bool], int],
    room: Callable[[str], int] = len,
) -> list[Caption]:
    """Cut turns into captions, sorted by start.

    A turn that fits is one caption; a longer one is broken at sentence ends, else at clauses.
    The captions of a turn tile its window exactly. Each begins with its first word, where it is
    known when that is said, and has else a share of the time in proportion to its characters. The
    window is the turn; if that is too short to be read, it reaches into the silence after it, until
    there are `MOST_A_SECOND` characters a second or somebody else speaks.

    Args:
        turns: the turns; one without any text gives no caption.
        width: the columns of a line.
        height: the lines of a caption.
        rate: samples a second.
        total: the samples of the episode.
        head: the columns that the speaker's mark takes before a caption's text, given the speaker
            and whether the caption may have to name them: it opens the turn, or another turn began
            meanwhile.
        room: the columns that a word takes once written.
    """
    cut: list[Caption] = []
    starts = sorted(turn.start for turn in turns)
    for turn in turns:
        after = bisect_right(starts, turn.start)
        following = starts[after] if after < len(starts) else total
        until = max(turn.end, min(following, turn.start + _readable(turn.text, rate)))
        words = _words(turn.text, width, room)
        # A name that leaves no room for a word still shares its line with one.
        named = (True, starts.count(turn.start) > 1 or following < turn.end)
        heads = [min(head(turn.speaker, each), width - 1) for each in named]
        parts = _split(words, width, height, *heads)
        letters = [sum(word.space + len(word.text) for word in part) for part in parts]
        done, runs, start = 0, 0, turn.start
        for index, part in enumerate(parts):
            done += letters[index]
            runs += sum(word.space for word in part)
            end = turn.start + round((until - turn.start) * done / sum(letters))
            if turn.words and index < len(parts) - 1:
                # A word that is cut in two has one time; its second part keeps the estimate.
                whole = parts[index + 1][0].space
                end = turn.words[runs].start if whole else end
                end = min(max(end, start + 1), until)
            cut.append(Caption(turn, _wrap(part, width, heads[min(index, 1)]), start, end))
            start = end
    return sorted(cut, key=lambda caption: (caption.start, caption.end))


def _readable(text: str, rate: int) -> int:
    """The samples in which a text can be read."""
    return ceil(len(" ".join(text.split())) / MOST_A_SECOND * rate)
