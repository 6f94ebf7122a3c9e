"""Recordings to clone from: made ready, or refused with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

from podgen.engines.voxtral.cloning.recording import LONGEST, RATE, prepare
from podgen.errors import EngineError
from tests.support.talking import talk, write


def refusal(path: Path) -> str:
    with pytest.raises(EngineError) as caught:
        prepare(path)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_it_is_trimmed_made_mono_resampled_and_levelled(tmp_path: Path) -> None:
    rate = 44100
    speech = talk(4.0, rate=rate)
    quiet = 1e-4 * np.random.default_rng(1).standard_normal(rate).astype(np.float32)
    whole = np.concatenate([quiet, speech, quiet, quiet])
    path = write(tmp_path / "a.wav", np.stack([whole, whole], axis=1), rate)
    made = prepare(path)
    assert 3.2 < made.seconds < 4.2
    assert made.notes == ("made mono", "44100 Hz to 24000", "silence trimmed")
    for wanted in (-30.0, -23.0):
        levelled = made.at(wanted)
        assert levelled.dtype == np.float32 and np.abs(levelled).max() < 1
        found = pyloudnorm.Meter(RATE).integrated_loudness(levelled.astype(float))
        assert found == pytest.approx(wanted, abs=0.2)


@pytest.mark.parametrize("other", [0.0, -1.0])
def test_a_channel_that_is_silent_or_turned_over_takes_nothing_away(
    tmp_path: Path, other: float
) -> None:
    speech = talk(4.0)
    path = write(tmp_path / "a.wav", np.stack([speech, other * speech], axis=1))
    alone = prepare(write(tmp_path / "b.wav", speech))
    made = prepare(path).at(-23.0)
    np.testing.assert_allclose(np.abs(made), np.abs(alone.at(-23.0)), atol=1e-3)


def test_a_long_one_ends_in_a_pause(tmp_path: Path) -> None:
    made = prepare(write(tmp_path / "a.wav", talk(40.0)))
    assert LONGEST / 2 < made.seconds < LONGEST
    assert any("cut at a pause" in note for note in made.notes)
    assert np.abs(made.samples[-240:]).max() < 0.02 < np.abs(made.samples).max()


def test_what_is_not_fit_is_refused_with_the_reason(tmp_path: Path) -> None:
    speech = talk(5.0)
    noise = np.random.default_rng(2).standard_normal(len(speech)).astype(np.float32)
    loud = np.clip(8 * speech, -0.9, 0.9)
    faults = {
        "1.": talk(1.5),
        "silent": np.zeros(5 * RATE, np.float32),
        "clipped": loud,
        "clipped: ": 0.3 * loud,
        "noisy": speech + 0.02 * noise,
        "two speakers": np.concatenate([talk(5.0, 100.0), talk(5.0, 210.0, 3)]),
        "no numbers": np.full(3 * RATE, np.nan, np.float32),
    }
    for number, (told, sound) in enumerate(faults.items()):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, sound, RATE, subtype="FLOAT")
        assert told in refusal(path)
    assert "8000 Hz" in refusal(write(tmp_path / "low.wav", talk(5.0, rate=8000), 8000))
    (tmp_path / "x.wav").write_text("no sound")
    assert "no audio" in refusal(tmp_path / "x.wav")
    assert "cannot be read" in refusal(tmp_path / "nowhere.wav")
