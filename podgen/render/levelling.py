"""Every turn brought to its level, with peaks that would pass the ceiling taken off it alone.

The master's limiter works on the whole mix: what one peaky voice costs it, all pay. So each clip is
limited by itself, before the mix, to where the master would begin to act; and since that takes from
its loudness, it is measured again and raised until it is where it should be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from podgen.audio.lane import pan_gains
from podgen.audio.level import (
    RELIABLE_SECONDS,
    WORKING_LUFS,
    Level,
    Segment,
    levels,
    sounds,
    spread,
)
from podgen.audio.limiter import Deepest, limit
from podgen.audio.loudness import decibels, momentary
from podgen.audio.master import ceiling_for
from podgen.audio.presets import Preset
from podgen.audio.samples import reading
from podgen.render.dress import Dressed
from podgen.render.keys import digest
from podgen.render.parallel import in_threads
from podgen.render.sealed import CorruptError, write_wav
from podgen.render.store import Clip, Store
from podgen.render.turns import PlannedTurn

VERSION = 2
"""Part of the key of whatever is stored limited; raised when the result would sound other."""
CLOSE_DB = 0.02
"""A clip nearer to its level than this is there..."""
ROUNDS = 4
"""...so that it is limited so many times at most."""
LEAST_KEPT = 0.2
"""Of a raise at least so much is thought to remain after limiting, lest a step be wild."""
LARGEST_REDUCTION_DB = 12.0
"""A clip is not made louder at the price of a deeper reduction than this."""
WORTH_TELLING_LU = 1.0
"""A turn that stays further below its level than this is a warning."""


@dataclass(frozen=True, slots=True)
class Levelled:
    """A turn as it goes into the mix: the clip to read and its `gain` in dB.

    `level` is what it was to have and why; `reduction` (dB) the deepest that its own peaks were
    turned down; `short` by how many LU it stays below its level; `mended` that its limited clip in
    the store was corrupt and was made again.
    """

    dressed: Dressed
    clip: Clip
    gain: float
    level: Level
    reduction: float
    short: float
    mended: bool = False

    @property
    def turn(self) -> PlannedTurn:
        """The turn."""
        return self.dressed.turn

    @property
    def sounds(self) -> float | None:
        """How loud it is in the mix, in LUFS; None if it is silent."""
        level = self.level
        return None if level.sounds is None else level.sounds + level.gain - self.short


def level_all(
    store: Store,
    preset: Preset,
    dressed: Sequence[Dressed],
    *,
    lossy: bool,
    limiting: Collection[str] | None = None,
) -> list[Levelled]:
    """Every turn at its level, in the order given; several are worked on at once.

    Peaks are taken off the turns that `limiting` names alone, if it is given.

    Raises:
        MachineError: the store cannot be written.
    """
    segments = [_segment(clip) for clip in dressed]
    voices: dict[str, list[Segment]] = {}
    for segment in segments:
        voices.setdefault(segment.voice, []).append(segment)
    spreads = {voice: spread(own) for voice, own in voices.items()}
    ceiling = _working_ceiling(preset, lossy=lossy)

    def work(job: _Job) -> Levelled:
        if limiting is None or job.dressed.turn.id in limiting:
            return _levelled(store, job)
        return Levelled(job.dressed, job.dressed.clip, job.level.gain, job.level, 0.0, 0.0)

    jobs = (
        _Job(clip, level, spreads[segment.voice], ceiling + _pan_loss(clip, preset))
        for clip, level, segment in zip(dressed, levels(segments), segments, strict=True)
    )
    return list(in_threads(work, jobs) if limiting is None else map(work, jobs))


def warnings(levelled: Sequence[Levelled]) -> Iterator[str]:
    """Turns that stay below the level they were to have, or whose clip was corrupt."""
    for turn in levelled:
        if turn.mended:
            yield f"the stored clip of turn {turn.turn.id} was corrupt; it is made again"
        if turn.short > WORTH_TELLING_LU:
            yield (
                f"{turn.turn.turn.place}: turn {turn.turn.id} stays {turn.short:.1f} LU below what "
                "was asked, for its peaks leave no room; ask for less gain"
            )


@dataclass(frozen=True, slots=True)
class _Job:
    dressed: Dressed
    level: Level
    usual: float
    ceiling: float


def _levelled(store: Store, job: _Job) -> Levelled:
    """The turn as the store has it, or limited now."""
    dressed, level = job.dressed, job.level
    peak = dressed.measurement.true_peak
    if peak is None or level.sounds is None or peak + level.gain <= job.ceiling:
        return Levelled(dressed, dressed.clip, level.gain, level, 0.0, 0.0)
    key = digest(
        {
            "limited": VERSION,
            "clip": dressed.clip.digest,
            "gain": f"{level.gain:.2f}",
            "ceiling": f"{job.ceiling:.2f}",
            "usual": f"{job.usual:.1f}" if dressed.measurement.seconds < RELIABLE_SECONDS else "",
        }
    )
    mended = False
    try:
        clip = store.get("limited", key)
        if clip is not None and clip.intact():
            gain, reduction, short = (clip.notes[name] for name in ("gain", "reduction", "short"))
            return Levelled(dressed, clip, float(gain), level, float(reduction), float(short))
        mended = clip is not None
    except (CorruptError, KeyError, TypeError):
        mended = True
    clip = store.add("limited", key, partial(_limited, job, peak, level.sounds))
    gain, reduction, short = (clip.notes[name] for name in ("gain", "reduction", "short"))
    return Levelled(dressed, clip, gain, level, reduction, short, mended)


def _limited(job: _Job, peak: float, heard: float, path: Path) -> Mapping[str, float]:
    """Write the clip with its peaks down; its gain, the deepest reduction, and what it stays short
    of.

    The gain is raised by what limiting took, and the clip limited again, until both agree.
    """
    rate, frames = job.dressed.clip.sample_rate, job.dressed.clip.frames
    most = job.ceiling + LARGEST_REDUCTION_DB - peak
    gain = min(job.level.gain, most)
    before: tuple[float, float] | None = None
    for left in reversed(range(ROUNDS)):
        deepest = Deepest()
        with job.dressed.clip.samples() as samples:
            write_wav(path, limit(samples, rate, job.ceiling - gain, deepest), rate, frames)
        with reading(path) as made:
            loudness, loud = momentary(made, rate)
        after = sounds(frames / rate, loudness, loud, job.usual)
        lost = heard - after if after is not None else 0.0
        short = job.level.gain + lost - gain
        if not left or abs(short) < CLOSE_DB or (short > 0 and gain >= most):
            break
        before, gain = (gain, short), min(most, gain + _raise(gain, short, before))
    return {"gain": gain, "reduction": deepest.db, "short": short}


def _raise(gain: float, short: float, before: tuple[float, float] | None) -> float:
    """By how many dB to raise a gain that leaves a clip `short`: limiting takes part of each raise,
    as large a part as it took of the last (`before`: the gain then, and what was short)."""
    if before is None or gain == before[0]:
        return short
    kept = (before[1] - short) / (gain - before[0])
    return short / min(1.0, max(LEAST_KEPT, kept))


def _working_ceiling(preset: Preset, *, lossy: bool) -> float:
    """Where the master's limiter begins, in dBTP at the working level."""
    return ceiling_for(preset, lossy=lossy) - (preset.loudness - WORKING_LUFS)


def _pan_loss(clip: Dressed, preset: Preset) -> float:
    """By how many dB a mono clip is softer on the louder channel than it is alone."""
    if preset.channels == 1:
        return 0.0
    return -(decibels(max(pan_gains(pan_of(clip)))) or 0.0)


def pan_of(clip: Dressed) -> float:
    """Where a turn stands: where the script says, else where its character does."""
    pan = clip.turn.turn.pan
    return clip.turn.part.pan if pan is None else pan


def _segment(clip: Dressed) -> Segment:
    turn, measured = clip.turn, clip.measurement
    return Segment(
        id=turn.id,
        voice=f"{turn.part.character}/{turn.utterance.voice}",
        seconds=measured.seconds,
        loudness=measured.loudness,
        loud=measured.loud,
        voice_gain=turn.part.gain,
        turn_gain=turn.turn.gain or 0.0,
    )
