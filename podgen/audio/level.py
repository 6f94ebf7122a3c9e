"""One static gain for each segment, so that speakers match and nobody drifts.

Each voice has a gain, taken from the median of its segments that are long enough to be measured
reliably. A segment may deviate from it by a bounded correction: in full from 3 s on, in part
below, not at all where it has no integrated loudness. So a short "Mhm." keeps the place below its
speaker's sentences that it had when spoken, and does not jump.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from podgen.audio.loudness import GATE_SECONDS

WORKING_LUFS = -23.0
"""Where segments are levelled: EBU R 128's target, with room for speech's peaks."""
CEILING_DBTP = -1.0
RELIABLE_SECONDS = 3.0
"""From here on the integrated loudness of speech is trusted: EBU's short-term window."""
LEAVE_LU = 0.4
"""A deviation this small is left alone: two neighbours then stay within 0.8 LU."""
LARGEST_DB = 6.0
"""The largest correction: a whisper stays softer than speech."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A clip as it is to be levelled; levels as in `loudness.Measurement`.

    `voice_gain` and `turn_gain` are the decibels the user asked for, added after levelling.
    """

    id: str
    voice: str
    seconds: float
    loudness: float | None
    true_peak: float | None
    rms: float | None
    voice_gain: float = 0.0
    turn_gain: float = 0.0


@dataclass(frozen=True, slots=True)
class Level:
    """The gain of a segment in dB, and why. `before` and `after` in LUFS, None if too short."""

    id: str
    gain: float
    before: float | None
    after: float | None
    reason: str


def levels(
    segments: Sequence[Segment],
    target: float = WORKING_LUFS,
    ceiling: float = CEILING_DBTP,
) -> list[Level]:
    """A gain for every segment, in their order; it depends on the voice's segments only."""
    voices: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        voices[segment.voice].append(segment)
    gains = {voice: _voice_gain(own, target) for voice, own in voices.items()}
    return [_level(segment, gains[segment.voice], target, ceiling) for segment in segments]


def _voice_gain(segments: Sequence[Segment], target: float) -> float:
    """From the best evidence there is: long segments, then measurable ones, then their RMS."""
    measured = [(s.seconds, s.loudness) for s in segments if s.loudness is not None]
    reliable = [loudness for seconds, loudness in measured if seconds >= RELIABLE_SECONDS]
    evidence = (
        reliable
        or [loudness for _, loudness in measured]
        or [s.rms for s in segments if s.rms is not None]
    )
    return target - median(evidence) if evidence else 0.0


def _level(segment: Segment, voice_gain: float, target: float, ceiling: float) -> Level:
    gain = voice_gain
    reasons = [f"voice {voice_gain:+.1f} dB"]
    if segment.loudness is None:
        reasons.append("too short or silent to measure: no correction")
    else:
        correction = _correction(segment.loudness + voice_gain - target, segment.seconds)
        gain += correction
        if abs(correction) >= 0.05:
            part = "" if segment.seconds >= RELIABLE_SECONDS else ", in part as it is short"
            reasons.append(f"correction {correction:+.1f} dB{part}")
    asked = segment.voice_gain + segment.turn_gain
    if asked:
        gain += asked
        reasons.append(f"asked for {asked:+.1f} dB")
    if segment.true_peak is not None and segment.true_peak + gain > ceiling:
        reasons.append(f"held {segment.true_peak + gain - ceiling:.1f} dB back by its peak")
        gain = ceiling - segment.true_peak
    after = None if segment.loudness is None else segment.loudness + gain
    return Level(segment.id, gain, segment.loudness, after, "; ".join(reasons))


def _correction(deviation: float, seconds: float) -> float:
    """What to add to a segment that is `deviation` LU off its voice; never reverses an order."""
    trust = (seconds - GATE_SECONDS) / (RELIABLE_SECONDS - GATE_SECONDS)
    trust = min(1.0, max(0.0, trust))
    excess = max(0.0, abs(deviation) - LEAVE_LU)
    size = trust * min(excess, LARGEST_DB)
    return -size if deviation > 0 else size
