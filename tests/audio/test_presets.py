"""Mastering presets."""

from __future__ import annotations

import pytest

from podgen.audio.presets import MP3_BITRATES, names, preset
from podgen.errors import ScriptError


def test_the_houses_figures() -> None:
    figures = {name: (preset(name).loudness, preset(name).true_peak) for name in names()}
    assert figures == {
        "apple": (-16, -1),
        "apple-mono": (-19, -1),
        "spotify": (-14, -1),
        "ebu": (-23, -1),
        "aes": (-18, -1),
        "acx": (-20, -3),
    }
    acx = preset("acx")
    assert (acx.measure, acx.channels, acx.sample_rate) == ("rms", 1, 44100)
    assert acx.bitrate["mp3"] >= 192
    assert 0.5 <= acx.head <= 1 and 1 <= acx.tail <= 5
    assert acx.longest == 120 * 60


@pytest.mark.parametrize("name", names())
def test_mp3_never_below_its_full_sample_rate(name: str) -> None:
    own = preset(name)
    assert own.sample_rate >= 44100
    assert own.bitrate["mp3"] >= (96 if own.channels == 1 else 128)


def test_any_figure_can_be_overridden() -> None:
    own = preset("apple", {"loudness": -15.0, "bitrate": 128, "head": None, "channels": 1})
    assert (own.loudness, own.channels, own.head) == (-15.0, 1, preset("apple").head)
    assert dict(own.bitrate) == {"mp3": 128, "m4a": 128, "opus": 128}
    assert preset("apple", {"bitrate": {"mp3": 256}}).bitrate["opus"] == 96


@pytest.mark.parametrize("formats", [["mp3"], ["wav", "mp3"]])
def test_a_bit_rate_that_mp3_does_not_have_is_refused(formats: list[str]) -> None:
    with pytest.raises(ScriptError, match=r"mp3 has no bit rate of 130 kb/s; use one of 32, 40, 4"):
        preset("apple", {"bitrate": 130}, formats)
    with pytest.raises(ScriptError, match="mp3 has no bit rate of 130"):
        preset("apple", {"bitrate": {"mp3": 130}}, ["wav"])
    for rate in MP3_BITRATES:
        assert preset("apple", {"bitrate": rate}, formats).bitrate["mp3"] == rate


def test_a_bit_rate_for_all_leaves_formats_that_are_not_made() -> None:
    own = preset("apple-mono", {"bitrate": 130}, ["m4a", "opus"])
    assert dict(own.bitrate) == {"mp3": 96, "m4a": 130, "opus": 130}
    assert preset("apple-mono", {"bitrate": 320}, ["mp3"]).bitrate["opus"] == 64
    with pytest.raises(ScriptError, match="opus has no bit rate of 320 kb/s; use 256 or less"):
        preset("apple-mono", {"bitrate": 320}, ["opus"])
    assert preset("apple", {"bitrate": 320}, ["opus"]).bitrate["opus"] == 320


def test_what_no_master_could_have_is_refused() -> None:
    with pytest.raises(ScriptError, match="unknown preset itunes; one of apple, apple-mono"):
        preset("itunes")
    for wrong in (
        {"sample_rate": 24000},
        {"channels": 6},
        {"true_peak": 1.0},
        {"loudness": 0.0},
        {"volume": 3},
    ):
        with pytest.raises(ScriptError):
            preset("apple", wrong)


def test_a_bit_rate_that_the_aac_encoder_does_not_reach_is_refused() -> None:
    assert preset("ebu", {"bitrate": {"m4a": 320}}).bitrate["m4a"] == 320
    with pytest.raises(ScriptError, match="m4a has no bit rate of 400 kb/s; use 320 or less"):
        preset("ebu", {"bitrate": 400}, ["m4a"])
    # One channel of what was meant for two is made of what one can have.
    mono = preset("ebu", {"channels": 1})
    assert dict(mono.bitrate) == {"mp3": 256, "m4a": 160, "opus": 128}
    with pytest.raises(ScriptError, match="m4a has no bit rate of 256 kb/s; use 160 or less"):
        preset("ebu", {"channels": 1, "bitrate": {"m4a": 256}})
