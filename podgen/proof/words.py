"""Text as spoken held against what was heard, so that what differs is words and not spelling.

Both sides become letters: no case, marks, accents or hyphens. They are aligned word by word, where
one word may answer to two or three ("every day", "everyday"), at the least cost in letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from podgen.proof.hearing import HeardWord
from podgen.text.saying import in_words

NEAR = 0.5
"""From this likeness of letters on, 0 to 1, two spellings are taken for the same sound."""
NEAR_NAME = 0.2
"""The same for names and words with a pronunciation of their own."""
_BAND = 12
"""Words that one side may run ahead of the other, more than their difference in number."""
_JOINED = 3
_SOUNDS = re.compile(r"[^\W\d_]+|\d+")
_MARKS = '.,;:!?…"“”„«»()[]¿¡—–'
_INTERJECTIONS = frozenset(
    (
        "ah",
        "aha",
        "eh",
        "er",
        "erm",
        "ha",
        "hm",
        "hmm",
        "huh",
        "mhm",
        "mm",
        "mmm",
        "oh",
        "ooh",
        "uh",
    )
) | {"uhm", "um"}
"""Said and written in any way, and heard as anything or nothing."""
_VOWELS = frozenset("aeiouy")
_ALIKE = (
    ("ph", "f"), ("ght", "t"), ("ck", "k"), ("qu", "kw"), ("wh", "w"), ("kn", "n"), ("wr", "r"),
    ("tch", "ch"), ("dge", "j"), ("sch", "sh"), ("c", "k"), ("z", "s"), ("v", "f"), ("d", "t"),
    ("b", "p"), ("g", "k"), ("j", "y"), ("h", ""),
)  # fmt: skip
"""Letters that stand for sounds which are one or near to each other."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word as letters, and its place among the words of its side."""

    letters: str
    word: int


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


def split(text: str) -> list[str]:
    """The words of a text, at its spaces, that have any sound."""
    return [word for word in text.split() if any(char.isalnum() for char in word)]


def letters(word: str) -> str:
    """A word without case, marks, accents, apostrophes or hyphens."""
    folded = unicodedata.normalize("NFKD", word.casefold().replace("ß", "ss"))
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return "".join(_SOUNDS.findall(plain))


def align(text: Sequence[str], heard: Sequence[HeardWord]) -> list[Step]:
    """How the words of a text and those that were heard answer to each other, in their order.

    Every word of either side is in one step.
    """
    said = [letters(word) for word in text]
    found = [letters(word.text) for word in heard]
    first = 0
    while first < min(len(said), len(found)) and said[first] == found[first]:
        first += 1
    last = 0
    shorter = min(len(said), len(found)) - first
    while last < shorter and said[-1 - last] == found[-1 - last]:
        last += 1
    same = [Step(at, at + 1, at, at + 1, 1.0) for at in range(first)]
    middle = _align(said[first : len(said) - last], found[first : len(found) - last], first)
    ends = range(last, 0, -1)
    same_end = [
        Step(len(said) - at, len(said) - at + 1, len(found) - at, len(found) - at + 1, 1.0)
        for at in ends
    ]
    return [*same, *middle, *same_end]


def _align(said: Sequence[str], found: Sequence[str], offset: int) -> list[Step]:
    """The cheapest way through both, by dynamic programming in a band."""
    rows, columns = len(said), len(found)
    reach = _BAND + abs(rows - columns)
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for row in range(rows + 1):
        for column in range(max(0, row - reach), min(columns, row + reach) + 1):
            if (row, column) == (0, 0):
                continue
            choices = []
            for up, left in _moves(row, column):
                before = best.get((row - up, column - left))
                if before is not None:
                    one = "".join(said[row - up : row])
                    other = "".join(found[column - left : column])
                    choices.append((before[0] + _cost(one, other, up + left), (up, left)))
            if choices:
                best[row, column] = min(choices)
    steps: list[Step] = []
    row, column = rows, columns
    while row or column:
        up, left = best[row, column][1]
        one, other = "".join(said[row - up : row]), "".join(found[column - left : column])
        steps.append(
            Step(
                offset + row - up,
                offset + row,
                offset + column - left,
                offset + column,
                likeness(one, other) if up and left else 0.0,
            )
        )
        row, column = row - up, column - left
    return steps[::-1]


def _moves(row: int, column: int) -> list[tuple[int, int]]:
    moves = [(1, 0), (0, 1), *((1, n) for n in range(1, _JOINED + 1))]
    moves += [(n, 1) for n in range(2, _JOINED + 1)] + [(2, 2)]
    return [(up, left) for up, left in moves if up <= row and left <= column]


def _cost(one: str, other: str, words: int) -> float:
    """In letters; a little more for each word joined, so that words stay apart where they can."""
    if not one or not other:
        return 0.3 + (1.0 if (one or other) not in _INTERJECTIONS else 0.0) * len(one or other)
    if one == other:
        return 0.2 * max(0, words - 2)
    longest = max(len(one), len(other))
    return (1.0 - likeness(one, other)) * longest * 1.6 + 0.2 * max(0, words - 2)


@lru_cache(maxsize=65536)
def likeness(one: str, other: str) -> float:
    """How near two words' letters are, 0 to 1, sounds that are near counted as half the same."""
    if one == other:
        return 1.0
    if not one or not other:
        return 0.0
    plain = 1 - _distance(one, other) / max(len(one), len(other))
    one, other = _sounds(one), _sounds(other)
    if not one or not other:
        return plain
    near = 1 - _distance(one, other) / max(len(one), len(other))
    return max(plain, near * 0.95)


def _sounds(word: str) -> str:
    for letter, sound in _ALIKE:
        word = word.replace(letter, sound)
    return re.sub(r"(.)\1+", r"\1", word)


def _distance(one: str, other: str) -> float:
    """Levenshtein's, a vowel for a vowel at half its cost."""
    row = [float(n) for n in range(len(other) + 1)]
    for number, char in enumerate(one, 1):
        before, row[0] = row[0], float(number)
        for at, against in enumerate(other, 1):
            if char == against:
                change = 0.0
            elif char in _VOWELS and against in _VOWELS:
                change = 0.5
            else:
                change = 1.0
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + change)
    return row[-1]


@dataclass(frozen=True, slots=True)
class Difference:
    """Words that were not heard as they are written.

    `written` is empty where words were added, `heard` where they are missing; `first` and `last`
    delimit the written ones among the text's words, `[first, last)`, and the heard ones are
    `[heard_first, heard_last)`. `letters` says how much of either side is at stake.
    """

    written: str
    heard: str
    first: int
    last: int
    heard_first: int
    heard_last: int
    likeness: float
    letters: int


def differences(
    text: Sequence[str],
    heard: Sequence[HeardWord],
    language: str,
    names: Collection[str] = (),
) -> list[Difference]:
    """What was heard otherwise than it is written, spelling aside.

    Args:
        text: the words of the text as spoken, from `split`.
        heard: a reading of the take.
        language: a BCP 47 tag; abbreviations that were heard are what they stand for in it.
        names: words, as letters, that may be heard as anything near.
    """
    steps = align(text, heard)
    found: list[Difference] = []
    run: list[Step] = []

    def close() -> None:
        if run:
            found.extend(_difference(run, text, heard, language, names))
            run.clear()

    for step in steps:
        if _same(step, text, heard, names):
            close()
        else:
            run.append(step)
    close()
    return found


def _same(
    step: Step, text: Sequence[str], heard: Sequence[HeardWord], names: Collection[str]
) -> bool:
    said = [letters(word) for word in text[step.first : step.last]]
    sounds = [letters(word.text) for word in heard[step.heard_first : step.heard_last]]
    if all(word in _INTERJECTIONS for word in [*said, *sounds]):
        return True
    named = any(word in names for word in said)
    return step.likeness >= (NEAR_NAME if named else NEAR)


def _difference(
    run: Sequence[Step],
    text: Sequence[str],
    heard: Sequence[HeardWord],
    language: str,
    names: Collection[str],
) -> list[Difference]:
    """One difference of steps that follow on each other; none if they are alike together."""
    first, last = run[0].first, run[-1].last
    heard_first, heard_last = run[0].heard_first, run[-1].heard_last
    said = [letters(word) for word in text[first:last]]
    sounds = [letters(word.text) for word in heard[heard_first:heard_last]]
    one, other = "".join(said), "".join(sounds)
    in_full = "".join(_in_full(word.text, language) for word in heard[heard_first:heard_last])
    together = 0.0
    if one and other and len(run) < _BAND:
        together = max(likeness(one, other), likeness(one, in_full))
    named = any(word in names for word in said)
    if together >= (NEAR_NAME if named else NEAR + 0.1):
        return []
    return [
        Difference(
            " ".join(word.strip(_MARKS) for word in text[first:last]),
            " ".join(word.text for word in heard[heard_first:heard_last]),
            first,
            last,
            heard_first,
            heard_last,
            together,
            max(len(one), len(other)),
        )
    ]


@lru_cache(maxsize=4096)
def _in_full(word: str, language: str) -> str:
    """The letters of a heard word, of an abbreviation those of what it stands for."""
    plain = letters(word)
    if len(plain) > 4 or not plain:
        return plain
    said = in_words(f"{word.strip('.,;:!?')}. Xx", language).text
    return letters(said.rpartition(" ")[0]) or plain


def times(
    text: Sequence[str], heard: Sequence[HeardWord], seconds: float
) -> list[tuple[float, float]]:
    """When each word of a text is said, in seconds, by the words that were heard.

    Words that answer to none, such as figures, share what lies between those beside them.
    """
    spans: list[tuple[float, float] | None] = [None] * len(text)
    for step in align(text, heard):
        if step.likeness >= NEAR:
            start, end = heard[step.heard_first].start, heard[step.heard_last - 1].end
            for at, span in zip(
                range(step.first, step.last),
                _shared(text[step.first : step.last], start, end),
                strict=True,
            ):
                spans[at] = span
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
