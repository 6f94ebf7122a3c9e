from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podgen.engines.base import Samples
from podgen.engines.joins import join, settled, speech_span

RATE = 24_000


def tone(lead: float, seconds: float, tail: float, offset: float = 0.0) -> Samples:
    """Silence, 200 Hz at full level, silence, on a constant offset that would click if cut."""
    time = np.arange(round(seconds * RATE)) / RATE
    parts = (np.zeros(round(lead * RATE)), np.sin(400 * np.pi * time), np.zeros(round(tail * RATE)))
    return (np.concatenate(parts) + offset).astype(np.float32)


def test_the_span_of_speech_is_found_to_a_frame() -> None:
    start, end = speech_span(tone(0.3, 1.0, 0.5), RATE)
    assert start == pytest.approx(0.3 * RATE, abs=130)
    assert end == pytest.approx(1.3 * RATE, abs=130)


def test_silence_has_no_span() -> None:
    assert speech_span(np.zeros(5000, np.float32), RATE) == (0, 0)


@given(
    leads=st.lists(st.floats(0.0, 0.6), min_size=2, max_size=4),
    tail=st.floats(0.0, 0.9),
    gap=st.floats(0.1, 0.8),
)
def test_pauses_are_as_asked_whatever_silence_the_pieces_bring(
    leads: list[float], tail: float, gap: float
) -> None:
    pieces = [tone(lead, 0.2, tail) for lead in leads]
    joined = join(pieces, [gap] * (len(pieces) - 1), RATE)
    loud = np.flatnonzero(np.abs(joined) > 0.2)
    pauses = [float(p) for p in np.diff(loud) / RATE if p > 0.05]
    assert pauses == pytest.approx([gap] * (len(pieces) - 1), abs=0.03)
    assert loud[0] / RATE == pytest.approx(leads[0], abs=0.01)
    assert (len(joined) - loud[-1]) / RATE == pytest.approx(tail, abs=0.01)


def test_cut_ends_do_not_click() -> None:
    offset = 0.002
    joined = join([tone(0.3, 0.5, 0.5, offset), tone(0.3, 0.5, 0.5, offset)], [0.3], RATE)
    pause = joined[round(0.81 * RATE) : round(1.09 * RATE)]
    assert np.abs(np.diff(pause)).max() < offset / 20


def test_one_piece_is_left_as_it_is() -> None:
    piece = tone(0.3, 0.5, 0.5)
    assert np.array_equal(join([piece], [], RATE), piece)


@given(
    levels=st.lists(
        st.tuples(st.floats(0.002, 0.3), st.sampled_from([0.0, 1e-4, 0.003, 0.01, 0.3, 0.9])),
        min_size=1,
        max_size=8,
    ),
    heard=st.integers(0, 60_000),
)
def test_what_is_settled_stays_whatever_follows(
    levels: list[tuple[float, float]], heard: int
) -> None:
    noise = np.random.default_rng(1)
    runs = [noise.uniform(-level, level, round(s * RATE)) for s, level in levels]
    piece = np.concatenate(runs).astype(np.float32)
    so_far = settled(piece[:heard], RATE)
    joined = join([piece, tone(0.1, 0.2, 0.1)], [0.3], RATE)
    assert so_far <= heard
    assert np.array_equal(joined[:so_far], piece[:so_far])
