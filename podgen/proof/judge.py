"""From evidence to a verdict: good, doubtful or bad, with what, where and how sure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, TypeVar

import numpy as np

from podgen.proof.ear import Evidence, Said
from podgen.proof.hearing import HeardWord
from podgen.proof.voice import Floats, centre
from podgen.proof.words import Difference, differences, letters

Grade = Literal["good", "doubtful", "bad"]
_Item = TypeVar("_Item")
_RANK = {"good": 0, "doubtful": 1, "bad": 2}

# Chosen on the tuning set of benchmarks/proof, which shares no text and no voice with the set that
# the figures in docs/figures.md were measured on.
GAP_DOUBTFUL, GAP_BAD = 0.8, 1.0
"""Seconds of silence within a paragraph."""
PARAGRAPH_GAP = 1.0
"""Seconds by which a paragraph's end may lengthen a gap."""
TAIL_DB = -6.0
"""A take whose last 20 ms are louder than this against its speech breaks off."""
CLIPPED_DOUBTFUL, CLIPPED_BAD = 3, 20
NOISE_DOUBTFUL, NOISE_BAD = -30.0, -25.0
BURST_DOUBTFUL, BURST_BAD = -31.5, -29.5
HUM_DOUBTFUL, HUM_BAD = 18.0, 25.0
JUMP_DOUBTFUL, JUMP_BAD = 10.0, 14.0
PACE_DOUBTFUL, PACE_BAD = 1.5, 2.0
"""Times as fast or as slow as is usual in the voice."""
_PACE_LETTERS = 40
VOICE_DOUBTFUL, VOICE_BAD = 0.10, 0.16
"""By how much a window may be less like the voice than its least usual ones are."""
VOICE_NEARER = 0.03
"""By how much it may be more like another voice of the cast than like its own."""
_ENOUGH_WINDOWS = 6
_MANY = 40
LEAST_VOICE_SECONDS = 1.2
"""Less speech than this says little of a voice."""
DRIFT = 0.6
STRETCHED = 0.55
"""Seconds of speech that a word may take beyond what its letters should."""
LEAST_LETTERS = 4
"""Of words that are missing or added, where fewer are doubtful only: articles slip by in speech."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a take.

    Attributes:
        kind: missing, added, changed, gap, cut, clipping, noise, hum, jump, pace or voice.
        grade: doubtful or bad.
        what: in a few words.
        start: where in the take, in seconds, to `end`.
        words: the words concerned, if any.
        sure: 0 to 1, roughly.
    """

    kind: str
    grade: Grade
    what: str
    start: float
    end: float
    words: str
    sure: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a take; `heard` is the text as it was heard."""

    findings: tuple[Finding, ...]
    heard: str

    @property
    def grade(self) -> Grade:
        """The worst of what was found."""
        grades: list[Grade] = [finding.grade for finding in self.findings]
        return max(grades, key=_RANK.__getitem__, default="good")

    @property
    def badness(self) -> tuple[int, float]:
        """Of several takes the best one has the least of this."""
        weight = sum((1.0 + _RANK[one.grade] * 2) * one.sure for one in self.findings)
        return _RANK[self.grade], weight

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "verdict": self.grade,
            "heard": self.heard,
            "findings": [asdict(one) for one in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Company:
    """What the other takes of a show say of a take's voice.

    Attributes:
        voice: the direction of its other takes' windows, None where there are too few.
        usual: how like that direction all but the least usual of them are.
        pace: letters a second, None where there are too few takes.
        others: the directions of the other voices, by name.
    """

    voice: Floats | None = None
    usual: float = 0.0
    pace: float | None = None
    others: Mapping[str, Floats] | None = None


def judge(evidence: Evidence, said: Said, company: Company | None = None) -> Verdict:
    """What evidence comes to, by itself and beside the other takes of its show."""
    company = company or Company()
    findings = [
        *_words(evidence, said),
        *_sound(evidence, said),
        *_pace(evidence, said, company),
        *_voice(evidence, company),
    ]
    findings.sort(key=lambda one: (one.start, one.end, one.kind))
    return Verdict(tuple(findings), " ".join(word.text for word in evidence.words or ()))


def companies(takes: Sequence[tuple[str, Evidence, Said]]) -> list[Company]:
    """For each take, given with the name of its voice, what the others say of it."""
    members: dict[str, list[int]] = {}
    for at, (voice, _, _) in enumerate(takes):
        members.setdefault(voice, []).append(at)
    windows = {
        voice: [takes[at][1].voice.embeddings for at in mine] for voice, mine in members.items()
    }
    middles = {
        voice: centre(each)
        for voice, each in windows.items()
        if sum(map(len, each)) >= _ENOUGH_WINDOWS
    }
    found: dict[int, Company] = {}
    for voice, mine in members.items():
        others = {name: middle for name, middle in middles.items() if name != voice}
        paces = [pace_of(evidence, said) for _, evidence, said in (takes[at] for at in mine)]
        for number, at in enumerate(mine):
            # One of many takes hardly moves what is usual; of a few it must not be among them.
            left_out = number if len(mine) <= _MANY else -1
            if left_out >= 0 or number == 0:
                own = _without(windows[voice], left_out)
                middle, usual = None, 0.0
                if sum(map(len, own)) >= _ENOUGH_WINDOWS:
                    middle = centre(own)
                    usual = float(np.percentile(np.concatenate(own) @ middle, 5))
                known = [pace for pace in _without(paces, left_out) if pace is not None]
                pace = float(np.median(known)) if len(known) >= 3 else None
            found[at] = Company(middle, usual, pace, others)
    return [found[at] for at in range(len(takes))]


def _without(items: Sequence[_Item], left_out: int) -> list[_Item]:
    return [item for number, item in enumerate(items) if number != left_out]


def pace_of(evidence: Evidence, said: Said) -> float | None:
    """Letters a second of speech; None of a take too short to tell."""
    count = sum(len(letters(word)) for word in said.words)
    sound = evidence.sound
    speaking = sound.end - sound.start - sum(end - start for start, end in sound.gaps)
    return count / speaking if count >= _PACE_LETTERS and speaking > 0.5 else None


def _words(evidence: Evidence, said: Said) -> Iterator[Finding]:
    """What differs in both readings, or in one of them, which leaves a doubt."""
    if evidence.words is None:
        return
    text, names = said.words, said.name_letters
    both = [
        (differences(text, reading, said.language, names), reading)
        for reading in (evidence.words, evidence.again)
        if reading is not None
    ]
    (found, reading), *rest = both
    again = rest[0][0] if rest else []
    for one in found:
        yield from _finding(one, reading, evidence, said, sure=any(_meet(one, o) for o in again))
    for one in again:
        if one.letters >= LEAST_LETTERS and not any(_meet(one, other) for other in found):
            yield from _finding(one, rest[0][1], evidence, said, sure=False)
    if not found and not again:
        yield from _stretched(evidence)


def _meet(one: Difference, other: Difference) -> bool:
    """Whether two readings differ from the text in the same place."""
    return one.first <= other.last + 1 and other.first <= one.last + 1


def _finding(
    one: Difference, reading: Sequence[HeardWord], evidence: Evidence, said: Said, *, sure: bool
) -> Iterator[Finding]:
    heard = reading[one.heard_first : one.heard_last]
    start, end = _place(evidence, reading, one)
    share = float(np.mean([word.sure for word in heard])) if heard else 0.9
    share = round(share if sure else share / 2, 2)
    grade: Grade = "bad" if sure and one.letters >= LEAST_LETTERS else "doubtful"
    if not one.heard:
        yield Finding("missing", grade, "not heard", start, end, one.written, share)
    elif not one.written:
        if end - start < 0.03 * one.letters:
            return  # nobody says it in that time: the recogniser begins anew after the end
        yield Finding("added", grade, "heard, but not written", start, end, one.heard, share)
    else:
        more = abs(one.last - one.first - (one.heard_last - one.heard_first))
        other = one.likeness < 0.35 and one.letters > LEAST_LETTERS
        if (not other or _is_name(one, said.words, said)) and more < 2:
            grade = "doubtful"
        what = f"heard as '{one.heard}'"
        yield Finding("changed", grade, what, start, end, one.written, share)


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


def _is_name(one: Difference, text: Sequence[str], said: Said) -> bool:
    """Whether what differs are names, which a recogniser spells as it likes."""
    words = [(at, text[at]) for at in range(one.first, one.last)]
    if said.language.startswith("de"):  # where every noun has a capital
        return False
    return all(
        word[:1].isupper() and at > 0 and text[at - 1][-1] not in ".!?:" for at, word in words
    )


def _place(evidence: Evidence, words: Sequence[HeardWord], one: Difference) -> tuple[float, float]:
    """Where in the take a difference is."""
    heard = words[one.heard_first : one.heard_last]
    if heard:
        return heard[0].start, heard[-1].end
    before = words[one.heard_first - 1].end if one.heard_first else evidence.sound.start
    after = words[one.heard_last].start if one.heard_last < len(words) else evidence.sound.end
    return min(before, after), max(before, after)


def _sound(evidence: Evidence, said: Said) -> Iterator[Finding]:
    sound = evidence.sound
    paragraphs = said.text.count("\n\n")
    for start, end in sorted(sound.gaps, key=lambda gap: gap[0] - gap[1]):
        length = end - start
        if paragraphs:  # the longest gaps are taken to be theirs
            paragraphs -= 1
            length -= PARAGRAPH_GAP
        if grade := _grade(length, GAP_DOUBTFUL, GAP_BAD):
            what = f"{end - start:.1f} s of silence"
            yield Finding("gap", grade, what, start, end, "", _sure(length, GAP_DOUBTFUL, GAP_BAD))
    if sound.tail > TAIL_DB:
        start = max(0.0, sound.seconds - 0.02)
        yield Finding("cut", "doubtful", "breaks off", start, sound.seconds, "", 0.6)
    if grade := _grade(sound.clipped, CLIPPED_DOUBTFUL, CLIPPED_BAD):
        what = f"{sound.clipped} clipped peaks"
        yield Finding("clipping", grade, what, 0.0, sound.seconds, "", 0.9)
    if grade := _grade(sound.noise, NOISE_DOUBTFUL, NOISE_BAD):
        what = f"noise {-sound.noise:.0f} dB under the speech"
        sure = _sure(sound.noise, NOISE_DOUBTFUL, NOISE_BAD)
        yield Finding("noise", grade, what, 0.0, sound.seconds, "", sure)
    for start, end, level in sound.bursts:
        if not (grade := _grade(level, BURST_DOUBTFUL, BURST_BAD)):
            continue
        sure = _sure(level, BURST_DOUBTFUL, BURST_BAD)
        yield Finding("noise", grade, "a burst of noise", start, end, "", sure)
    if grade := _grade(sound.hum, HUM_DOUBTFUL, HUM_BAD):
        yield Finding("hum", grade, "mains hum", 0.0, sound.seconds, "", 0.8)
    if grade := _grade(sound.jump, JUMP_DOUBTFUL, JUMP_BAD):
        what = f"loudness jumps by {sound.jump:.0f} dB"
        yield Finding("jump", grade, what, sound.jump_at, sound.jump_at, "", 0.8)


def _pace(evidence: Evidence, said: Said, company: Company) -> Iterator[Finding]:
    pace = pace_of(evidence, said)
    if pace is None or company.pace is None:
        return
    ratio = pace / company.pace
    if grade := _grade(max(ratio, 1 / ratio), PACE_DOUBTFUL, PACE_BAD):
        what = f"{ratio:.1f} times as fast as this voice's other turns"
        yield Finding("pace", grade, what, evidence.sound.start, evidence.sound.end, "", 0.7)


def _voice(evidence: Evidence, company: Company) -> Iterator[Finding]:
    """Stretches that are less like the voice's other takes than those are like each other."""
    mine, spans = evidence.voice.embeddings, evidence.voice.spans
    if not len(spans) or evidence.sound.end - evidence.sound.start < LEAST_VOICE_SECONDS:
        return
    middle, usual = company.voice, company.usual
    if middle is None:
        if len(spans) >= 3:
            alike = mine @ centre([mine])
            if float(alike.min()) < DRIFT:
                at = int(alike.argmin())
                yield Finding("voice", "doubtful", "the voice changes", *_span(spans, at), "", 0.5)
        return
    alike = mine @ middle
    nearer = np.full(len(spans), -1.0)
    nearest = [""] * len(spans)
    for name, other in (company.others or {}).items():
        closer = mine @ other
        for at in np.flatnonzero(closer > nearer):
            nearer[at], nearest[at] = closer[at], name
    worst: Finding | None = None
    for at, like in enumerate(alike):
        short = usual - float(like)
        grade = _grade(short, VOICE_DOUBTFUL, VOICE_BAD)
        what = "another voice"
        if nearer[at] > like + VOICE_NEARER and short > VOICE_DOUBTFUL / 2:
            grade, what = "bad", f"sounds like {nearest[at]}"
        if grade and (worst is None or (_RANK[grade], short) > (_RANK[worst.grade], worst.sure)):
            worst = Finding("voice", grade, what, *_span(spans, at), "", short)
    if worst is not None:
        sure = _sure(worst.sure, VOICE_DOUBTFUL, VOICE_BAD)
        yield Finding("voice", worst.grade, worst.what, worst.start, worst.end, "", sure)


def _span(spans: Any, at: int) -> tuple[float, float]:
    return float(spans[at][0]), float(spans[at][1])


def _grade(value: float, doubtful: float, bad: float) -> Grade | None:
    return "bad" if value >= bad else "doubtful" if value >= doubtful else None


def _sure(value: float, doubtful: float, bad: float) -> float:
    return round(float(np.clip(0.5 + 0.4 * (value - doubtful) / (bad - doubtful), 0.5, 0.99)), 2)
