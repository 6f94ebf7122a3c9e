"""Dressed clips: each take trimmed, equalised and measured once, and kept at the mix rate."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from podgen.audio.clip import VERSION, Band, Dressing, dress
from podgen.audio.loudness import Measurement, measure
from podgen.casting import Part
from podgen.render.keys import digest
from podgen.render.plan import PlannedTurn
from podgen.render.store import Clip, Store


@dataclass(frozen=True, slots=True)
class Dressed:
    """A turn's clip as the mix reads it, and what it measures."""

    turn: PlannedTurn
    take: Clip
    clip: Clip
    measurement: Measurement


def dress_all(
    store: Store, takes: Sequence[tuple[PlannedTurn, Clip]], rate: int
) -> Iterator[Dressed]:
    """Dress every take for a mix at `rate` Hz, in order; what was dressed before is only looked up.

    Raises:
        MachineError: the store cannot be written.
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield from pool.map(lambda pair: dress_take(store, pair[0], pair[1], rate), takes)


def dress_take(store: Store, turn: PlannedTurn, take: Clip, rate: int) -> Dressed:
    """One take dressed for a mix at `rate` Hz."""
    dressing = _dressing(turn.part, rate)
    key = digest(
        {
            "dressed": VERSION,
            "take": take.digest,
            "rate": rate,
            "highpass": dressing.highpass,
            "eq": [[band.kind, band.frequency, band.gain, band.q] for band in dressing.eq],
        }
    )
    clip = store.get("dressed", key)
    if clip is not None:
        try:
            return Dressed(turn, take, clip, Measurement.from_json(clip.notes))
        except TypeError:
            pass  # noted by another version: measured again below
    samples = dress(take.read(), take.sample_rate, dressing)
    measurement = measure(samples, rate)
    clip = store.put("dressed", key, samples, rate, measurement.to_json())
    return Dressed(turn, take, clip, measurement)


def _dressing(part: Part, rate: int) -> Dressing:
    return Dressing(
        rate=rate,
        highpass=part.highpass,
        eq=tuple(Band(band.freq, band.gain, band.q) for band in part.eq),
    )
