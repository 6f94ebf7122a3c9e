"""One static gain for each segment, so that speakers match and nobody drifts.

Each voice has a gain, taken from the median of its segments that are long enough to be measured
reliably; each segment is then brought to the same level, by a bounded correction. What counts is
how loud it sounds. For 3 s and more that is the integrated loudness. The integrated loudness of a
word or two lies nearer to its loudest moment than that of a sentence with its soft syllables, so a
shorter segment is taken partly by a high percentile of its momentary loudness, held against what is
usual between the two in its voice's long segments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

WORKING_LUFS = -23.0
"""Where segments are levelled: EBU R 128's target, with room for speech's peaks."""
RELIABLE_SECONDS = 3.0
"""From here on the integrated loudness of speech is trusted: EBU's short-term window."""
LOUD_PART = 0.4
"""How far a shorter segment goes by its loud moments. By integrated loudness alone (0) words of
under a second sound 1.4 to 2.6 LU softer than the loud moments around them, by these alone (1) they
stand out by as much in integrated loudness (46 turns of three voices, `benchmarks.levels`)."""
USUAL_LU = 3.2
"""From integrated loudness up to the loud moments, for a voice that has no long segment: the mean
of the three voices there, which have 3.0 to 3.3."""
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
    loud: float | None
    voice_gain: float = 0.0
    turn_gain: float = 0.0


@dataclass(frozen=True, slots=True)
class Level:
    """The gain of a segment in dB, and why.

    `sounds` is how loud it is before that, in LUFS; None where it is silent.
    """

    id: str
    gain: float
    sounds: float | None
    reason: str


def levels(segments: Sequence[Segment], target: float = WORKING_LUFS) -> list[Level]:
    """A gain for every segment, in their order; it depends on the voice's segments only."""
    voices: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        voices[segment.voice].append(segment)
    spreads = {voice: spread(own) for voice, own in voices.items()}
    gains = {voice: _voice_gain(own, spreads[voice], target) for voice, own in voices.items()}
    return [
        _level(segment, gains[segment.voice], spreads[segment.voice], target)
        for segment in segments
    ]


def spread(segments: Sequence[Segment]) -> float:
    """How far, in LU, the loud moments of one voice's long segments lie over their loudness."""
    long = [
        s.loud - s.loudness
        for s in segments
        if s.seconds >= RELIABLE_SECONDS and s.loud is not None and s.loudness is not None
    ]
    return median(long) if long else USUAL_LU


def sounds(
    seconds: float, loudness: float | None, loud: float | None, usual: float
) -> float | None:
    """How loud a segment sounds in LUFS, in a voice whose `spread` is `usual`; None if silent."""
    if loud is None:
        return loudness
    if loudness is None:
        loudness = loud  # a single gating block
    if seconds >= RELIABLE_SECONDS:
        return loudness
    return loudness + LOUD_PART * (loud - usual - loudness)


def _voice_gain(segments: Sequence[Segment], usual: float, target: float) -> float:
    """From the best evidence there is: long segments, else all that sound."""
    heard = [(s.seconds, sounds(s.seconds, s.loudness, s.loud, usual)) for s in segments]
    sounding = [(seconds, level) for seconds, level in heard if level is not None]
    long = [level for seconds, level in sounding if seconds >= RELIABLE_SECONDS]
    evidence = long or [level for _, level in sounding]
    return target - median(evidence) if evidence else 0.0


def _level(segment: Segment, voice_gain: float, usual: float, target: float) -> Level:
    gain = voice_gain
    reasons = [f"voice {voice_gain:+.1f} dB"]
    heard = sounds(segment.seconds, segment.loudness, segment.loud, usual)
    if heard is None:
        reasons.append("silent: no correction")
    else:
        correction = min(LARGEST_DB, max(-LARGEST_DB, target - heard - voice_gain))
        gain += correction
        if abs(correction) >= 0.05:
            short = "" if segment.seconds >= RELIABLE_SECONDS else ", in part by its loud moments"
            reasons.append(f"correction {correction:+.1f} dB{short}")
    asked = segment.voice_gain + segment.turn_gain
    if asked:
        gain += asked
        reasons.append(f"asked for {asked:+.1f} dB")
    return Level(segment.id, gain, heard, "; ".join(reasons))
