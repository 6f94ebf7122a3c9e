"""Room tone: seamless, the same each time, under everything, and gone when it is not wanted."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.audio import tone
from podgen.audio.loudness import decibels, rms

RATE = 44100


@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_noise_of_one_level_that_joins_itself(channels: int) -> None:
    period = tone.made(RATE, channels)
    assert period.shape == (round(tone.PERIOD_SECONDS * RATE), channels)
    assert np.array_equal(period, tone.made(RATE, channels))
    under = tone.at(period, -70.0)
    assert rms(under) == pytest.approx(-70.0, abs=0.01)
    # Each tenth of a second is near that level, and no step from the end to the beginning.
    tenths = under[: len(under) // 4410 * 4410].reshape(-1, 4410 * channels)
    levels = [decibels(float(np.sqrt(np.square(part).mean()))) or 0.0 for part in tenths]
    assert min(levels) > -76
    assert max(levels) < -65
    steps = np.abs(np.diff(np.concatenate([period, period[:1]]), axis=0)).max(axis=1)
    assert steps[-1] <= np.sort(steps)[-100]
    if channels == 2:
        assert abs(np.corrcoef(period.T)[0, 1]) < 0.1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 5 * RATE), min_size=1, max_size=5))
def test_it_is_the_same_whatever_blocks_it_is_read_in(cuts: list[int]) -> None:
    total = 5 * RATE
    bed = tone.Tone(tone.at(tone.made(RATE, 1)[: 2 * RATE], -60.0), total, RATE)
    edges = sorted({0, total, *cuts})
    parts = [bed.read(start, end) for start, end in itertools.pairwise(edges)]
    whole = bed.read(0, total)
    assert np.array_equal(np.concatenate(parts), whole)
    assert whole[0, 0] == 0 and whole[-1, 0] == 0
    assert np.array_equal(whole[RATE : 2 * RATE], whole[3 * RATE : 4 * RATE])


def test_a_recording_is_joined_at_equal_power() -> None:
    rng = np.random.default_rng(3)
    recording = (rng.standard_normal((4 * RATE, 1)) * 0.003).astype(np.float32)
    period = tone.joined(recording, RATE, 2)
    assert period.shape == (4 * RATE - round(tone.JOIN_SECONDS * RATE), 2)
    join = period[: round(tone.JOIN_SECONDS * RATE)]
    assert rms(join) == pytest.approx(0.0, abs=0.3)
    assert np.array_equal(period[:, 0], period[:, 1])
    for nothing in (np.zeros((4 * RATE, 1), np.float32), recording[:1000]):
        with pytest.raises(ValueError, match="room tone"):
            tone.joined(nothing, RATE, 1)
