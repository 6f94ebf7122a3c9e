"""Turns cut into captions: where to break a long turn, and how its time is shared out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from podgen.publish.episode import SpokenTurn

# Closing quotes and brackets may follow the stop that ends a sentence or a clause.
_CLOSERS = r"[\"'”’»)\]]*$"
_SENTENCE_END = re.compile(r"[.!?…。！？]" + _CLOSERS)
_CLAUSE_END = re.compile(r"[,;:—–、，；：]" + _CLOSERS)
_NO_SPACE_STOP = re.compile(r"(?<=[。！？、，；：])")

# What a break costs: between sentences nothing, between clauses little, in mid-phrase much. The
# cost of a caption itself keeps a turn from falling into needlessly many, and the square of what
# is left empty keeps one long caption from being followed by a lonely word.
_CLAUSE_COST = 0.4
_PHRASE_COST = 1.6
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
    spaced: bool
    """Whether a space stands before it; false inside a run that had to be cut."""


def _words(text: str, width: int) -> list[_Word]:
    """The words of a text; a run longer than a line is cut, at its own stops where it has any."""
    words: list[_Word] = []
    for run in text.split():
        pieces = [run] if len(run) <= width else [p for p in _NO_SPACE_STOP.split(run) if p]
        chunks = [p[i : i + width] for p in pieces for i in range(0, len(p), width)]
        words += [_Word(chunk, spaced=index == 0) for index, chunk in enumerate(chunks)]
    return words


def _wrap(words: list[_Word], width: int, indent: int, room: Callable[[str], int]) -> list[str]:
    """Words as lines no wider than `width`, the first one shorter by `indent`.

    `room` says how many columns a word takes, which for escaped text is more than its letters.
    """
    lines: list[str] = []
    used = indent
    for word in words:
        space = " " if word.spaced else ""
        if lines and used + len(space) + room(word.text) <= width:
            lines[-1] += space + word.text
            used += len(space) + room(word.text)
        elif not lines:
            # A name that leaves no room for the first word still shares its line with it.
            lines.append(word.text)
            used += room(word.text)
        else:
            lines.append(word.text)
            used = room(word.text)
    return lines


def _break_cost(word: _Word) -> float:
    if _SENTENCE_END.search(word.text):
        return 0.0
    return _CLAUSE_COST if _CLAUSE_END.search(word.text) else _PHRASE_COST


def _split(
    words: list[_Word], width: int, height: int, indent: int, room: Callable[[str], int]
) -> list[list[_Word]]:
    """The cheapest partition of the words into captions of at most `height` lines."""
    full = width * height - indent
    best: list[tuple[float, int]] = [(0.0, 0)]  # per end: cost so far, where its caption begins
    for end in range(1, len(words) + 1):
        options: list[tuple[float, int]] = []
        length = 0
        for begin in range(end - 1, -1, -1):
            length += room(words[begin].text) + words[begin].spaced
            if begin < end - 1 and (
                length > full + 1 or len(_wrap(words[begin:end], width, indent, room)) > height
            ):
                break
            empty = max(0.0, 1 - length / full)
            at_end = 0.0 if end == len(words) else _break_cost(words[end - 1])
            options.append((best[begin][0] + _CAPTION_COST + empty * empty + at_end, begin))
        best.append(min(options))
    parts: list[list[_Word]] = []
    end = len(words)
    while end:
        begin = best[end][1]
        parts.append(words[begin:end])
        end = begin
    return parts[::-1]


def captions(
    turns: Iterable[SpokenTurn],
    width: int,
    height: int,
    *,
    indent: Callable[[str], int],
    room: Callable[[str], int] = len,
) -> list[Caption]:
    """Cut turns into captions, sorted by start.

    A turn that fits is one caption; a longer one is broken at sentence ends, else at clauses.
    The captions of a turn tile its window exactly: the first starts with it, the last ends with
    it, and each has a share of the time in proportion to its letters.

    Args:
        turns: the turns; one without any text gives no caption.
        width: the columns of a line.
        height: the lines of a caption.
        indent: the columns that a speaker's mark takes at the head of the first line.
        room: the columns that a word takes once written.
    """
    cut: list[Caption] = []
    for turn in turns:
        words = _words(turn.text, width)
        head = min(indent(turn.speaker), width - 1)
        parts = _split(words, width, height, head, room)
        letters = [sum(len(word.text) for word in part) for part in parts]
        total, done, start = sum(letters), 0, turn.start
        for part, share in zip(parts, letters, strict=True):
            done += share
            end = turn.start + round((turn.end - turn.start) * done / total)
            cut.append(Caption(turn, tuple(_wrap(part, width, head, room)), start, end))
            start = end
    return sorted(cut, key=lambda caption: (caption.start, caption.end))
