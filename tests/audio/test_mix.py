"""The mix, as it comes out of ffmpeg."""

from __future__ import annotations

import logging
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from podgen.audio import lane, mix
from podgen.audio.asset import prepare
from podgen.audio.automation import Duck
from podgen.audio.cues import Music, Pause, Sound, Speech
from podgen.audio.lane import Source
from podgen.audio.mix import Scene
from podgen.audio.r128 import Meter
from podgen.audio.score import Score
from podgen.errors import MachineError

from .material import (
    RATE,
    Floats,
    db,
    decoded,
    ebur128,
    laid,
    music,
    noise,
    rms_db,
    save,
    speech,
    tone,
    turns,
)

CENTRE = np.float32(np.sqrt(0.5))


def mixed(scene: Scene, start: int = 0, end: int | None = None) -> Floats:
    return np.concatenate(list(mix.stream(scene, start, end)))


def click(length: int, at: int) -> Floats:
    samples = np.zeros(length, np.float32)
    samples[at] = 0.5
    return samples


def test_every_clip_lies_where_the_timeline_has_it_to_the_sample(tmp_path: Path) -> None:
    lengths = [40_001, 3, 70_000, 32_768, 12_345]
    sounds = {f"a{n}": click(length, length // 2) for n, length in enumerate(lengths)}
    cues, sources = turns(tmp_path, sounds)
    timeline = laid(cues, gap=0.123, head=0.25, tail=0.5)
    out = mixed(Scene(timeline, 1, sources))[:, 0]
    assert len(out) == timeline.total
    expected = [clip.start + (clip.end - clip.start) // 2 for clip in timeline.speech]
    assert np.flatnonzero(out).tolist() == expected
    assert np.all(out[expected] == 0.5)


def test_overlapping_turns_sound_together(tmp_path: Path) -> None:
    one, other = noise(2, seed=1), noise(1, seed=2)
    sources = {
        "a1": Source(save(tmp_path / "a.wav", one)),
        "b1": Source(save(tmp_path / "b.wav", other), gain=-6.0),
    }
    cues = [Speech("a1", "a", len(one)), Speech("b1", "b", len(other), overlap=1.5)]
    out = mixed(Scene(laid(cues), 1, sources))[:, 0]
    sum_of_both = one.copy()
    sum_of_both[RATE // 2 : RATE // 2 + RATE] += other * np.float32(10 ** (-6 / 20))
    assert np.abs(out - sum_of_both).max() < 1e-6


def test_a_lane_that_falls_silent_does_not_change_the_others(tmp_path: Path) -> None:
    """amix turns the rest up when an input ends, unless told not to normalise."""
    one, other = tone(4), tone(1, 700)
    sources = {
        "a1": Source(save(tmp_path / "a.wav", one)),
        "b1": Source(save(tmp_path / "b.wav", other)),
    }
    cues = [Speech("a1", "a", len(one)), Speech("b1", "b", len(other), overlap=3.5)]
    out = mixed(Scene(laid(cues), 1, sources))[:, 0]
    assert np.array_equal(out[RATE * 2 :], one[RATE * 2 :])


@pytest.mark.parametrize(
    ("pan", "left", "right"), [(0, 0.5, 0.5), (-1, 1, 0), (0.5, 0.1464, 0.8536)]
)
def test_panning_keeps_the_power(tmp_path: Path, pan: float, left: float, right: float) -> None:
    sound = tone(1)
    sources = {"a1": Source(save(tmp_path / "a.wav", sound), pan=pan)}
    out = mixed(Scene(laid([Speech("a1", "a", RATE)]), 2, sources))
    power = np.square(out).sum(axis=0) / np.square(sound).sum()
    assert power == pytest.approx([left, right], abs=1e-3)


def test_a_centred_voice_is_as_loud_in_stereo_as_alone(tmp_path: Path) -> None:
    """Dual mono reads 3.01 LU more; equal-power panning takes just that."""
    sound = speech(4, lufs=-23.0)
    cues, sources = turns(tmp_path, {"a1": sound})
    for channels in (1, 2):
        save(tmp_path / "out.wav", mixed(Scene(laid(cues), channels, sources)))
        assert ebur128(tmp_path / "out.wav")[0] == pytest.approx(-23, abs=0.11)


def test_a_stereo_effect_keeps_its_image(tmp_path: Path) -> None:
    source = save(tmp_path / "fx.wav", np.stack([tone(1), 0.5 * tone(1, 900)], axis=1))
    prepare(source, tmp_path / "ready.wav", RATE, 2)
    effect = Sound("s", RATE)
    out = mixed(Scene(laid([effect]), 2, {"s": Source(tmp_path / "ready.wav")}))
    assert np.abs(out - decoded(tmp_path / "ready.wav")).max() < 1e-6
    turned = mixed(Scene(laid([effect]), 2, {"s": Source(tmp_path / "ready.wav", pan=1.0)}))
    assert np.all(turned[:, 0] == 0)
    assert np.allclose(turned[:, 1], out[:, 1])


def test_music_loops_without_a_gap(tmp_path: Path) -> None:
    piece = tone(0.5, 440, -20)  # 220 whole periods: seamless if not a sample is missing
    path, asset = music(tmp_path, piece)
    cues = [Music("m", "bed", len(piece), loop=True), Speech("a1", "a", 3 * RATE)]
    silent = Source(save(tmp_path / "a.wav", np.zeros(3 * RATE, np.float32)))
    scene = Scene(laid(cues), 1, {"a1": silent}, {"m": Score(path, asset, loop=True)})
    out = mixed(scene)[:, 0]
    expected = np.tile(piece, 6)
    gain = float(np.abs(out).max() / np.abs(expected).max())
    inside = slice(RATE // 100, -RATE // 100)  # it begins and ends in 5 ms
    assert np.abs(out - gain * expected)[inside].max() < 1e-4


@pytest.mark.parametrize("blocks", [1 << 15, 1000])
def test_a_loop_that_does_not_join_itself_is_crossed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    """A chord cut anywhere: whatever is heard at the joint lies 40 dB under it."""
    monkeypatch.setattr(lane, "BLOCK", blocks)
    chord = tone(1.2345, 220, -20) + tone(1.2345, 331.3, -24) + tone(1.2345, 97.7, -22)
    path, asset = music(tmp_path, chord)
    cues = [Music("m", "bed", len(chord), loop=True), Speech("a1", "a", 5 * RATE)]
    silent = Source(save(tmp_path / "a.wav", np.zeros(5 * RATE, np.float32)))
    scene = Scene(laid(cues), 1, {"a1": silent}, {"m": Score(path, asset, loop=True)})
    out = mixed(scene)[RATE // 10 : -RATE // 10, 0]
    sharp = sosfilt(butter(8, 2000, "high", fs=RATE, output="sos"), out)[RATE // 50 :]
    loudest = np.sqrt(np.convolve(np.square(sharp), np.ones(441) / 441, "valid").max())
    bed = np.sqrt(np.square(out).mean())
    assert 20 * np.log10(loudest / bed) < -40
    levels = 10 * np.log10(np.convolve(np.square(out), np.ones(4410) / 4410, "valid"))
    assert levels.max() - np.median(levels) < 3.5
    assert np.median(levels) - levels.min() < 6


def music_scene(folder: Path, **options: object) -> Scene:
    """Six seconds of speech, four in, over twenty seconds of music."""
    path, asset = music(folder, noise(20, -15))
    cues = [
        Music("m", "intro", 20 * RATE, lead=4, fade_in=2, fade_out=3),
        Speech("a1", "a", 6 * RATE),
        Pause(0),
    ]
    voice = Source(save(folder / "voice.wav", np.zeros(6 * RATE, np.float32)))
    scores = {"m": Score(path, asset, **options)}  # type: ignore[arg-type]
    return Scene(laid(cues), 1, {"a1": voice}, scores)


def level(samples: Floats, start: float, end: float) -> float:
    return rms_db(samples[round(start * RATE) : round(end * RATE)])


def test_music_ducks_by_as_much_as_asked_and_when(tmp_path: Path) -> None:
    duck = Duck(12, attack=0.3, release=0.5)
    plain = mixed(music_scene(tmp_path, volume=-6))
    ducked = mixed(music_scene(tmp_path, volume=-6, duck=duck))
    depth = [level(ducked, t, t + 0.1) - level(plain, t, t + 0.1) for t in np.arange(0, 20, 0.1)]
    assert depth[:37] == pytest.approx([0] * 37, abs=0.01)
    assert depth[40:100] == pytest.approx([-12] * 60, abs=0.01)
    assert depth[105:] == pytest.approx([0] * 95, abs=0.01)


def test_a_fade_goes_from_silence_to_the_volume(tmp_path: Path) -> None:
    """Without eval=frame ffmpeg's volume stays silent throughout, or full, and exits with 0."""
    out = mixed(music_scene(tmp_path, volume=-6))
    rise = [level(out, t, t + 0.1) for t in np.arange(0, 2, 0.1)]
    assert rise[0] < -60
    assert all(later > earlier - 0.1 for earlier, later in pairwise(rise))
    steady = level(out, 5, 15)
    assert level(out, 2, 3) == pytest.approx(steady, abs=0.1)
    fall = [level(out, t, t + 0.1) for t in np.arange(17, 20, 0.1)]
    assert all(later < earlier + 0.1 for earlier, later in pairwise(fall))
    assert fall[-1] < -60


def test_musics_volume_is_relative_to_speech(tmp_path: Path) -> None:
    out = mixed(music_scene(tmp_path, volume=-10))
    save(tmp_path / "part.wav", out[3 * RATE : 16 * RATE])
    assert ebur128(tmp_path / "part.wav")[0] == pytest.approx(-33, abs=0.2)


def test_a_volume_envelope_is_followed(tmp_path: Path) -> None:
    plain = mixed(music_scene(tmp_path))
    shaped = mixed(music_scene(tmp_path, envelope=((6.0, 0.0), (10.0, -8.0), (14.0, -2.0))))
    change = [level(shaped, t, t + 0.02) - level(plain, t, t + 0.02) for t in (4, 8, 10, 12, 15)]
    assert change == pytest.approx([0, -4, -8, -5, -2], abs=0.05)


def test_inputs_do_not_grow_with_turns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = save(tmp_path / "a.wav", tone(0.01))
    path_of_music, asset = music(tmp_path, tone(0.5))
    commands = []
    for count in (3, 300):
        cues = [
            Speech(f"t{n}", "ab"[n % 2], 441, overlap=0.005 if n % 2 else None)
            for n in range(count)
        ]
        pieces = [Music(f"m{n}", "outro", asset.measurement.samples) for n in range(3)]
        scene = Scene(
            laid([*cues, *pieces]),
            2,
            {cue.id: Source(path) for cue in cues},
            {piece.id: Score(path_of_music, asset) for piece in pieces},
        )
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "podgen.audio.ffmpeg"):
            mixed(scene)
        commands.append(caplog.messages[-1])
    few, many = commands
    assert many.count(" -i pipe:") == few.count(" -i pipe:") == 5  # two of speech, three of music
    # Nothing in the graph can fall for ffmpeg's traps with delays, fades and volumes.
    graph = many.partition("-filter_complex")[2]
    assert "normalize=0" in graph
    assert not any(name in graph for name in ("volume", "afade", "adelay", "aloop", "loudnorm"))


def test_a_window_is_cut_from_the_whole(tmp_path: Path) -> None:
    voice = speech(6)
    scene = music_scene(tmp_path, duck=Duck(9), loop=True, volume=-6)
    scene = Scene(scene.timeline, 1, {"a1": Source(save(tmp_path / "v.wav", voice))}, scene.music)
    whole = mixed(scene)
    start, end = round(3.7 * RATE), round(9.1 * RATE)
    assert np.abs(mixed(scene, start, end) - whole[start:end]).max() < 1e-6


def test_the_same_scene_gives_the_same_samples(tmp_path: Path) -> None:
    cues, sources = turns(tmp_path, {"a1": speech(2), "b1": speech(1, 2)})
    scene = Scene(laid([cues[0], Speech("b1", "b", RATE, overlap=1.2)]), 2, sources)
    assert np.array_equal(mixed(scene), mixed(scene))


def test_the_meter_agrees_with_ffmpegs_summary(tmp_path: Path) -> None:
    cues, sources = turns(tmp_path, {"a1": speech(5), "b1": speech(5, 2, lufs=-30)})
    out, meter = mixed(Scene(laid(cues), 2, sources)), Meter()
    meter.hear(iter([out]), RATE, 2)
    loudness, _ = ebur128(save(tmp_path / "out.wav", out))
    assert meter.integrated == pytest.approx(loudness, abs=0.06)
    assert len(meter.momentary) == len(meter.short_term) == 100


def test_stems_sum_to_the_mix(tmp_path: Path) -> None:
    path, asset = music(tmp_path, noise(8, -20, seed=5))
    voices = {"a1": speech(3), "b1": speech(2, 2), "a2": speech(2, 3), "x1": noise(0.5)}
    cues, sources = turns(tmp_path, voices, gain=-2.5)
    script = [
        Music("m", "intro", 8 * RATE, lead=1, fade_out=2),
        cues[0],
        Speech("b1", "Zoë / music", 2 * RATE, overlap=1),
        Sound("x1", len(voices["x1"])),
        cues[2],
    ]
    scores = {"m": Score(path, asset, -6, duck=Duck(9))}
    scene = Scene(laid(script, gap=0.3, tail=1), 2, sources, scores)
    paths = mix.write_stems(scene, tmp_path / "stems")
    names = ["a", "Zoë___music", "effects", "music", "mix"]
    assert [path.name for path in paths] == [f"{name}.wav" for name in names]
    assert sorted(tmp_path.joinpath("stems").iterdir()) == sorted(paths)
    *stems, whole = [decoded(path) for path in paths]
    assert {len(stem) for stem in stems} == {scene.timeline.total}
    assert db(float(np.abs(sum(stems) - whole).max())) < -120
    assert np.abs(whole - mixed(scene)).max() < 1e-6
    assert all(np.abs(stem).max() > 0.01 for stem in stems)


def test_stem_names_never_collide(tmp_path: Path) -> None:
    speakers = ["mix", "MIX", "effects", "a/b", "a:b", "..."]
    path = save(tmp_path / "a.wav", tone(0.01))
    cues = [Speech(f"t{n}", speaker, 441) for n, speaker in enumerate(speakers)]
    cues_and_sound = [*cues, Sound("s", 441)]
    sources = {cue.id: Source(path) for cue in cues} | {"s": Source(path)}
    paths = mix.write_stems(Scene(laid(cues_and_sound), 1, sources), tmp_path / "stems")
    assert len({str(path).casefold() for path in paths}) == len(speakers) + 2
    assert all(path.parent == tmp_path / "stems" and path.exists() for path in paths)


def test_a_clip_at_another_rate_is_refused_not_played_at_the_wrong_speed(tmp_path: Path) -> None:
    """ffmpeg's concat demuxer plays such a file too fast and exits with 0."""
    source = Source(save(tmp_path / "a.wav", tone(1, rate=24000), 24000))
    scene = Scene(laid([Speech("a1", "a", 24000)]), 1, {"a1": source})
    with pytest.raises(MachineError, match=r"a\.wav is at 24000 Hz in a mix at 44100 Hz"):
        mixed(scene)


@pytest.mark.parametrize("harm", ["short", "garbage", "gone"])
def test_a_damaged_clip_is_named(tmp_path: Path, harm: str) -> None:
    path = save(tmp_path / "clip.wav", tone(1))
    if harm == "short":
        save(path, tone(0.5))
    elif harm == "garbage":
        path.write_bytes(b"nothing")
    else:
        path.unlink()
    scene = Scene(laid([Speech("a1", "a", RATE)]), 1, {"a1": Source(path)})
    with pytest.raises(MachineError, match=r"clip\.wav .*; run: podgen cache verify"):
        mixed(scene)
