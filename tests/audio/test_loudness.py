"""Loudness, true peak and RMS against known signals and against ffmpeg."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.audio.loudness import Measurement, integrated, measure, true_peak
from podgen.audio.truepeak import BLOCK, REACH, PeakMeter, block_peaks

from .material import RATE, db, ebur128, noise, save, speech, tone


def test_the_reference_tone_of_ebu_tech_3341() -> None:
    one = tone(20, 1000, -23.0)
    both = np.stack([one, one], axis=1)
    assert integrated(both, RATE) == pytest.approx(-23.0, abs=0.05)
    assert integrated(one, RATE) == pytest.approx(-26.01, abs=0.05)


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.399])
def test_too_short_for_a_gating_block_has_no_loudness_but_a_peak(seconds: float) -> None:
    found = measure(tone(seconds, level=-20.0), RATE)
    assert found.loudness is None
    if seconds:
        assert found.true_peak == pytest.approx(-20, abs=0.5)
        assert found.rms == pytest.approx(-23.01, abs=0.1)


def test_silence_has_none_of_them() -> None:
    found = measure(np.zeros(RATE, np.float32), RATE)
    assert (found.loudness, found.true_peak, found.rms) == (None, None, None)
    assert found.seconds == 1.0


def test_clipped_noise_peaks_between_its_samples(tmp_path: Path) -> None:
    clipped = np.clip(noise(5, -6.0), -0.891, 0.891)
    ours = true_peak(clipped)
    assert ours is not None
    assert db(float(np.abs(clipped).max())) == pytest.approx(-1.0, abs=0.01)
    _, theirs = ebur128(save(tmp_path / "noise.wav", clipped))
    assert theirs > 2.0
    # Ours reaches closer to half the rate, so it never reads less.
    assert theirs - 0.1 <= ours <= theirs + 0.6


@pytest.mark.parametrize("frequency", [100.0, 997.0, 5000.0, 11025.0, 16000.0])
def test_true_peak_of_a_tone_is_its_amplitude(frequency: float) -> None:
    count = np.arange(RATE)
    faded = np.hanning(RATE) * np.sin(2 * np.pi * frequency * count / RATE + np.pi / 4)
    found = true_peak((0.5 * faded).astype(np.float32))
    assert found == pytest.approx(-6.02, abs=0.12)


def test_speech_measures_as_ffmpeg_has_it(tmp_path: Path) -> None:
    samples = speech(8)
    loudness, peak = ebur128(save(tmp_path / "speech.wav", samples))
    found = measure(samples, RATE)
    assert found.loudness == pytest.approx(loudness, abs=0.1)
    assert found.true_peak == pytest.approx(peak, abs=0.2)


def test_a_measurement_survives_json() -> None:
    for samples in (tone(1), np.zeros(100, np.float32)):
        found = measure(samples, RATE)
        assert Measurement.from_json(json.loads(json.dumps(found.to_json()))) == found
    with pytest.raises(TypeError):
        Measurement.from_json({"samples": 1})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=8), st.integers(0, 99), st.integers(1, 2))
def test_a_stream_peaks_as_a_whole_does(cuts: list[int], seed: int, channels: int) -> None:
    rng = np.random.default_rng(seed)
    whole = rng.standard_normal((sum(cuts), channels)).astype(np.float32)
    meter = PeakMeter(channels)
    for part in np.split(whole, np.cumsum(cuts)[:-1]):
        meter.push(part)
    at_once = PeakMeter(channels)
    at_once.push(whole)
    assert meter.finish() == pytest.approx(at_once.finish(), rel=1e-5)
    assert meter.peak >= np.abs(whole).max(initial=0.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.floats(0.01, 3.0))
def test_what_passes_the_floor_is_found_exactly(seed: int, floor: float) -> None:
    rng = np.random.default_rng(seed)
    blocks = 40
    loudness = rng.uniform(0, 1, (blocks, 1)).repeat(BLOCK, 0) ** 4
    padded = np.zeros((blocks * BLOCK + 2 * REACH, 1), np.float32)
    padded[REACH:-REACH] = loudness * rng.standard_normal((blocks * BLOCK, 1))
    exact, sparse = block_peaks(padded, 0.0), block_peaks(padded, floor)
    above = exact > floor
    assert np.allclose(sparse[above], exact[above], rtol=1e-5)
    assert np.all(sparse[~above] <= floor)
