"""A take made ready for the mix."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import sosfreqz

from podgen.audio import clip, loudness
from podgen.audio.clip import Band, Dressing, filters

from .material import RATE, db, noise, rms_db, speech, tone

ENGINE = 24000


PROGRAM = """
    import warnings
    from concurrent.futures import ThreadPoolExecutor
    import numpy as np
    from podgen.audio.clip import edit
    clip = np.random.default_rng(0).standard_normal(24000).astype(np.float32)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: list(edit(clip, 24000)), range(8)))
    assert not any(f[0] == "ignore" and f[1:4] == (None, Warning, None) for f in warnings.filters)
"""


def test_nothing_is_said_of_a_missing_ffmpeg_and_no_warning_is_turned_off(tmp_path: Path) -> None:
    """pydub warns when it is imported; dressing imports it from several threads at once."""
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", textwrap.dedent(PROGRAM)],
        env={**os.environ, "PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "ffmpeg" not in done.stderr


def dress(samples: np.ndarray, rate: int, dressing: Dressing) -> np.ndarray:
    return np.concatenate(list(clip.dress(samples, rate, dressing)) or [samples])


def edit(samples: np.ndarray, rate: int) -> np.ndarray:
    return np.concatenate(list(clip.edit(samples, rate)))


def padded(
    sound: np.ndarray, before: float, after: float, floor: float | None = None
) -> np.ndarray:
    whole = np.concatenate(
        [np.zeros(round(before * ENGINE)), sound, np.zeros(round(after * ENGINE))]
    ).astype(np.float32)
    if floor is not None:
        whole += noise(len(whole) / ENGINE, floor, rate=ENGINE)
    return whole


@pytest.mark.parametrize("floor", [None, -75.0, -50.0])
@pytest.mark.parametrize("lufs", [-36.0, -20.0])
def test_silence_at_both_ends_goes_whatever_the_level_and_the_noise(
    floor: float | None, lufs: float
) -> None:
    if floor is not None and floor > lufs - 25:
        floor = lufs - 25
    voice = speech(2, rate=ENGINE, lufs=lufs)
    trimmed = edit(padded(voice, 0.7, 1.1, floor), ENGINE)
    kept = len(trimmed) / ENGINE
    assert 2.0 <= kept <= 2.25


def test_pauses_within_a_clip_stay() -> None:
    voice = speech(1, rate=ENGINE)
    whole = np.concatenate([voice, np.zeros(ENGINE, np.float32), voice])
    assert len(edit(whole, ENGINE)) == pytest.approx(3 * ENGINE, abs=ENGINE * 0.05)


def test_a_soft_onset_before_the_voice_is_kept() -> None:
    """An f or an h lies 30 dB and more below the vowel after it."""
    voice = speech(1, rate=ENGINE, lufs=-20.0)
    breath = noise(0.03, -60.0, rate=ENGINE)
    onset = padded(np.concatenate([breath, voice]), 0.5, 0.5)
    trimmed = edit(onset, ENGINE)
    first = int(np.argmax(np.abs(trimmed) > 0.02))
    burst = trimmed[first - round(0.025 * ENGINE) : first - round(0.005 * ENGINE)]
    assert rms_db(burst) == pytest.approx(-60, abs=3)


def test_peaks_over_full_scale_pass_unharmed() -> None:
    hot = tone(1, 200, db(1.07), rate=ENGINE)
    dressed = dress(hot, ENGINE, Dressing(rate=ENGINE))
    middle = slice(2000, -2000)
    assert np.abs(dressed).max() == pytest.approx(1.07, abs=1e-4)
    assert np.abs(dressed[middle] - hot[middle]).max() < 1e-6


def test_the_edges_are_faded() -> None:
    dressed = dress(tone(1, 440, -6.0, rate=ENGINE), ENGINE, Dressing(rate=RATE))
    assert abs(dressed[0]) < 0.002
    assert abs(dressed[-1]) < 0.002
    assert rms_db(dressed[RATE // 4 : -RATE // 4]) == pytest.approx(-9.0, abs=0.1)


def test_a_silent_take_comes_back_whole() -> None:
    silent = np.full(ENGINE, 1e-5, np.float32)
    assert len(dress(silent, ENGINE, Dressing(rate=ENGINE))) == ENGINE
    assert len(dress(np.zeros(0, np.float32), ENGINE, Dressing(rate=ENGINE))) == 0


@pytest.mark.parametrize("rate", [44100, 48000])
def test_resampling_keeps_pitch_level_and_length(rate: int) -> None:
    dressed = dress(tone(2, 1000, -12.0, rate=ENGINE), ENGINE, Dressing(rate=rate, trim=False))
    assert len(dressed) == pytest.approx(2 * rate, abs=2)
    assert dressed.dtype == np.float32
    spectrum = np.abs(np.fft.rfft(dressed * np.hanning(len(dressed))))
    assert np.argmax(spectrum) * rate / len(dressed) == pytest.approx(1000, abs=1)
    assert rms_db(dressed[rate // 2 : -rate // 2]) == pytest.approx(-15.01, abs=0.02)
    images = spectrum[round(12500 * len(dressed) / rate) :]
    assert db(images.max() / spectrum.max()) < -110


def response(dressing: Dressing, frequencies: list[float]) -> list[float]:
    _, h = sosfreqz(filters(dressing, ENGINE), worN=frequencies, fs=ENGINE)
    return [db(abs(value)) for value in h]


def test_the_highpass_is_second_order() -> None:
    low, corner, high = response(Dressing(RATE, highpass=80), [20, 80, 1000])
    assert low == pytest.approx(-24.1, abs=0.3)
    assert corner == pytest.approx(-3.01, abs=0.05)
    assert high == pytest.approx(0, abs=0.01)


def test_bands_do_what_they_say() -> None:
    peak = Dressing(RATE, eq=(Band(3000, 4.0, 1.0),))
    assert response(peak, [50, 3000]) == pytest.approx([0, 4.0], abs=0.05)
    low = Dressing(RATE, eq=(Band(200, -6.0, kind="lowshelf"),))
    assert response(low, [10, 200, 5000]) == pytest.approx([-6, -3, 0], abs=0.1)
    high = Dressing(RATE, eq=(Band(6000, 3.0, kind="highshelf"),))
    assert response(high, [100, 6000, 11900]) == pytest.approx([0, 1.5, 3], abs=0.1)


def test_filters_are_heard_in_the_clip_and_a_band_out_of_reach_is_left_out() -> None:
    rumble = tone(2, 30, -12.0, rate=ENGINE) + tone(2, 1000, -12.0, rate=ENGINE)
    plain = dress(rumble, ENGINE, Dressing(rate=ENGINE))
    cut = dress(rumble, ENGINE, Dressing(rate=ENGINE, highpass=120, eq=(Band(15000, 12.0),)))
    assert rms_db(plain) == pytest.approx(-12, abs=0.3)
    assert rms_db(cut) == pytest.approx(-15, abs=0.3)


@pytest.mark.parametrize("rate", [22050, 24000])
def test_a_clip_in_blocks_is_the_same_to_the_bit(
    monkeypatch: pytest.MonkeyPatch, rate: int
) -> None:
    rng = np.random.default_rng(3)
    voice = np.concatenate([speech(4, rate=rate), rng.standard_normal(2 * rate) * 0.1])
    samples = np.pad(voice, (3 * rate + 7, 2 * rate)).astype(np.float32)
    dressing = Dressing(RATE, highpass=80, eq=(Band(3000, 3.0),))
    whole = dress(samples, rate, dressing)
    measured = loudness.measure(whole, RATE)
    for module in (clip, loudness):
        monkeypatch.setattr(module, "BLOCK_SECONDS", 1)
    assert np.array_equal(dress(samples, rate, dressing), whole)
    again = loudness.measure(whole, RATE)
    assert again.loudness == pytest.approx(measured.loudness, abs=1e-9)
    assert again.loud == pytest.approx(measured.loud, abs=1e-9)
    assert again.floor == measured.floor
