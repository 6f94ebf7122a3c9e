"""What the other takes of a show say of one: its voice's direction, its pace, the other voices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from podgen.proof.ear import Evidence, Said
from podgen.proof.spelling import letters
from podgen.proof.voice import Floats, centre

_Item = TypeVar("_Item")
_PACE_LETTERS = 40
_ENOUGH_WINDOWS = 6
_MANY = 40


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
