"""Music that lies under speech by what is heard of both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podgen.audio import mix
from podgen.audio.balance import over_music, too_loud
from podgen.audio.cues import Cue, Music, Pause, Speech
from podgen.audio.lane import Source
from podgen.audio.loudness import integrated
from podgen.audio.mix import Scene
from podgen.audio.r128 import Meter
from podgen.audio.score import Score
from podgen.audio.truepeak import Floats

from .material import RATE, laid, music, noise, save


def uneven() -> Floats:
    """Music of 40 s that changes its level every five, by up to 12 dB."""
    steps = [0.0, -6.0, -12.0, -3.0, 0.0, -9.0, -2.0, -5.0]
    return np.concatenate([noise(5, -15 + step, seed=n) for n, step in enumerate(steps)])


def scene(folder: Path, turns: list[tuple[float, float]], **options: object) -> Scene:
    """Silent turns of (seconds, how loud they count as) over a bed, two seconds apart."""
    path, asset = music(folder, uneven(), 1)
    cues: list[Cue] = [Music("m", "bed", len(uneven()), loop=True, lead=4, fade_in=1, fade_out=1)]
    sources = {}
    for n, (seconds, level) in enumerate(turns):
        name = f"t{n}"
        clip = save(folder / f"{name}.wav", np.zeros(round(seconds * RATE), np.float32))
        sources[name] = Source(clip, sounds=level)
        cues += [Speech(name, "a", round(seconds * RATE)), Pause(2)]
    score = Score(path, asset, loop=True, **options)  # type: ignore[arg-type]
    return Scene(laid(cues), 1, sources, {"m": score})


def heard(of: Scene) -> Floats:
    return np.concatenate([block.copy() for block in mix.stream(of)])


TURNS = [(4.0, -23.0), (0.6, -23.0), (6.0, -29.0), (7.0, -23.0), (1.5, -20.0), (12.0, -23.0)]


def test_music_is_as_far_under_each_turn_as_asked(tmp_path: Path) -> None:
    made = scene(tmp_path, TURNS, volume=-5.0, under=18.0)
    sound = heard(made)[:, 0]
    told = over_music(made)
    for clip in made.timeline.speech:
        level = made.clips[clip.id].sounds
        assert level is not None
        distance = level - (integrated(sound[clip.start : clip.end], RATE) or 0.0)
        long = clip.end - clip.start >= 3 * RATE
        # A step of 9 dB beside a turn of half a second reaches 0.2 s into what is measured of it.
        assert told[clip.id] == pytest.approx(distance, abs=0.6 if long else 1.5)
        if long:
            assert distance == pytest.approx(18, abs=0.6)
        else:  # no nearer than asked
            assert distance > 17.4


def test_music_is_up_between_turns_and_never_above_its_volume(tmp_path: Path) -> None:
    made = scene(tmp_path, TURNS, volume=-5.0, under=18.0)
    free = heard(scene(tmp_path, TURNS, volume=-5.0))[:, 0]
    held = heard(made)[:, 0]
    assert np.all(np.abs(held) <= np.abs(free) + 1e-6)
    first, second = made.timeline.speech[:2]
    between = slice(round(first.end + 0.9 * RATE), round(second.start - 0.4 * RATE))
    assert np.allclose(held[between], free[between], atol=1e-6)


def test_the_level_moves_without_a_step(tmp_path: Path) -> None:
    """Turns that follow at once, each with its own level of music under it."""
    made = scene(tmp_path, [(4.0, -23.0), (3.0, -29.0), (3.5, -20.0), (5.0, -23.0)], under=12.0)
    cues: list[Cue] = [Music("m", "bed", 40 * RATE, loop=True, lead=2)]
    cues += [Speech(clip.id, "a", clip.end - clip.start) for clip in made.timeline.speech]
    made = replace(made, timeline=laid(cues))
    free = replace(made, music={"m": replace(made.music["m"], under=None)})
    inside = slice(RATE // 10, -RATE // 10)
    gains = heard(made)[inside, 0] / heard(free)[inside, 0]
    assert np.abs(np.diff(20 * np.log10(np.abs(gains)))).max() < 0.01  # dB a sample


def test_music_that_is_too_near_is_found_in_the_mix(tmp_path: Path) -> None:
    """Its gain goes by what was measured of the file; a file that is louder than that is told."""
    made = scene(tmp_path, [(5.0, -23.0), (5.0, -23.0)], volume=-5.0, under=18.0)
    for off, wrong in ((0.0, []), (-3.0, ["t0", "t1"])):
        score = made.music["m"]
        asset = replace(score.asset, momentary=tuple(v + off for v in score.asset.momentary))
        other = replace(made, music={"m": replace(score, asset=asset)})
        meter = Meter()
        for _ in mix.stream(other, under=meter):
            pass
        failures = list(too_loud(other, meter))
        assert [failure.turn for failure in failures] == wrong
        assert all("asked for 18.0" in failure.what for failure in failures)


def test_a_turn_without_music_has_no_distance(tmp_path: Path) -> None:
    made = scene(tmp_path, [(3.0, -23.0)])
    assert set(over_music(made)) == {"t0"}
    assert over_music(replace(made, timeline=replace(made.timeline, music=()))) == {}


def test_a_file_shorter_than_a_gating_block_is_placed(tmp_path: Path) -> None:
    path, asset = music(tmp_path, noise(0.3, -15), 1)
    cues: list[Cue] = [Music("m", "bed", round(0.3 * RATE), loop=True), Speech("a1", "a", RATE)]
    clip = save(tmp_path / "a.wav", np.zeros(RATE, np.float32))
    score = Score(path, asset, loop=True, under=18.0)
    made = Scene(laid(cues), 1, {"a1": Source(clip, sounds=-23.0)}, {"m": score})
    assert len(heard(made)) == made.timeline.total
