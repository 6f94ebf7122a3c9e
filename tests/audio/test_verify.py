"""A finished file held against what was asked: each thing that may be wrong with it is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podgen.audio import ffmpeg
from podgen.audio.cues import Music, Sound, Speech
from podgen.audio.lane import Source
from podgen.audio.mix import Expectation, Scene, expectations
from podgen.audio.presets import preset
from podgen.audio.score import Score
from podgen.audio.verify import Verdict, verify
from podgen.errors import ResultError

from .material import RATE, Floats, laid, music, noise, save, speech, turns

MONO = preset("apple-mono")


def programme(seconds: float = 6.0, lufs: float = -19.0) -> Floats:
    return speech(seconds, lufs=lufs)


def judged(
    path: Path, samples: Floats, *expected: Expectation, total: int | None = None
) -> Verdict:
    save(path, samples)
    return verify(path, "wav", MONO, len(samples) if total is None else total, expected)


def failures(verdict: Verdict) -> list[str]:
    return [failure.what for failure in verdict.failures]


def silences(verdict: Verdict) -> list[str]:
    return [what for what in failures(verdict) if "is silent" in what]


def test_a_good_file_passes_with_its_figures(tmp_path: Path) -> None:
    samples = programme()
    verdict = judged(tmp_path / "a.wav", samples)
    assert failures(verdict) == []
    assert verdict.loudness == pytest.approx(-19, abs=0.1)
    assert verdict.seconds == pytest.approx(6)
    assert (verdict.sample_rate, verdict.channels) == (44100, 1)
    assert verdict.loudness_step == pytest.approx(0.1)
    assert len(verdict.short_term) == 61  # from 0 s to the end
    assert np.ptp(verdict.short_term) < 6
    assert max(verdict.waveform) == pytest.approx(np.abs(samples).max(), abs=1e-3)


@pytest.mark.parametrize(("lufs", "fails"), [(-19.15, False), (-19.3, True), (-18.7, True)])
def test_loudness_is_held_to_its_tolerance(tmp_path: Path, lufs: float, fails: bool) -> None:
    verdict = judged(tmp_path / "a.wav", programme(lufs=lufs))
    assert any("LUFS, asked for -19 within 0.2" in what for what in failures(verdict)) == fails


def test_a_true_peak_over_the_ceiling_fails(tmp_path: Path) -> None:
    samples = programme()
    samples[RATE : RATE + 2] = [0.95, -0.95]
    assert any(
        "asked for at most -1" in what for what in failures(judged(tmp_path / "a.wav", samples))
    )


def test_nothing_but_silence_fails(tmp_path: Path) -> None:
    assert failures(judged(tmp_path / "a.wav", np.zeros(3 * RATE, np.float32))) == [
        "nothing but silence"
    ]


def test_a_file_cut_short_fails(tmp_path: Path) -> None:
    verdict = judged(tmp_path / "a.wav", programme(), total=6 * RATE + 2300)
    assert failures(verdict) == ["6.000 s long, the timeline has 6.052"]
    assert failures(judged(tmp_path / "a.wav", programme(), total=6 * RATE + 2100)) == []


def test_mp3_at_24_khz_is_not_what_was_asked(tmp_path: Path) -> None:
    """At 24 kHz ffmpeg turns 192k into 160 kb/s without a word."""
    source, target = save(tmp_path / "a.wav", programme()), tmp_path / "a.mp3"
    ffmpeg.run(["-i", str(source), "-ar", "24000", "-b:a", "192k", str(target)])
    asked = replace(MONO, bitrate={"mp3": 192})
    found = failures(verify(target, "mp3", asked, 6 * RATE))
    assert "sample rate 24000 Hz, asked for 44100" in found
    assert "160 kb/s, asked for 192" in found


def test_stereo_for_mono_fails(tmp_path: Path) -> None:
    samples = np.stack([programme(), programme()], axis=1) * np.float32(0.7)
    assert "2 channels, asked for 1" in failures(judged(tmp_path / "a.wav", samples))


def expected(
    start: float, end: float, turn: str | None = "a1", longest: float = 0.5
) -> Expectation:
    first, last = round(start * RATE), round(end * RATE)
    return Expectation(f"turn {turn}", turn, first, last, -45.0, longest)


def test_a_turn_that_cannot_be_heard_is_named_with_its_place(tmp_path: Path) -> None:
    samples = programme(8)
    samples[3 * RATE : 5 * RATE] = 0
    verdict = judged(tmp_path / "a.wav", samples, expected(0, 3, "a1"), expected(2.9, 4.9, "b1"))
    (only,) = [failure for failure in verdict.failures if failure.turn]
    assert only.turn == "b1"
    assert only.what == "turn b1 is silent for 1.90 s"
    assert only.seconds == pytest.approx(3.0, abs=0.02)


def test_a_turn_beyond_the_end_is_missing(tmp_path: Path) -> None:
    verdict = judged(tmp_path / "a.wav", programme(2), expected(3, 4, "z9"))
    assert "turn z9 is missing" in failures(verdict)


def test_a_silent_intro_is_found(tmp_path: Path) -> None:
    """The worst of ffmpeg's silences: exit code 0, and three seconds of nothing at the head."""
    path, asset = music(tmp_path, noise(8, -20))
    cues, sources = turns(tmp_path, {"a1": programme(6)})
    script = [Music("theme", "intro", 8 * RATE, lead=5, fade_in=0.5, fade_out=2), *cues]
    scene = Scene(laid(script), 1, sources, {"theme": Score(path, asset, -6)})
    heard = list(expectations(scene))
    assert [(item.what, item.turn) for item in heard] == [("turn a1", "a1"), ("music theme", None)]
    good = np.concatenate([noise(5, -25), programme(6)])
    assert not silences(judged(tmp_path / "good.wav", good, *heard))
    silent = np.concatenate([np.zeros(5 * RATE, np.float32), programme(6)])
    verdict = judged(tmp_path / "bad.wav", silent, *heard)
    (only,) = silences(verdict)
    assert "music theme is silent for 4." in only


def test_music_that_pauses_by_itself_is_not_at_fault(tmp_path: Path) -> None:
    piece = np.concatenate([noise(2, -20), np.zeros(3 * RATE, np.float32), noise(2, -20)])
    path, asset = music(tmp_path, piece)
    cues, sources = turns(tmp_path, {"a1": programme(3)})
    script = [Music("m", "intro", len(piece)), *cues]
    heard = list(expectations(Scene(laid(script), 1, sources, {"m": Score(path, asset)})))
    samples = np.concatenate([piece, programme(3)])
    assert not silences(judged(tmp_path / "a.wav", samples, *heard))
    samples[RATE : round(5.5 * RATE)] = 0
    assert len(silences(judged(tmp_path / "a.wav", samples, *heard))) == 1


def test_a_turn_asked_to_be_soft_may_be_soft(tmp_path: Path) -> None:
    cues, sources = turns(tmp_path, {"a1": speech(2), "b1": speech(2)}, gain=-30.0)
    sources["a1"] = replace(sources["a1"], asked=-30.0)
    loud, soft = list(expectations(Scene(laid(cues), 1, sources)))[::-1]
    assert soft.floor == loud.floor - 30


def test_a_pause_within_a_short_turn_counts_by_its_length(tmp_path: Path) -> None:
    cues = [Speech("a1", "a", round(0.3 * RATE)), Speech("a2", "a", 20 * RATE)]
    sources = turns(tmp_path, {"a1": noise(0.3), "a2": noise(1)})[1]
    short, long = expectations(Scene(laid(cues), 1, sources))
    assert (short.longest, long.longest) == (pytest.approx(0.225), 2.0)


def test_a_missing_effect_is_found(tmp_path: Path) -> None:
    cues, sources = turns(tmp_path, {"a1": programme(3), "b1": programme(2)})
    knock = np.concatenate([noise(0.02, -30), np.zeros(RATE, np.float32), noise(0.02, -30)])
    sources["knock"] = Source(save(tmp_path / "knock.wav", knock), asked=-6.0)
    script = [cues[0], Sound("knock", len(knock), wait=True), cues[1]]
    heard = list(expectations(Scene(laid(script, gap=0.2), 1, sources)))
    pause = np.zeros(round(0.2 * RATE), np.float32)
    good = np.concatenate([programme(3), pause, knock, pause, programme(2)])
    assert not silences(judged(tmp_path / "good.wav", good, *heard))
    bad = np.concatenate([programme(3), pause, 0 * knock, pause, programme(2)])
    (only,) = silences(judged(tmp_path / "bad.wav", bad, *heard))
    assert only.startswith("sound knock is silent for 1.0")


def test_an_effect_of_a_few_samples_is_heard(tmp_path: Path) -> None:
    cues, sources = turns(tmp_path, {"a1": programme(2), "b1": programme(2)})
    tick = np.full(20, 0.3, np.float32)
    sources["tick"] = Source(save(tmp_path / "tick.wav", tick), asked=0.0)
    script = [cues[0], Sound("tick", len(tick), at=0.1, wait=True), cues[1]]
    scene = Scene(laid(script, gap=0.3), 1, sources)
    at = scene.timeline.sounds[0].start
    out = np.zeros(scene.timeline.total, np.float32)
    out[: 2 * RATE] = programme(2)
    out[-2 * RATE :] = programme(2)
    assert len(silences(judged(tmp_path / "bad.wav", out, *expectations(scene)))) == 1
    out[at : at + len(tick)] = tick
    assert not silences(judged(tmp_path / "good.wav", out, *expectations(scene)))


def test_acx_wants_its_rms_and_a_quiet_floor(tmp_path: Path) -> None:
    acx = preset("acx")
    voice = speech(6, lufs=None)
    voice[2 * RATE : 2 * RATE + RATE // 2] = noise(0.5, -75)  # it takes a breath
    voice *= np.float32(10 ** (-20 / 20) / np.sqrt(np.mean(np.square(voice))))
    clean = np.concatenate([np.zeros(RATE, np.float32), voice * np.float32(1.1)])
    turn = Expectation("turn a", "a", RATE, 7 * RATE, -45, 1.0, alone=True)
    verdict = verify(save(tmp_path / "a.wav", clean), "wav", acx, len(clean), [turn])
    assert failures(verdict) == []
    # Hiss that goes where its voice goes: silence between turns hides nothing of it.
    noisy = clean.copy()
    noisy[RATE:] += noise(6, -32, seed=3)
    verdict = verify(save(tmp_path / "b.wav", noisy), "wav", acx, len(noisy), [turn])
    (only,) = failures(verdict)
    assert only.startswith("noise floor -3")
    with_music = replace(turn, alone=False)
    verdict = verify(save(tmp_path / "b.wav", noisy), "wav", acx, len(noisy), [with_music])
    assert failures(verdict) == []
    soft = clean * np.float32(0.5)
    verdict = verify(save(tmp_path / "c.wav", soft), "wav", acx, len(soft))
    assert any("dB RMS, asked for -20 within 1.5" in what for what in failures(verdict))


def test_a_bit_rate_that_was_not_asked_for_is_found(tmp_path: Path) -> None:
    source = save(tmp_path / "a.wav", programme())
    for form, codec, rate, wrong in (
        ("mp3", "libmp3lame", 96, False),
        ("mp3", "libmp3lame", 128, True),
        ("m4a", "aac", 96, False),
        ("m4a", "aac", 24, False),  # an average: a softer programme takes less
        ("m4a", "aac", 160, True),
    ):
        out = tmp_path / f"a.{form}"
        arguments = ["-i", str(source), "-c:a", codec, "-b:a", f"{rate}k", "-y", str(out)]
        ffmpeg.run(arguments)
        verdict = verify(out, form, MONO, 6 * RATE)
        assert any("kb/s, asked for 96" in what for what in failures(verdict)) == wrong, rate


def test_pauses_cost_an_m4a_nothing(tmp_path: Path) -> None:
    """Five short sentences, 2.5 s apart: the encoder needs next to nothing for the silence."""
    samples = np.zeros(20 * RATE, np.float32)
    for at in range(0, 20, 4):
        samples[at * RATE : (at + 1) * RATE] = speech(1.0, lufs=-16, seed=at)
    source = save(tmp_path / "a.wav", samples)
    apple = preset("apple", {"channels": 1})
    ffmpeg.run(["-i", str(source), "-c:a", "aac", "-b:a", "160k", str(tmp_path / "a.m4a")])
    verdict = verify(tmp_path / "a.m4a", "m4a", apple, len(samples))
    assert verdict.bit_rate is not None and verdict.bit_rate < 80
    assert not any("kb/s" in what for what in failures(verdict))


def test_a_file_longer_than_its_timeline_or_than_allowed_fails(tmp_path: Path) -> None:
    verdict = judged(tmp_path / "a.wav", programme(), total=5 * RATE)
    assert failures(verdict) == ["6.000 s long, the timeline has 5.000"]
    short = replace(MONO, longest=5.0)
    path = save(tmp_path / "b.wav", programme())
    assert failures(verify(path, "wav", short, 6 * RATE)) == ["6 s long, 5 at most"]


def test_a_file_without_audio_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"nothing at all")
    with pytest.raises(ResultError, match=r"a\.wav"):
        verify(tmp_path / "a.wav", "wav", MONO, RATE)


def test_digital_silence_after_speech_has_a_loudness(tmp_path: Path) -> None:
    """Sums that slide along ffmpeg's filter fall below zero there, and have no logarithm."""
    samples = np.concatenate([programme(lufs=-16), np.zeros(9 * RATE, np.float32)])
    apple = preset("apple")
    stereo = np.stack([samples * np.float32(0.9), samples], axis=1)
    verdict = verify(save(tmp_path / "a.wav", stereo), "wav", apple, len(samples))
    assert np.isfinite(verdict.short_term).all()
    assert verdict.highest_short_term is not None and verdict.highest_momentary is not None
