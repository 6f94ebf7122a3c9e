"""How well the first pass foretells what the limiter will take."""

from __future__ import annotations

import numpy as np
import pytest

from podgen.audio import frames, survey
from podgen.audio.frames import Frames, Series
from podgen.audio.limiter import limited
from podgen.audio.loudness import integrated
from podgen.audio.presets import preset
from podgen.audio.r128 import Meter, gated
from podgen.audio.survey import Survey

from .material import RATE, Floats, rms_db, speech


def surveyed(samples: Floats) -> tuple[Survey, Meter]:
    """What the first pass over these samples (frames, 1) would have found."""
    meter, kept = Meter(), Frames(RATE, 1)
    kept.push(samples)
    meter.hear(iter([samples]), RATE, 1)
    return Survey(meter, kept), meter


def peaky(seconds: float) -> Floats:
    """Speech with a strong consonant now and then, 20 dB over its level."""
    samples = speech(seconds, lufs=-23.0)
    for at in np.random.default_rng(0).integers(0, len(samples) - 2000, int(seconds * 4)):
        samples[at : at + 600] *= np.float32(5)
    return samples[:, None]


@pytest.mark.parametrize("aim", [-23.0, -19.0, -16.0, -14.0])
def test_the_gain_lands_on_the_target_through_the_limiter(aim: float) -> None:
    samples = peaky(20)
    found, _ = surveyed(samples)
    own = preset("apple-mono", {"loudness": aim})
    gain = found.gain(aim, own, -1.0)
    parts = limited((part for part in [samples]), RATE, 1, gain=gain, ceiling=-1.0)
    out = np.concatenate(list(parts))
    assert integrated(out, RATE) == pytest.approx(aim, abs=0.1)


def test_the_same_by_rms() -> None:
    samples = peaky(20)
    found, _ = surveyed(samples)
    gain = found.gain(-20.0, preset("acx"), -3.0)
    parts = limited((part for part in [samples]), RATE, 1, gain=gain, ceiling=-3.0)
    assert rms_db(np.concatenate(list(parts))) == pytest.approx(-20, abs=0.1)


def test_gating_blocks_give_the_integrated_loudness() -> None:
    samples = np.concatenate([peaky(6), np.zeros((3 * RATE, 1), np.float32), 0.05 * peaky(4)])
    _, meter = surveyed(samples)
    assert gated(meter.momentary) == pytest.approx(meter.integrated, abs=0.02)
    silence = Series()
    silence.append(np.full(10, -120.0))
    assert gated(silence) is None


def test_a_long_mix_is_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    found, meter = surveyed(peaky(20))
    whole = found.gain(-14.0, preset("apple-mono"), -1.0), gated(meter.momentary)
    monkeypatch.setattr(survey, "CHUNK", 130)
    monkeypatch.setattr(frames, "CHUNK", 17)
    parts = found.gain(-14.0, preset("apple-mono"), -1.0), gated(meter.momentary)
    assert parts == pytest.approx(whole, abs=0.01)


def test_a_mix_too_short_to_measure_is_taken_for_levelled() -> None:
    for count in (0, 100, 5000):
        found, _ = surveyed(np.full((max(count, 1), 1), 0.01, np.float32))
        assert found.gain(-16.0, preset("apple-mono"), -1.0) == pytest.approx(7.0)
