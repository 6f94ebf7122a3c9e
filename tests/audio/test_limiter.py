"""The master's gain and limiter."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.audio.limiter import limited
from podgen.audio.loudness import true_peak

from .material import RATE, Floats, noise, rms_db, tone


def blocks(samples: Floats, cuts: list[int]) -> Generator[Floats, None, None]:
    yield from np.split(samples.reshape(len(samples), -1), sorted(cuts))


def through(samples: Floats, gain: float, ceiling: float, cuts: list[int] | None = None) -> Floats:
    shaped = samples.reshape(len(samples), -1)
    parts = limited(blocks(shaped, cuts or []), RATE, shaped.shape[1], gain=gain, ceiling=ceiling)
    return np.concatenate(list(parts))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 60_000),
    st.integers(0, 999),
    st.floats(-20, 30),
    st.floats(-12, 0),
    st.integers(1, 2),
)
def test_no_true_peak_over_the_ceiling_and_not_a_sample_less(
    count: int, seed: int, gain: float, ceiling: float, channels: int
) -> None:
    rng = np.random.default_rng(seed)
    bursts = rng.uniform(0, 1, count // 500 + 1).repeat(500)[:count, None] ** 3
    samples = (bursts * rng.standard_normal((count, channels)) * 0.3).astype(np.float32)
    out = through(samples, gain, ceiling)
    assert out.shape == samples.shape
    peak = true_peak(out)
    assert peak is None or peak <= ceiling


def test_what_stays_below_the_ceiling_is_only_raised() -> None:
    samples = noise(1, -40)
    assert np.array_equal(through(samples, 6, -1)[:, 0], samples * np.float32(10 ** (6 / 20)))


def test_blocks_of_any_size_give_the_same() -> None:
    samples = noise(4, -12)
    one = through(samples, 6, -3)
    other = through(samples, 6, -3, [1, 700, 701, 32_768, 100_000, 140_000])
    assert np.array_equal(one, other)


def test_only_the_surroundings_of_a_peak_are_turned_down() -> None:
    samples = tone(2, 500, -20.0)
    samples[RATE : RATE + 20] = 0.9
    out = through(samples, 0, -6)[:, 0]
    change = out - samples
    assert np.all(change[: RATE - round(0.008 * RATE)] == 0)
    assert np.abs(change[RATE + RATE // 2 :]).max() < 1e-4
    assert np.abs(out[RATE - 20 : RATE + 40]).max() <= 10 ** (-6 / 20)


def test_a_programme_that_starts_at_full_level_is_limited_from_its_first_sample() -> None:
    out = through(tone(0.5, 997, 0.0), 6, -1)
    peak = true_peak(out)
    assert peak is not None and peak <= -1
    assert rms_db(out) == pytest.approx(-4.06, abs=0.1)  # a steady tone is not distorted


def test_channels_keep_their_balance() -> None:
    left = noise(1, -6)
    out = through(np.stack([left, 0.25 * left], axis=1), 6, -6)
    assert np.allclose(out[:, 1], 0.25 * out[:, 0], atol=1e-6)
