"""Music's gain over time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.audio.automation import Automation, Duck, duck_points
from podgen.audio.timeline import Span

from .material import db

RATE = 1000


def span(start: int = 1000, end: int = 21_000, fade_in: int = 0, fade_out: int = 0) -> Span:
    return Span("m", start, end, end - start, fade_in, fade_out)


def whole(automation: Automation, of: Span) -> np.ndarray:
    gains = automation.gains(of.start, of.end)[:, 0]
    return np.broadcast_to(gains, of.end - of.start) if len(gains) == 1 else gains


def ducked(windows: list[tuple[int, int]], duck: Duck) -> np.ndarray:
    return whole(Automation(span(), RATE, duck=duck_points(windows, span(), RATE, duck)), span())


def test_a_fade_moves_all_the_way() -> None:
    """With ffmpeg's volume filter and no eval=frame a fade stays where it is at its start."""
    gains = whole(Automation(span(fade_in=4000, fade_out=2000), RATE), span(fade_in=4000))
    assert gains[0] < 1e-5
    assert gains[2000] == pytest.approx(0.5, abs=0.001)
    assert gains[4000:18_000] == pytest.approx(np.ones(14_000))
    assert gains[19_000] == pytest.approx(0.5, abs=0.001)
    assert gains[-1] < 1e-5
    assert np.abs(np.diff(gains)).max() < 0.001


def test_ducking_is_down_when_speech_starts_and_up_after_its_release() -> None:
    gains = ducked([(5000, 9000)], Duck(12, attack=0.5, release=1.0))
    level = [round(db(gain), 2) for gain in gains]
    assert level[5:3500] == [0.0] * 3495
    assert level[3750] == -6.0
    assert level[4000:8000] == [-12.0] * 4000
    assert level[8500] == -6.0
    assert level[9000:-5] == [0.0] * 10_995


def test_a_pause_within_a_conversation_does_not_pump() -> None:
    gains = ducked([(5000, 6000), (7400, 9000), (12_000, 13_000)], Duck(10, 0.5, 1.0))
    assert db(gains[4000:8000].max()) == pytest.approx(-10)
    assert db(gains[8000:11_000].max()) == pytest.approx(0)


def test_music_stays_down_over_a_gap_shorter_than_the_hold() -> None:
    quick = Duck(10, attack=0.05, release=0.05)
    near = ducked([(5000, 6000), (6900, 8000)], quick)
    assert db(near[4000:7000].max()) == pytest.approx(-10)
    far = ducked([(5000, 6000), (7200, 8000)], quick)
    assert db(far[5200:6000].max()) == pytest.approx(0)


def test_nothing_jumps_whatever_is_asked_for() -> None:
    """Fades, ducks and steps of an envelope in no time take 5 ms."""
    rate = 48_000
    place = Span("m", 0, 3 * rate, 3 * rate, 0, 0)
    duck = duck_points([(rate, 2 * rate)], place, rate, Duck(30, attack=0, release=0))
    envelope = ((0.5, 0.0), (0.5, -20.0), (0.5, 0.0), (0.5001, -6.0))
    gains = whole(Automation(place, rate, envelope=envelope, duck=duck), place)
    assert gains[0] < 1e-3
    assert gains[-1] < 1e-3
    assert np.abs(np.diff(gains)).max() < 1 / (0.002 * rate)
    assert db(gains[rate - 500]) == pytest.approx(-6.0)


def test_speech_elsewhere_does_not_duck() -> None:
    assert duck_points([(0, 400), (22_000, 23_000)], span(), RATE, Duck(10, 0.5, 0.5)) is None


def test_speech_that_started_before_the_music_finds_it_down() -> None:
    gains = ducked([(0, 3000)], Duck(10, 0.5, 1.0))
    assert db(gains[5]) == pytest.approx(-10)


def test_the_envelope_is_linear_in_decibels_and_counts_from_the_musics_start() -> None:
    automation = Automation(span(), RATE, envelope=((2.0, 0.0), (4.0, -12.0)))
    gains = whole(automation, span())
    assert [round(db(gains[n])) for n in (5, 2000, 3000, 4000, 19_990)] == [0, 0, -6, -12, -12]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 21_000), st.integers(1, 3000)), max_size=6),
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.lists(st.integers(1000, 21_000), min_size=1, max_size=5),
)
def test_piece_by_piece_is_the_same_as_at_once(
    speech: list[tuple[int, int]], fade_in: int, fade_out: int, cuts: list[int]
) -> None:
    windows = []
    for start, length in sorted(speech):
        if not windows or start > windows[-1][1]:
            windows.append((start, start + length))
    own = span(fade_in=fade_in, fade_out=fade_out)
    duck = duck_points(windows, own, RATE, Duck(9, 0.2, 0.4))
    automation = Automation(own, RATE, envelope=((1, -3), (5, 0)), duck=duck)
    edges = [own.start, *sorted(cuts), own.end]
    pieces = []
    for start, end in pairwise(edges):
        gains = automation.gains(start, end)[:, 0]
        pieces.append(np.broadcast_to(gains, end - start) if len(gains) == 1 else gains)
    exact = automation.at(np.arange(own.start, own.end, dtype=np.float64))
    assert np.allclose(np.concatenate(pieces), exact, atol=1e-6)
    for start, end in windows:
        inside = exact[max(0, start - own.start) : max(0, end - own.start)]
        assert inside.max(initial=0.0) <= 10 ** (-9 / 20) + 1e-9
