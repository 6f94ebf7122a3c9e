"""What was heard otherwise than it is written: words, not spelling."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from podgen.proof.alignment import Step, align
from podgen.proof.hearing import HeardWord
from podgen.proof.likeness import NEAR, likeness
from podgen.proof.numbers import may_count, same_number
from podgen.proof.spelling import MARKS, in_full, is_interjection, letters

NEAR_NAME = 0.2
"""Likeness from which on names, and words with a pronunciation of their own, are what was heard."""
_LONGEST_ALIKE = 12
"""Steps that may be alike together though they are not one by one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Words that were not heard as they are written.

    `written` is empty where words were added, `heard` where they are missing; `first` and `last`
    delimit the written ones among the text's words, `[first, last)`, and the heard ones are
    `[heard_first, heard_last)`. `letters` says how much of either side is at stake, `gain` by
    how many nats what was heard is likelier in the letters of the sound, where that is known.
    """

    written: str
    heard: str
    first: int
    last: int
    heard_first: int
    heard_last: int
    likeness: float
    letters: int
    gain: float | None = None


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
    found: list[Difference] = []
    steps = align(text, heard, language)
    for same, run in groupby(steps, lambda step: _same(step, text, heard, names)):
        unlike = list(run)
        if not same and not _one_number(steps, unlike, text, heard, language):
            found += _difference(unlike, text, heard, language, names)
    return found


def _one_number(
    steps: Sequence[Step],
    unlike: Sequence[Step],
    text: Sequence[str],
    heard: Sequence[HeardWord],
    language: str,
) -> bool:
    """Whether steps, with the words of numbers beside them, are one number in two forms."""

    def both(some: Sequence[Step]) -> tuple[list[str], list[str]]:
        sounds = heard[some[0].heard_first : some[-1].heard_last]
        return list(text[some[0].first : some[-1].last]), [word.text for word in sounds]

    def counts(at: int) -> bool:
        return all(
            may_count(word, language) for words in both(steps[at : at + 1]) for word in words
        )

    first = steps.index(unlike[0])
    last = first + len(unlike)
    while first and counts(first - 1):
        first -= 1
    while last < len(steps) and counts(last):
        last += 1
    return same_number(*both(steps[first:last]), language)


def _same(
    step: Step, text: Sequence[str], heard: Sequence[HeardWord], names: Collection[str]
) -> bool:
    said = text[step.first : step.last]
    sounds = [word.text for word in heard[step.heard_first : step.heard_last]]
    if all(map(is_interjection, [*said, *sounds])):
        return True
    return step.likeness >= (NEAR_NAME if _named(said, names) else NEAR)


def _named(words: Sequence[str], names: Collection[str]) -> bool:
    return any(letters(word) in names for word in words)


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
    said = tuple(text[first:last])
    sounds = tuple(word.text for word in heard[heard_first:heard_last])
    together = 0.0
    if said and sounds and len(run) < _LONGEST_ALIKE:
        full = tuple(in_full(word, language) for word in sounds)
        together = max(likeness(said, sounds, language), likeness(said, full, language))
    if together >= (NEAR_NAME if _named(said, names) else NEAR):
        return []
    return [
        Difference(
            " ".join(word.strip(MARKS) for word in said),
            " ".join(sounds),
            first,
            last,
            heard_first,
            heard_last,
            together,
            max(sum(map(len, map(letters, words))) for words in (said, sounds)),
        )
    ]
