"""The timeline above the script, in the report's own drawing, and the waveforms in it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from podgen.audio.asset import asset_gain
from podgen.audio.level import WORKING_LUFS
from podgen.audio.loudness import SILENCE_LUFS
from podgen.audio.mix import Scene
from podgen.audio.r128 import BLOCK_STEPS
from podgen.audio.score import automation
from podgen.edit.shapes import STEPS_PER_SECOND, Shapes
from podgen.edit.studio import Studio
from podgen.render.draft import Draft
from podgen.render.report import MusicSpan
from podgen.render.report_tracks import axis, chapters, loudness, music, speech
from podgen.show import model

WINDOW = 30
"""Steps of a short-term loudness: 3 s (EBU Tech 3341)."""
_OFFSET = -0.691
"""From K-weighted power to LUFS (BS.1770-4, formula 2)."""
_POINTS_OF_MUSIC = 200
PATIENCE = 1.0
"""Seconds that drawing may take to look at clips."""


def draw(studio: Studio) -> tuple[str, bool]:
    """The rows of the timeline as HTML, and whether all that is spoken is in their loudness.

    A long show's clips are looked at a second's worth at a time.
    """
    found = studio.found
    draft = found.draft
    if draft is None or found.plan is None:
        return axis(), True
    timeline = draft.timeline
    length = max(1, timeline.total)
    marks = timeline.chapters
    ends = [*(mark.start for mark in marks[1:]), timeline.total][: len(marks)]
    spans: dict[str, list[tuple[int, int]]] = {turn.turn.speaker: [] for turn in draft.plan.turns}
    speakers = {turn.id: turn.turn.speaker for turn in draft.plan.turns}
    for clip in timeline.speech:
        spans[speakers[clip.id]].append((clip.start, clip.end))
    scene = draft.scene(studio.store, 0, 0)
    pieces, levels = _music(draft, scene)
    whole = _look(draft, studio.shapes)
    rows = [
        axis(),
        chapters([(m.start, end, m.title) for m, end in zip(marks, ends, strict=True)], length),
        loudness(
            curve(draft, scene, studio.shapes),
            timeline.total / timeline.rate,
            draft.plan.preset.loudness if draft.plan.preset.measure == "lufs" else None,
        ),
        *speech(spans, length),
        *music(pieces, length, levels),
    ]
    return "".join(rows), whole


def _look(draft: Draft, known: Shapes) -> bool:
    """Look at clips for a second at most; whether all are known."""
    until = time.monotonic() + PATIENCE
    for dressed in draft.dressed.values():
        if time.monotonic() > until:
            return False
        known.of(dressed.clip)
    return True


def shapes(studio: Studio, numbers: list[int]) -> dict[str, str]:
    """The waveforms of entries' turns, for those that are spoken: peaks in base 64."""
    found = studio.found
    dressed = found.draft.dressed if found.draft else {}
    there = ((number, dressed.get(found.ids.get(number, ""))) for number in numbers)
    return {str(number): studio.shapes.of(one.clip).text for number, one in there if one}


def curve(draft: Draft, scene: Scene, known: Shapes) -> list[tuple[float, float]]:
    """Short-term loudness over the episode as (seconds, LUFS), of all that is spoken.

    Powers add up: what sounds together is taken to be unrelated, as speech and music are.
    """
    timeline = draft.timeline
    step = timeline.rate / STEPS_PER_SECOND
    power = np.zeros(int(timeline.total / step) + WINDOW + 1)
    for clip in timeline.speech:
        dressed = draft.dressed.get(clip.id)
        shape = known.known(dressed.clip) if dressed is not None else None
        if shape is not None:
            own = shape.powers * 10 ** (scene.clips[clip.id].gain / 10)
            at = round(clip.start / step)
            power[at : at + len(own)] += own[: max(0, len(power) - at)]
    for span in timeline.music:
        score = scene.music[span.id]
        at, until = round(span.start / step), round(span.end / step)
        places = np.asarray((np.arange(at, until) + 0.5) * step, np.float64)
        gains = automation(score, span, scene.timeline, scene.clips).at(places)
        own = _powers(score.asset.momentary, until - at)
        level = 10 ** (asset_gain(score.asset, score.volume) / 10)
        fits = max(0, min(len(own), len(power) - at))
        power[at : at + fits] += (own * level * np.square(gains))[:fits]
    window = np.convolve(power, np.full(WINDOW, 1 / WINDOW), "same")
    master = draft.plan.preset.loudness - WORKING_LUFS
    heard = np.maximum(_OFFSET + 10 * np.log10(np.maximum(window, 1e-12)) + master, SILENCE_LUFS)
    return [(n / STEPS_PER_SECOND, float(level)) for n, level in enumerate(heard[:-WINDOW])]


def _powers(momentary: tuple[float, ...], count: int) -> npt.NDArray[np.float64]:
    """K-weighted power of so many steps of a file that begins again at its end."""
    levels = np.array(momentary[BLOCK_STEPS - 1 :] or [SILENCE_LUFS], np.float64)
    powers = np.power(10.0, (levels - _OFFSET) / 10)
    return np.asarray(powers[np.arange(count) % len(powers)], np.float64)


def _music(draft: Draft, scene: Scene) -> tuple[list[MusicSpan], Mapping[MusicSpan, list[float]]]:
    items = {piece.id: piece.item for piece in draft.pieces}
    spans: list[MusicSpan] = []
    levels: dict[MusicSpan, list[float]] = {}
    for placed in draft.timeline.music:
        item = items[placed.id]
        role = item.role if isinstance(item, model.Music) else "sound"
        span = MusicSpan(role, item.file.name, placed.start, placed.end)
        moves = automation(scene.music[placed.id], placed, scene.timeline, scene.clips)
        places = np.linspace(placed.start, placed.end - 1, _POINTS_OF_MUSIC)
        levels[span] = [round(float(gain), 3) for gain in moves.at(places)]
        spans.append(span)
    for sound in draft.timeline.sounds:
        spans.append(MusicSpan("sound", items[sound.id].file.name, sound.start, sound.end))
    return spans, levels
