"""The words of a text beside those that were heard, at the least cost in letters.

One word may answer to two or three ("every day", "everyday").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from podgen.proof.hearing import HeardWord
from podgen.proof.likeness import NEAR, likeness
from podgen.proof.spelling import is_interjection, letters

_BAND = 12
"""Words that one side may run ahead of the other, more than their difference in number."""
_JOINED = 3


@dataclass(frozen=True, slots=True)
class Step:
    """Words `[first, last)` of the text beside `[heard_first, heard_last)` of what was heard.

    `likeness` runs from 0, nothing in common or nothing beside them, to 1, the same.
    """

    first: int
    last: int
    heard_first: int
    heard_last: int
    likeness: float


def align(text: Sequence[str], heard: Sequence[HeardWord], language: str) -> list[Step]:
    """How the words of a text and those that were heard answer to each other, in their order.

    Every word of either side is in one step.
    """
    found = [word.text for word in heard]
    said_letters, found_letters = [*map(letters, text)], [*map(letters, found)]
    shorter = min(len(text), len(found))
    first = 0
    while first < shorter and said_letters[first] == found_letters[first]:
        first += 1
    last = 0
    while last < shorter - first and said_letters[-1 - last] == found_letters[-1 - last]:
        last += 1
    beginning = [Step(at, at + 1, at, at + 1, 1.0) for at in range(first)]
    middle = _cheapest(text[first : len(text) - last], found[first : len(found) - last], language)
    ends = zip(
        range(len(text) - last, len(text)), range(len(found) - last, len(found)), strict=True
    )
    return [
        *beginning,
        *(Step(a + first, b + first, c + first, d + first, alike) for a, b, c, d, alike in middle),
        *(Step(at, at + 1, other, other + 1, 1.0) for at, other in ends),
    ]


def _cheapest(
    said: Sequence[str], found: Sequence[str], language: str
) -> list[tuple[int, int, int, int, float]]:
    """The way through both as the fields of steps, by dynamic programming in a band."""
    rows, columns = len(said), len(found)
    reach = _BAND + abs(rows - columns)
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for row in range(rows + 1):
        for column in range(max(0, row - reach), min(columns, row + reach) + 1):
            choices = []
            for up, left in _moves(row, column):
                before = best.get((row - up, column - left))
                if before is not None:
                    one, other = said[row - up : row], found[column - left : column]
                    choices.append((before[0] + _cost(one, other, language), (up, left)))
            if choices:
                best[row, column] = min(choices)
    steps: list[tuple[int, int, int, int, float]] = []
    row, column = rows, columns
    while row or column:
        up, left = best[row, column][1]
        one, other = said[row - up : row], found[column - left : column]
        alike = likeness(tuple(one), tuple(other), language)
        steps.append((row - up, row, column - left, column, alike))
        row, column = row - up, column - left
    return steps[::-1]


def _moves(row: int, column: int) -> list[tuple[int, int]]:
    moves = [(1, 0), (0, 1), *((1, n) for n in range(1, _JOINED + 1))]
    moves += [(n, 1) for n in range(2, _JOINED + 1)] + [(2, 2)]
    return [(up, left) for up, left in moves if up <= row and left <= column]


def _cost(said: Sequence[str], found: Sequence[str], language: str) -> float:
    """In letters; a little more for each word joined, so that words stay apart where they can."""
    one, other = sum(len(letters(word)) for word in said), sum(len(letters(word)) for word in found)
    joined = 0.2 * max(0, len(said) + len(found) - 2)
    if not said or not found:
        alone = (said or found)[0]
        return 0.3 + (0.0 if is_interjection(alone) else one + other)
    alike = likeness(tuple(said), tuple(found), language)
    return (1.0 - alike) * max(one, other) * 1.6 + joined


def times(
    text: Sequence[str], heard: Sequence[HeardWord], seconds: float, language: str
) -> list[tuple[float, float]]:
    """When each word of a text is said, in seconds, by the words that were heard.

    Words that answer to none, such as figures, share what lies between those beside them.
    """
    spans: list[tuple[float, float] | None] = [None] * len(text)
    for step in align(text, heard, language):
        if step.likeness >= NEAR:
            start, end = heard[step.heard_first].start, heard[step.heard_last - 1].end
            shared = _shared(text[step.first : step.last], start, end)
            spans[step.first : step.last] = shared
    out: list[tuple[float, float]] = []
    at = 0
    while at < len(spans):
        known = spans[at]
        if known is not None:
            out.append(known)
            at += 1
            continue
        end = at
        while end < len(spans) and spans[end] is None:
            end += 1
        following = spans[end] if end < len(spans) else None
        start = out[-1][1] if out else 0.0
        out += _shared(text[at:end], start, max(start, following[0] if following else seconds))
        at = end
    return out


def _shared(words: Sequence[str], start: float, end: float) -> list[tuple[float, float]]:
    """A span shared out among words by their letters."""
    sizes = [max(1, len(letters(word))) for word in words]
    total, done = sum(sizes), 0
    spans = []
    for size in sizes:
        spans.append(
            (start + (end - start) * done / total, start + (end - start) * (done + size) / total)
        )
        done += size
    return spans
