"""What a take's voice comes to, beside its other takes and the rest of the cast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from podgen.proof.company import Company
from podgen.proof.ear import Evidence
from podgen.proof.verdict import RANK, Finding, grade, sureness
from podgen.proof.voice import Floats, centre

# Chosen on the tuning set of benchmarks/proof.
VOICE_DOUBTFUL, VOICE_BAD = 0.10, 0.16
"""By how much a window may be less like the voice than its least usual ones are."""
VOICE_NEARER = 0.03
"""By how much it may be more like another voice of the cast than like its own."""
LEAST_VOICE_SECONDS = 1.2
"""Less speech than this says little of a voice."""
DRIFT = 0.6
"""A window less like the middle of its own take is of another voice, where there is no company."""
SLOW_DOUBTFUL, SLOW_BAD = 0.12, 0.20
"""By how much the first and the last third of a long take may be unlike each other."""
_LONG = 15
"""Windows, about ten seconds, of a take that is long enough to have drifted."""


def voice_findings(evidence: Evidence, company: Company) -> Iterator[Finding]:
    """A voice that drifts in a long take, and stretches of another one."""
    spans = evidence.voice.spans
    if not len(spans) or evidence.sound.end - evidence.sound.start < LEAST_VOICE_SECONDS:
        return
    yield from _drift(evidence)
    if company.voice is None:
        yield from _change(evidence)
    else:
        yield from _another(evidence, company, company.voice)


def _drift(evidence: Evidence) -> Iterator[Finding]:
    """Whether the first and the last third of a long take are one voice."""
    mine, spans = evidence.voice.embeddings, evidence.voice.spans
    if len(mine) < _LONG:
        return
    third = len(mine) // 3
    apart = 1 - float(centre([mine[:third]]) @ centre([mine[-third:]]))
    if found := grade(apart, SLOW_DOUBTFUL, SLOW_BAD):
        sure = sureness(apart, SLOW_DOUBTFUL, SLOW_BAD)
        start, end = _span(spans, len(spans) - third)[0], _span(spans, -1)[1]
        yield Finding("voice", found, "the voice has drifted", start, end, "", sure)


def _change(evidence: Evidence) -> Iterator[Finding]:
    """Whether a window is unlike the rest of the take, of a voice with no other takes."""
    mine, spans = evidence.voice.embeddings, evidence.voice.spans
    if len(spans) >= 3:
        alike = mine @ centre([mine])
        if float(alike.min()) < DRIFT:
            at = int(alike.argmin())
            yield Finding("voice", "doubtful", "the voice changes", *_span(spans, at), "", 0.5)


def _another(evidence: Evidence, company: Company, middle: Floats) -> Iterator[Finding]:
    """The stretch that is least like the voice's other takes, if those are like each other."""
    mine, spans, usual = evidence.voice.embeddings, evidence.voice.spans, company.usual
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
        found = grade(short, VOICE_DOUBTFUL, VOICE_BAD)
        what = "another voice"
        if nearer[at] > like + VOICE_NEARER and short > VOICE_DOUBTFUL / 2:
            found = "bad" if short >= VOICE_DOUBTFUL else "doubtful"
            what = f"sounds like {nearest[at]}"
        if found and (worst is None or (RANK[found], short) > (RANK[worst.grade], worst.sure)):
            worst = Finding("voice", found, what, *_span(spans, at), "", short)
    if worst is not None:
        sure = sureness(worst.sure, VOICE_DOUBTFUL, VOICE_BAD)
        yield Finding("voice", worst.grade, worst.what, worst.start, worst.end, "", sure)


def _span(spans: Any, at: int) -> tuple[float, float]:
    return float(spans[at][0]), float(spans[at][1])
