"""A piece of music on the timeline: how its level moves, and how loud it is under each turn.

The file's momentary loudness, measured once when it was prepared, times the gains that the mix will
apply, tells how loud it will be at any moment, without mixing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from podgen.audio.asset import Asset, asset_gain
from podgen.audio.automation import Automation, Duck, duck_points
from podgen.audio.lane import Part, Source, period
from podgen.audio.loudness import SILENCE_LUFS
from podgen.audio.r128 import BLOCK_STEPS, STEP_SECONDS
from podgen.audio.timeline import Clip, Span, Timeline

AROUND_SECONDS = 3.0
"""Music is judged over so much around a shorter turn: EBU's short-term window."""


@dataclass(frozen=True, slots=True)
class Score:
    """A prepared piece of music and how its level moves.

    `volume` is in dB relative to speech; `envelope` holds (seconds from its start, dB) on top.
    `under` is how far in LU it is to lie under each turn, instead of the duck's depth.
    """

    path: Path
    asset: Asset
    volume: float = 0.0
    loop: bool = False
    envelope: tuple[tuple[float, float], ...] = ()
    duck: Duck | None = None
    under: float | None = None


def gain_of(score: Score) -> float:
    """Its constant gain in dB."""
    return asset_gain(score.asset, score.volume)


def part(score: Score, span: Span, timeline: Timeline, speech: Mapping[str, Source]) -> Part:
    """The music as its lane plays it."""
    source = Source(score.path, gain_of(score))
    moves = automation(score, span, timeline, speech)
    return Part(source, span.start, span.end, moves, score.loop)


def automation(
    score: Score, span: Span, timeline: Timeline, speech: Mapping[str, Source]
) -> Automation:
    """Its fades, envelope and ducking; `speech` holds the turns' sources by id."""
    duck, windows, depths = score.duck or Duck(0.0), timeline.windows, None
    if score.under is not None:
        windows, depths = _depths(score, span, timeline, speech)
    elif score.duck is None:
        windows = ()
    points = duck_points(windows, span, timeline.rate, duck, depths)
    return Automation(span, timeline.rate, envelope=score.envelope, duck=points)


def _depths(
    score: Score, span: Span, timeline: Timeline, speech: Mapping[str, Source]
) -> tuple[tuple[tuple[int, int], ...], list[float]]:
    """When somebody speaks over it, and how far it goes down each time; never up."""
    assert score.under is not None
    heard = Heard(score, span, timeline.rate)
    unfaded = replace(span, fade_in=0, fade_out=0)
    moves = Automation(unfaded, timeline.rate, envelope=score.envelope)
    windows: list[tuple[int, int]] = []
    depths: list[float] = []
    for clip in timeline.speech:
        level = speech[clip.id].sounds
        if level is None or clip.end <= span.start or clip.start >= span.end:
            continue
        most = 10 ** ((level - score.under) / 10)
        around = (clip.start, clip.end), _around(clip, timeline.rate)
        power = max(heard.power(*edges, moves) for edges in around)
        depth = max(0.0, 10 * float(np.log10(max(power, 1e-20) / most)))
        if windows and clip.start < windows[-1][1]:  # two speak at once: the softer decides
            windows[-1] = windows[-1][0], max(windows[-1][1], clip.end)
            depths[-1] = max(depths[-1], depth)
        else:
            windows.append((clip.start, clip.end))
            depths.append(depth)
    return tuple(windows), depths


def _around(clip: Clip, rate: int) -> tuple[int, int]:
    more = max(0, round((AROUND_SECONDS * rate - (clip.end - clip.start)) / 2))
    return clip.start - more, clip.end + more


class Heard:
    """How loud a piece of music is at any moment of the timeline, at its gain in the mix."""

    def __init__(self, score: Score, span: Span, rate: int) -> None:
        """`rate` is the timeline's."""
        self._span = span
        self._step = STEP_SECONDS * rate
        gain = gain_of(score)
        # Nothing is measured before a whole block is there: the first one counts for its beginning,
        # and RMS for a file that has none.
        whole = score.asset.momentary[BLOCK_STEPS - 1 :]
        rms = score.asset.measurement.rms
        loudness = (
            [*[whole[0]] * (BLOCK_STEPS - 1), *whole]
            if whole
            else [SILENCE_LUFS if rms is None else rms]
        )
        self._powers = np.power(10.0, (np.array(loudness, np.float64) + gain) / 10)
        self._period = period(score.path) if score.loop else None

    def power(self, start: int, end: int, moves: Automation) -> float:
        """Mean K-weighted power while it plays between samples `start` and `end` of the timeline,
        with the gains of `moves`: of the gating blocks within, where one fits; 0.0 if it does not
        play there."""
        low, high = max(start, self._span.start), min(end, self._span.end)
        if high <= low or not len(self._powers):
            return 0.0
        edge = self._step * BLOCK_STEPS / 2
        if high - low > 2 * edge:
            low, high = round(low + edge), round(high - edge)
        count = max(1, round((high - low) / self._step))
        places = low + (np.arange(count) + 0.5) * (high - low) / count
        # A step's value is that of the 400 ms which end with it.
        into: npt.NDArray[np.float64] = places - self._span.start + edge
        if self._period is not None:
            into %= self._period
        index = (into / self._step).astype(np.int64) - 1
        gains = np.square(moves.at(places))
        # What was measured lies up to a step before or after: the louder counts.
        return max(
            float((self._powers[np.clip(near, 0, len(self._powers) - 1)] * gains).mean())
            for near in (index, index + 1)
        )
