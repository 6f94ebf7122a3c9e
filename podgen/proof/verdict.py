"""What is said of a take: good, doubtful or bad, with what, where and how sure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

Grade = Literal["good", "doubtful", "bad"]
RANK = {"good": 0, "doubtful": 1, "bad": 2}


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
        return max(grades, key=RANK.__getitem__, default="good")

    @property
    def badness(self) -> tuple[int, float]:
        """Of several takes the best one has the least of this."""
        weight = sum((1.0 + RANK[one.grade] * 2) * one.sure for one in self.findings)
        return RANK[self.grade], weight

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "verdict": self.grade,
            "heard": self.heard,
            "findings": [asdict(one) for one in self.findings],
        }


def grade(value: float, doubtful: float, bad: float) -> Grade | None:
    """What a value comes to, by the thresholds from which on it is doubtful and bad."""
    return "bad" if value >= bad else "doubtful" if value >= doubtful else None


def sureness(value: float, doubtful: float, bad: float) -> float:
    """0.5 at the first threshold, 0.9 at the second, and so on."""
    return round(float(np.clip(0.5 + 0.4 * (value - doubtful) / (bad - doubtful), 0.5, 0.99)), 2)
