"""Mastering presets."""

from __future__ import annotations

import pytest

from podgen.audio.presets import names, preset
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
    own = preset("apple", {"loudness": -15.0, "bitrate": 192, "head": None, "channels": 1})
    assert (own.loudness, own.channels, own.head) == (-15.0, 1, preset("apple").head)
    assert dict(own.bitrate) == {"mp3": 192, "m4a": 192, "opus": 192}
    assert preset("apple", {"bitrate": {"mp3": 256}}).bitrate["opus"] == 96


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
