"""What an episode sounds like, measured in its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import CommandLine

pytest.importorskip("hibari", reason="the draft engine is not installed")
pytestmark = pytest.mark.common_store

Write = Callable[..., Path]
TURNS = [
    ("ADA", "Good morning, and welcome to the programme, which is about nothing but the rain."),
    ("BEN", "No."),
    ("ADA", "Yes, I am afraid it is, from now until the end of the hour, and after that as well."),
    ("BEN", "Rain is what we have most of, so somebody had better talk about it at some length."),
]


def decoded(podgen: CommandLine, script: Path, name: str = "out.wav") -> np.ndarray:
    run = podgen("render", "-e", "hibari", script, "-o", name)
    assert run.code == 0, run.err
    return soundfile.read(podgen.folder / name, dtype="float32", always_2d=True)[0]


def tenths(samples: np.ndarray) -> np.ndarray:
    """dBFS of each 100 ms."""
    whole = samples[: len(samples) // 4410 * 4410].reshape(-1, 4410 * samples.shape[1])
    return 10 * np.log10(np.square(whole, dtype=np.float64).mean(axis=1) + 1e-20)


@pytest.mark.parametrize("preset", ["apple", "acx"])
def test_no_programme_falls_into_nothing(
    podgen: CommandLine, write_show: Write, preset: str
) -> None:
    samples = decoded(podgen, write_show(TURNS, f"mastering: {preset}"))
    inside = tenths(samples)[1:-1]
    assert inside.min() > -80
    assert np.sort(inside)[:3].max() < -62
    quiet = tenths(samples)[-5:-1]  # the tail, where nobody speaks
    assert quiet.max() - quiet.min() < 3


def test_a_show_may_want_silence(podgen: CommandLine, write_show: Write) -> None:
    samples = decoded(podgen, write_show(TURNS, "room_tone: false"))
    assert np.abs(samples[-4410:]).max() == 0


def test_a_show_may_bring_its_own_room(podgen: CommandLine, write_show: Write) -> None:
    rng = np.random.default_rng(5)
    seconds = np.arange(3 * 44100) / 44100
    hum = 0.02 * np.sin(2 * np.pi * 120 * seconds) + 0.001 * rng.standard_normal(len(seconds))
    soundfile.write(podgen.folder / "room.flac", hum, 44100)
    samples = decoded(podgen, write_show(TURNS, "room_tone: room.flac"))
    tail = samples[-30000:-6000].sum(axis=1)
    spectrum = np.abs(np.fft.rfft(tail * np.hanning(len(tail))))
    loudest = np.argmax(spectrum) * 44100 / len(tail)
    assert loudest == pytest.approx(120, abs=3)
    assert -76 < tenths(samples)[-4:-1].mean() < -62


def test_a_room_without_sound_is_refused(podgen: CommandLine, write_show: Write) -> None:
    soundfile.write(podgen.folder / "room.flac", np.zeros(44100 * 2), 44100)
    run = podgen("render", "-e", "hibari", write_show(TURNS, "room_tone: room.flac"))
    assert run.code == 2
    assert "show.yaml:2:12: room.flac is no room tone: it is silent" in run.err
    run = podgen("check", "-e", "hibari", write_show(TURNS, "room_tone: show.yaml"))
    assert run.code == 2
    assert "show.yaml:2:12: " in run.err
