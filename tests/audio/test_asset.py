"""Music and effects from any file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from podgen.audio import ffmpeg
from podgen.audio.asset import Asset, asset_gain, held_back, prepare, probe
from podgen.errors import ScriptError

from .material import RATE, decoded, noise, save, tone


def test_a_file_is_brought_to_the_mix_rate_and_measured(tmp_path: Path) -> None:
    source = save(tmp_path / "a.wav", tone(3, 1000, -12.0, rate=22050), 22050)
    target = tmp_path / "out" / "b.wav"
    target.parent.mkdir()
    asset = prepare(source, target, RATE, 2)
    assert asset.channels == 1  # mono stays mono, to be panned
    assert soundfile.info(target).samplerate == RATE
    assert asset.measurement.samples == len(decoded(target)) == pytest.approx(3 * RATE, abs=50)
    assert asset.measurement.loudness == pytest.approx(-15.0, abs=0.2)
    assert asset.measurement.true_peak == pytest.approx(-12, abs=0.3)
    assert Asset.from_json(json.loads(json.dumps(asset.to_json()))) == asset
    assert [path.name for path in target.parent.iterdir()] == ["b.wav"]


def test_trimming_is_to_the_sample(tmp_path: Path) -> None:
    ramp = np.linspace(-0.5, 0.5, 2 * RATE, dtype=np.float32)
    source = save(tmp_path / "a.wav", np.stack([ramp, -ramp], axis=1))
    asset = prepare(source, tmp_path / "b.wav", RATE, 2, start=0.5, end=1.25)
    assert asset.measurement.samples == round(0.75 * RATE)
    cut = decoded(tmp_path / "b.wav")
    assert np.allclose(cut[:, 0], ramp[RATE // 2 : RATE // 2 + len(cut)], atol=1e-6)
    assert np.allclose(cut[:, 1], -cut[:, 0])


def test_stereo_folds_for_a_mono_mix(tmp_path: Path) -> None:
    left, right = tone(1, 400, -10), tone(1, 900, -10)
    source = save(tmp_path / "a.wav", np.stack([left, right], axis=1))
    assert prepare(source, tmp_path / "b.wav", RATE, 1).channels == 1
    spectrum = np.abs(np.fft.rfft(decoded(tmp_path / "b.wav")[:, 0]))
    assert spectrum[400] == pytest.approx(spectrum[900], rel=0.01)


@pytest.mark.parametrize("suffix", ["mp3", "flac", "opus", "m4a", "ogg"])
def test_any_format_will_do(tmp_path: Path, suffix: str) -> None:
    source = save(tmp_path / "a.wav", np.stack([tone(2), tone(2)], axis=1))
    packed = tmp_path / f"a.{suffix}"
    codec = ["-c:a", "libvorbis"] if suffix == "ogg" else []
    ffmpeg.run(["-y", "-i", str(source), *codec, str(packed)])
    asset = prepare(packed, tmp_path / "b.wav", RATE, 2)
    assert asset.channels == 2
    assert asset.measurement.seconds == pytest.approx(2, abs=0.03)
    assert asset.measurement.loudness == pytest.approx(-20.6, abs=0.7)


@pytest.mark.parametrize("content", [b"", b"this is a text", b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 40])
def test_what_is_no_audio_is_named(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "theme song.mp3"
    source.write_bytes(content)
    with pytest.raises(ScriptError, match=r"theme song\.mp3 .*audio.*; take another file"):
        prepare(source, tmp_path / "b.wav", RATE, 2)
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


def test_a_file_is_known_by_its_beginning(tmp_path: Path) -> None:
    source = save(tmp_path / "a.wav", np.stack([tone(1), tone(1)], axis=1))
    found = probe(source)
    assert (found.codec, found.rate, found.channels) == ("pcm_f32le", RATE, 2)
    (tmp_path / "b.wav").write_bytes(b"nothing")
    with pytest.raises(ScriptError, match=r"b\.wav is not audio .*; take another file"):
        probe(tmp_path / "b.wav")


def test_a_picture_is_no_music(tmp_path: Path) -> None:
    picture = tmp_path / "cover.png"
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc=duration=1:rate=1", "-frames:v", "1", str(picture)])
    with pytest.raises(ScriptError, match=r"cover\.png .*audio"):
        prepare(picture, tmp_path / "b.wav", RATE, 2)


def test_trimmed_away_is_an_error(tmp_path: Path) -> None:
    source = save(tmp_path / "a.wav", tone(1))
    with pytest.raises(ScriptError, match=r"a\.wav has no audio from 5 s on"):
        prepare(source, tmp_path / "b.wav", RATE, 2, start=5)


def test_its_longest_quiet_passage_is_noted(tmp_path: Path) -> None:
    sound = np.concatenate([noise(1), np.zeros(RATE * 2, np.float32), noise(1)])
    asset = prepare(save(tmp_path / "a.wav", sound), tmp_path / "b.wav", RATE, 2)
    assert asset.quiet == pytest.approx(2.0, abs=0.05)


def test_volume_is_relative_to_speech(tmp_path: Path) -> None:
    loud = prepare(save(tmp_path / "a.wav", noise(2, -10)), tmp_path / "b.wav", RATE, 2)
    assert loud.measurement.loudness is not None
    assert loud.measurement.loudness + asset_gain(loud, -12) == pytest.approx(-35)
    tick = noise(0.1, -30)
    short = prepare(save(tmp_path / "c.wav", tick), tmp_path / "d.wav", RATE, 2)
    assert short.measurement.loudness is None
    assert asset_gain(short, -6) == pytest.approx(-23 - 6 + 30, abs=0.3)
    click = np.zeros(RATE, np.float32)
    click[RATE // 2] = 0.5
    peaky = prepare(save(tmp_path / "e.wav", click), tmp_path / "f.wav", RATE, 2)
    assert peaky.measurement.true_peak is not None
    assert peaky.measurement.true_peak + asset_gain(peaky, 0) <= -1 + 1e-9
    assert held_back(loud, -12) == 0
    assert held_back(peaky, 0) > 5
    assert held_back(peaky, 3) - held_back(peaky, 0) == pytest.approx(3)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused(tmp_path: Path, odd: float) -> None:
    """They would leave the sound without a level, and the mix without the sound."""
    source, samples = tmp_path / "broken.wav", np.full(48000, 0.1, np.float32)
    samples[500] = odd
    soundfile.write(source, samples, 48000, "FLOAT")
    with pytest.raises(ScriptError, match="samples that are no numbers"):
        prepare(source, tmp_path / "b.wav", 48000, 1)
