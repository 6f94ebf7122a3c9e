"""The gain of each segment: speakers match, nobody drifts, short turns do not jump."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.audio.level import LARGEST_DB, WORKING_LUFS, Level, Segment, levels, sounds, spread

SPREAD = 3.0


def segment(
    name: str,
    seconds: float = 5.0,
    loudness: float | None = -20.0,
    loud: float = SPREAD,
    voice: str = "",
    **gains: float,
) -> Segment:
    """`loud` is how far its loud moments lie over its loudness; without one, over -25 LUFS."""
    level = loudness if loudness is not None else -25.0
    return Segment(name, voice or name[0], seconds, loudness, level + loud, **gains)


def after(one: Segment, level: Level) -> float:
    assert level.sounds is not None
    return level.sounds + level.gain


@st.composite
def voices(draw: st.DrawFn) -> list[Segment]:
    """Up to four voices 20 dB apart, each drifting by up to 4 LU either way, long and short."""
    made = []
    for voice in "abcd"[: draw(st.integers(1, 4))]:
        base = draw(st.floats(-36, -16))
        for number in range(draw(st.integers(1, 8))):
            seconds = draw(st.floats(0.1, 20))
            drift = draw(st.floats(-3, 3))
            one = segment(f"{voice}{number}", seconds, base + drift)
            made.append(one if seconds >= 0.4 else replace(one, loudness=None))
    return draw(st.permutations(made))


@settings(max_examples=200, deadline=None)
@given(voices())
def test_whatever_lies_near_its_voice_comes_to_one_level(segments: list[Segment]) -> None:
    for one, level in zip(segments, levels(segments), strict=True):
        slack = 0.2 if one.loudness is not None else 2.5  # a single block has no soft syllables
        assert after(one, level) == pytest.approx(WORKING_LUFS, abs=slack)
        if one.seconds >= 3:
            assert level.sounds == one.loudness


@settings(max_examples=200, deadline=None)
@given(voices(), st.randoms())
def test_a_gain_does_not_depend_on_the_order(segments: list[Segment], random: object) -> None:
    gains = {level.id: level.gain for level in levels(segments)}
    again = {level.id: level.gain for level in levels(segments[::-1])}
    assert gains == pytest.approx(again)


@settings(max_examples=100, deadline=None)
@given(st.floats(0.1, 10), st.floats(-40, -10), st.floats(-40, -10))
def test_what_was_louder_stays_louder(seconds: float, one: float, other: float) -> None:
    anchors = [segment(f"a{n}", 10, -25.0) for n in range(3)]
    pair = [segment("a8", seconds, one), segment("a9", seconds, other)]
    first, second = levels([*anchors, *pair])[-2:]
    if one > other:
        assert after(pair[0], first) >= after(pair[1], second) - 1e-9


def test_a_short_turn_goes_partly_by_its_loud_moments() -> None:
    """Two words of one integrated loudness: the one with the louder moment gets the lower gain."""
    sentences = [segment(f"a{n}", 6, -20.0) for n in range(5)]
    even, peaky = segment("a8", 0.8, -20.0, loud=1.0), segment("a9", 0.8, -20.0, loud=3.0)
    *_, first, second = levels([*sentences, even, peaky])
    assert first.gain - second.gain == pytest.approx(0.4 * 2.0)
    assert second.gain == pytest.approx(-3.0)
    assert "in part by its loud moments" in first.reason


def test_a_word_too_short_to_have_a_loudness_is_levelled_too() -> None:
    sentences = [segment(f"a{n}", 6, -20.0) for n in range(5)]
    *_, shortest = levels([*sentences, segment("a8", 0.3, None, loud=4.0)])
    assert shortest.sounds == pytest.approx(-21.0 - 0.4 * SPREAD)
    assert shortest.gain + (shortest.sounds or 0.0) == pytest.approx(WORKING_LUFS)


def test_a_voice_has_a_spread_of_its_own() -> None:
    assert (
        spread([segment("a1", loud=4.0), segment("a2", loud=2.0), segment("a3", loud=2.5)]) == 2.5
    )
    assert spread([segment("a1", 1.0, loud=9.0)]) == pytest.approx(3.2)
    assert sounds(5.0, -20.0, -10.0, 3.0) == -20.0
    assert sounds(2.0, None, None, 3.0) is None


def test_without_long_segments_the_voice_goes_by_what_there_is() -> None:
    only_short = levels([segment("a1", 1.0, -30.0, loud=3.2), segment("a2", 1.2, -30.0, loud=3.2)])
    assert [round(level.gain, 6) for level in only_short] == [7.0, 7.0]
    silent = levels([Segment("c1", "c", 2.0, None, None)])
    assert silent[0].gain == 0.0
    assert silent[0].sounds is None


def test_a_whisper_is_raised_only_so_far() -> None:
    whisper = segment("a9", 6, -40.0)
    *_, level = levels([*(segment(f"a{n}", 6, -20.0) for n in range(5)), whisper])
    assert after(whisper, level) == pytest.approx(WORKING_LUFS - 20 + LARGEST_DB)


def test_what_the_user_asked_for_comes_on_top() -> None:
    plain, asked = levels([segment("a1"), segment("b1", voice_gain=1.5, turn_gain=-4.0)])
    assert asked.gain - plain.gain == pytest.approx(-2.5)
    assert "asked for -2.5 dB" in asked.reason


def test_every_decision_has_its_reason() -> None:
    drifted = levels([segment("a1"), segment("a2"), segment("a3", 6, -22.0)])[2]
    assert drifted.reason == "voice -3.0 dB; correction +2.0 dB"
    assert drifted.gain == pytest.approx(-1.0)
    assert levels([segment("a1")])[0].reason == "voice -3.0 dB"
