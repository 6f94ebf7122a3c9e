"""`podgen clip`: a few turns to hear, or to see with captions over the cover."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from podgen.audio import ffmpeg
from podgen.audio.recording import decode
from tests.audio.material import RATE, speech
from tests.conftest import CommandLine

pytestmark = pytest.mark.common_store

TURNS = [
    "- EVA: {id: one, audio: eva.wav, text: The first.}",
    "- BEN: {id: two, audio: ben.wav, text: 'The {second}, with a \\ in it.'}",
    "- EVA: {id: three, audio: eva.wav, text: The third.}",
]


@pytest.fixture
def show(tmp_path: Path, write_show: Callable[..., Path], cover: Path) -> Path:
    soundfile.write(tmp_path / "eva.wav", speech(2.0, 1), RATE)
    soundfile.write(tmp_path / "ben.wav", speech(1.0, 2), RATE)
    return write_show(TURNS, "cast: {EVA: {}, BEN: {}}\ncover: cover.png")


def frame(film: Path, seconds: float) -> np.ndarray:
    """A grey picture of a film."""
    with ffmpeg.Job() as job:
        arguments = ["-ss", str(seconds), "-i", str(film), "-frames:v", "1", "-f", "rawvideo"]
        data = b"".join(job.stream([*arguments, "-pix_fmt", "gray", "pipe:1"], 1 << 16))
    return np.frombuffer(data, np.uint8).reshape(1080, 1080).astype(int)


def test_turns_to_hear(podgen: CommandLine, show: Path) -> None:
    run = podgen("clip", show, "two..three", "-o", "out/teaser.mp3", "--json")
    assert run.code == 0, run.err
    told = run.events[-1]
    samples, rate = decode(podgen.folder / "out/teaser.mp3")
    assert len(samples) / rate == pytest.approx(told["end"] - told["start"], abs=0.06)
    assert 3.5 < len(samples) / rate < 4.5
    middle = samples[rate : 3 * rate]
    assert 20 * np.log10(np.sqrt(np.square(middle).mean())) > -30


def test_a_film_has_cover_waveform_and_captions(podgen: CommandLine, show: Path) -> None:
    run = podgen("clip", show, "two", "-o", "teaser.mp4")
    assert run.code == 0, run.err
    film = podgen.folder / "teaser.mp4"
    still, later = frame(film, 0.0), frame(film, 0.8)
    captions = later[900:1020] - still[900:1020]
    assert (captions > 100).sum() > 500  # white letters over the dark band
    assert (later[690:840] > 128).sum() > 500  # the waveform
    samples, rate = decode(film)
    assert 1.0 < len(samples) / rate < 2.0


def test_what_cannot_be_clipped_is_said(podgen: CommandLine, show: Path) -> None:
    for turns, output, says in (
        ("three..one", "x.mp3", "turn one comes before three; write one..three"),
        ("tow", "x.mp3", "did you mean two?"),
        ("one", "x.avi", "end its name in one of .mp3, .wav, .flac, .m4a, .opus, .mp4"),
    ):
        run = podgen("clip", show, turns, "-o", output)
        assert run.code == 2 and says in run.err, run.err
