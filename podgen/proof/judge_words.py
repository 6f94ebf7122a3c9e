"""What the words that were heard of a take come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from podgen.proof.ctc import Misfit
from podgen.proof.differences import Difference
from podgen.proof.ear import Evidence, Said
from podgen.proof.hearing import HeardWord
from podgen.proof.spelling import MARKS, is_interjection, letters
from podgen.proof.verdict import RANK, Finding, Grade, grade, sureness

# Chosen on the tuning set of benchmarks/proof.
STRETCHED = 0.55
"""Seconds of speech that a word may take beyond what its letters should."""
UNLIKE_DOUBTFUL, UNLIKE_BAD = 12.0, 20.0
"""Weight of a misfit, in nats."""
TIMED_DOUBTFUL, TIMED_BAD = (20.0, 3.0), (30.0, 6.0)
"""The same of words that are heard, in time enough to say them, at least, and at least for each of
their letters: figures and rare spellings."""
NAMED_BAD = 40.0
"""The same of names: a recogniser spells them as it likes, but not as nothing."""
FURTHER_DOUBTFUL, FURTHER_BAD = 5.0, 8.0
"""The same of letters that nobody wrote."""
SLIPPED = 2
"""So few of them may be a spelling, however unlike: the s in Alvarez."""
LEAST_SECONDS = 0.03
"""Nobody says a letter in less."""
MISHEARD, MISHEARD_ONCE = -10.0, 0.0
"""What both readings or one of them found is nothing if the letters are so much likelier those of
the text: nats, below 0 where they are."""
BEGUN_ANEW = -6.0
"""So much less likely for each of their letters, added words are the recogniser's own: it begins
the text anew after its end."""
HALF_ALIKE = 0.45
"""What is heard as something so alike may have been misheard: it is doubtful."""
BESIDE = 0.15
"""Seconds that a misfit may lie beside a difference."""
LEAST_LETTERS = 4
"""Of words that are missing or added, where fewer are doubtful only: articles slip by in speech."""


def word_findings(evidence: Evidence, said: Said) -> Iterator[Finding]:
    """What differs from the text, words that no letters stand for, letters that no word does."""
    if evidence.words is None:
        return
    told: list[Finding] = []
    for one, reading, agreed in _differing(evidence):
        told += _finding(one, reading, evidence, said, agreed=agreed)
    yield from told
    for misfit in evidence.misfits or ():
        place = misfit.start - BESIDE, misfit.end + BESIDE
        known = [RANK[one.grade] for one in told if _common(place, (one.start, one.end))]
        for unlike in _unlike(misfit, said):
            if RANK[unlike.grade] > max(known, default=0):
                yield unlike
    if not told and evidence.misfits is None:
        yield from _stretched(evidence)


def _differing(
    evidence: Evidence,
) -> Iterator[tuple[Difference, Sequence[HeardWord], bool]]:
    """What differs from the text in either reading, and whether it does in both."""
    first, again = [*evidence.differing, (), ()][:2]
    for one in first:
        yield one, evidence.words or (), any(_meet(one, each) for each in again)
    for one in again:
        if one.letters >= LEAST_LETTERS and not any(_meet(one, each) for each in first):
            yield one, evidence.again or (), False


def _meet(one: Difference, other: Difference) -> bool:
    """Whether two readings differ from the text in the same place."""
    return one.first <= other.last + 1 and other.first <= one.last + 1


def _finding(
    one: Difference, reading: Sequence[HeardWord], evidence: Evidence, said: Said, *, agreed: bool
) -> Iterator[Finding]:
    heard = reading[one.heard_first : one.heard_last]
    start, end = _place(evidence, reading, one)
    gain = one.gain or 0.0
    weight = max([gain, *_near(one, evidence, start, end)])
    added = not one.written
    if added and gain < BEGUN_ANEW * one.letters:
        return  # should there be anything, its letters tell of it
    if weight < (MISHEARD if agreed else MISHEARD_ONCE) and not (added and agreed):
        return  # the letters are those of the text
    sure = (agreed and (weight >= 0 or added)) or weight >= UNLIKE_BAD
    if sure and not added and one.likeness >= HALF_ALIKE:
        sure = weight >= UNLIKE_BAD
    share = float(np.mean([word.sure for word in heard])) if heard else 0.9
    share = round((1 + share) / 2 if sure else share / 2, 2)
    worst: Grade = "bad" if sure and one.letters >= LEAST_LETTERS else "doubtful"
    if one.written and all(map(is_interjection, one.written.split())):
        worst = "doubtful"
    if not one.heard:
        yield Finding("missing", worst, "not heard", start, end, one.written, share)
    elif added:
        if end - start < LEAST_SECONDS * one.letters:
            return
        yield Finding("added", worst, "heard, but not written", start, end, one.heard, share)
    else:
        more = abs(one.last - one.first - (one.heard_last - one.heard_first))
        if _is_name(one.first, one.last, said) and more < 2 and weight < NAMED_BAD:
            worst = "doubtful"
        what = f"heard as '{one.heard}'"
        yield Finding("changed", worst, what, start, end, one.written, share)


def _near(one: Difference, evidence: Evidence, start: float, end: float) -> list[float]:
    """The weights of the misfits where a difference is."""
    place = start - BESIDE, end + BESIDE
    return [
        misfit.weight
        for misfit in evidence.misfits or ()
        if (misfit.first < one.last and one.first < misfit.last)
        or (_common(place, (misfit.start, misfit.end)) and not _slipped(misfit))
    ]


def _slipped(misfit: Misfit) -> bool:
    """Whether it is so few letters that nobody wrote that they may be a spelling."""
    return misfit.first == misfit.last and len(misfit.heard) <= SLIPPED


def _unlike(misfit: Misfit, said: Said) -> Iterator[Finding]:
    """Words that no letters stand for, or letters that no word stands for."""
    words = said.words[misfit.first : misfit.last]
    doubtful, bad = _limits(misfit, said)
    found = grade(misfit.weight, doubtful, bad)
    if found is None:
        return
    sure = sureness(misfit.weight, doubtful, bad)
    if not words:
        beside = said.words[max(0, misfit.first - 1) : misfit.first + 1]
        if _slipped(misfit) or any(map(is_interjection, beside)):
            found = "doubtful"
        what = "or the like heard, but not written"
        yield Finding("added", found, what, misfit.start, misfit.end, misfit.heard, sure)
        return
    named = _is_name(misfit.first, misfit.last, said) and misfit.weight < NAMED_BAD
    if named or any(letters(word) in said.name_letters for word in words):
        found = "doubtful"
    written = " ".join(word.strip(MARKS) for word in words)
    yield Finding("missing", found, "not heard", misfit.start, misfit.end, written, sure)


def _limits(misfit: Misfit, said: Said) -> tuple[float, float]:
    """The weights from which on a misfit is doubtful and bad."""
    size = sum(len(letters(word)) for word in said.words[misfit.first : misfit.last])
    if not size:
        few = _slipped(misfit)
        return (UNLIKE_DOUBTFUL, UNLIKE_BAD) if few else (FURTHER_DOUBTFUL, FURTHER_BAD)
    if misfit.lasting < LEAST_SECONDS * size:
        return UNLIKE_DOUBTFUL, UNLIKE_BAD
    doubtful, bad = (max(least, each * size) for least, each in (TIMED_DOUBTFUL, TIMED_BAD))
    return doubtful, bad


def _stretched(evidence: Evidence) -> Iterator[Finding]:
    """A word that lasts so long that something else must have been said in its time.

    The last one is passed over, as voices trail off.
    """
    words, sound = evidence.words or (), evidence.sound
    sizes = [len(letters(word.text)) for word in words]
    starts = [max(word.start, sound.start) for word in words]
    lasting = [
        max(0.0, then - now - sum(_common(gap, (now, then)) for gap in sound.gaps))
        for now, then in pairwise([*starts, sound.end])
    ]
    usual = sum(lasting) / max(1, sum(sizes))
    for word, size, lasts in list(zip(words, sizes, lasting, strict=True))[:-1]:
        if lasts - usual * size > STRETCHED:
            what = f"lasts {lasts:.1f} s: something else may be heard there"
            yield Finding("added", "doubtful", what, word.start, word.start + lasts, word.text, 0.5)


def _common(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def _is_name(first: int, last: int, said: Said) -> bool:
    """Whether words of the text are names, which a recogniser spells as it likes."""
    text = said.words
    if said.language.startswith("de"):  # where every noun has a capital
        return False
    return all(
        text[at][:1].isupper() and at > 0 and text[at - 1][-1] not in ".!?:"
        for at in range(first, last)
    )


def _place(evidence: Evidence, words: Sequence[HeardWord], one: Difference) -> tuple[float, float]:
    """Where in the take a difference is."""
    heard = words[one.heard_first : one.heard_last]
    if heard:
        return heard[0].start, heard[-1].end
    before = words[one.heard_first - 1].end if one.heard_first else evidence.sound.start
    after = words[one.heard_last].start if one.heard_last < len(words) else evidence.sound.end
    return min(before, after), max(before, after)
