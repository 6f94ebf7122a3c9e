"""Speech over music: foretold for each turn, and music that was to lie under speech as mixed."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from podgen.audio.frames import Series
from podgen.audio.mix import Scene
from podgen.audio.r128 import BLOCK_STEPS, STEP_SECONDS, Meter
from podgen.audio.score import Heard, automation
from podgen.audio.verify import Failure

TOLERANCE_LU = 1.0
"""Music may be this much nearer to a turn than its `under` says: the gain it has goes by what was
measured of it in steps of 100 ms."""


def over_music(scene: Scene) -> dict[str, float]:
    """By how many LU each turn that has music under it is louder than that, by the turn's id.

    Music that plays for a part of the turn is spread over the whole.
    """
    timeline = scene.timeline
    power = dict.fromkeys((clip.id for clip in timeline.speech), 0.0)
    for span in timeline.music:
        score = scene.music[span.id]
        heard = Heard(score, span, timeline.rate)
        moves = automation(score, span, timeline, scene.clips)
        for clip in timeline.speech:
            played = min(clip.end, span.end) - max(clip.start, span.start)
            if played > 0:
                share = played / (clip.end - clip.start)
                power[clip.id] += share * heard.power(clip.start, clip.end, moves)
    levels = {clip.id: scene.clips[clip.id].sounds for clip in timeline.speech}
    return {
        name: round(level - 10 * math.log10(power[name]), 2)
        for name, level in levels.items()
        if level is not None and power[name] > 0
    }


def too_loud(scene: Scene, music: Meter) -> Iterator[Failure]:
    """Turns to which the music that was to lie under them is too near.

    `music` has measured that music alone in the mix, see `mix.stream`. A turn in which not even one
    gating block fits tells nothing.
    """
    timeline = scene.timeline
    for clip in timeline.speech:
        demands = [
            score.under
            for span in timeline.music
            if (score := scene.music[span.id]).under is not None
            and span.start < clip.end
            and span.end > clip.start
        ]
        level = scene.clips[clip.id].sounds
        if not demands or level is None:
            continue
        first = math.ceil(clip.start / timeline.rate / STEP_SECONDS) + BLOCK_STEPS - 1
        last = math.floor(clip.end / timeline.rate / STEP_SECONDS)
        power = _mean_power(music.momentary, first, last)
        asked = min(demands) - 10 * math.log10(len(demands))
        distance = level - 10 * math.log10(power) if power > 0 else math.inf
        if distance < asked - TOLERANCE_LU:
            yield Failure(
                f"music is {distance:.1f} LU under turn {clip.id}, asked for {asked:.1f}",
                clip.start / timeline.rate,
                clip.id,
            )


def _mean_power(momentary: Series, first: int, last: int) -> float:
    parts = [np.power(10.0, part.astype(np.float64) / 10) for part in momentary.parts(first, last)]
    return float(np.concatenate(parts).mean()) if parts else 0.0
