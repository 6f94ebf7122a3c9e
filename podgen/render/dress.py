"""Dressed clips: each take trimmed, equalised and measured once, and kept at the mix rate."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podgen.audio.clip import VERSION, Band, Dressing, dress, kept
from podgen.audio.loudness import Measurement, measure
from podgen.audio.samples import reading
from podgen.render.keys import digest
from podgen.render.plan import Plan
from podgen.render.sealed import CorruptError, write_wav
from podgen.render.store import Clip, Store
from podgen.render.turns import PlannedTurn


@dataclass(frozen=True, slots=True)
class Dressed:
    """A turn's clip as the mix reads it, and what it measures."""

    turn: PlannedTurn
    take: Clip
    clip: Clip
    measurement: Measurement


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the store has of a show: turns ready for the mix, turns to dress, turns to speak.

    `corrupt` names turns among the latter two whose clip failed its digest.
    """

    ready: tuple[Dressed, ...]
    undressed: tuple[tuple[PlannedTurn, Clip], ...]
    missing: tuple[PlannedTurn, ...]
    corrupt: tuple[str, ...]


def gather(plan: Plan, store: Store) -> Gathered:
    """Look every turn up and check the digest of each clip that the mix will read."""
    ready, undressed, missing, corrupt = [], [], [], []
    verified: dict[str, bool] = {}
    spoilt: set[str] = set()

    def intact(clip: Clip) -> bool:
        if clip.digest not in verified:
            verified[clip.digest] = clip.intact()
        return verified[clip.digest]

    for turn in plan.turns:
        try:
            take = store.get("takes", turn.key)
        except CorruptError:
            store.discard("takes", turn.key)
            spoilt.add(turn.key)
            take = None
        if take is None:
            corrupt += [turn.id] if turn.key in spoilt else []
            missing.append(turn)
            continue
        try:
            dressed = find_dressed(store, turn, take, plan.preset.sample_rate)
            if dressed is not None and intact(dressed.clip):
                ready.append(dressed)
                continue
            spoilt_here = dressed is not None
        except CorruptError:
            spoilt_here = True
        if spoilt_here:
            corrupt.append(turn.id)
            store.discard("dressed", _dressed_key(turn, take, plan.preset.sample_rate))
        if intact(take):
            undressed.append((turn, take))
        else:
            corrupt.append(turn.id)
            store.discard("takes", take.key)
            missing.append(turn)
    return Gathered(tuple(ready), tuple(undressed), tuple(missing), tuple(dict.fromkeys(corrupt)))


def dress_take(store: Store, turn: PlannedTurn, take: Clip, rate: int) -> Dressed:
    """One take dressed for a mix at `rate` Hz, or found so in the store."""
    with contextlib.suppress(CorruptError):
        found = find_dressed(store, turn, take, rate)
        if found is not None:
            return found
    most = math.ceil(take.seconds * rate) + rate

    def write(path: Path) -> Mapping[str, Any]:
        with take.samples() as samples:
            blocks = dress(samples, take.sample_rate, _dressing(turn, rate))
            write_wav(path, blocks, rate, most)
        with reading(path) as made:
            return measure(made, rate).to_json()

    clip = store.add("dressed", _dressed_key(turn, take, rate), write)
    return Dressed(turn, take, clip, Measurement.from_json(clip.notes))


def trim_of(turn: PlannedTurn, take: Clip) -> float:
    """How many seconds of a take's beginning its dressed clip does not have."""
    if not _dressing(turn, take.sample_rate).trim:
        return 0.0
    with take.samples() as samples:
        return kept(samples, take.sample_rate)[0] / take.sample_rate


def find_dressed(store: Store, turn: PlannedTurn, take: Clip, rate: int) -> Dressed | None:
    """The dressed clip of a take if it is in the store.

    Raises:
        CorruptError: what is there is no clip.
    """
    clip = store.get("dressed", _dressed_key(turn, take, rate))
    if clip is None:
        return None
    try:
        return Dressed(turn, take, clip, Measurement.from_json(clip.notes))
    except TypeError:
        return None  # noted by another version of the measurement


def _dressed_key(turn: PlannedTurn, take: Clip, rate: int) -> str:
    dressing = _dressing(turn, rate)
    untrimmed = {} if dressing.trim else {"trim": False}
    return digest(
        {
            **untrimmed,
            "dressed": VERSION,
            "take": take.digest,
            "rate": rate,
            "highpass": dressing.highpass,
            "eq": [[band.kind, band.frequency, band.gain, band.q] for band in dressing.eq],
        }
    )


def _dressing(turn: PlannedTurn, rate: int) -> Dressing:
    part, recording = turn.part, turn.turn.recording
    return Dressing(
        rate=rate,
        highpass=part.highpass,
        eq=tuple(Band(band.freq, band.gain, band.q, band.kind) for band in part.eq),
        trim=recording is None or recording.trim,
    )
