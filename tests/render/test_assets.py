"""What `podgen check` says of music, effects and figures before anything is rendered."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from podgen.audio import asset
from podgen.render.assets import asset_problems
from podgen.show import load_show
from tests.conftest import CommandLine

pytest.importorskip("hibari", reason="the draft engine is not installed")

WriteShow = Callable[..., Path]
ITEMS = ["- music: bad.mp3", ("ADA", "Hello."), "- sound: good.wav", "- sound: bad.mp3"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "bad.mp3").write_bytes(b"an HTML page, saved under the wrong name")
    soundfile.write(tmp_path / "good.wav", np.zeros(441), 44100)
    return tmp_path


def test_what_is_no_audio_is_found_before_rendering(
    podgen: CommandLine, write_show: WriteShow, files: Path
) -> None:
    run = podgen("check", "-e", "hibari", write_show(ITEMS))
    assert run.code == 2
    for line in (4, 7):
        assert f"show.yaml:{line}:3: {files / 'bad.mp3'} is not audio that ffmpeg can" in run.err
    assert "good.wav" not in run.err


def test_each_file_is_opened_once(
    write_show: WriteShow, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    probe = asset.probe
    monkeypatch.setattr(asset, "probe", lambda path: (opened.append(path.name), probe(path))[1])
    show = load_show(write_show(ITEMS * 5))
    assert len(asset_problems(show)) == 10
    assert sorted(opened) == ["bad.mp3", "good.wav"]


def test_without_ffmpeg_a_check_says_nothing_of_audio(
    write_show: WriteShow, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODGEN_FFMPEG", str(files / "no-such-program"))
    assert asset_problems(load_show(write_show(ITEMS))) == []


def test_a_bit_rate_that_mp3_lacks_is_found_before_rendering(
    podgen: CommandLine, write_show: WriteShow
) -> None:
    turns, head = [("ADA", "Hello.")], "mastering: {bitrate: 130}\ndeliverables: [FORMAT]"
    run = podgen("check", "-e", "hibari", write_show(turns, head.replace("FORMAT", "wav, mp3")))
    assert run.code == 2
    assert "show.yaml:2:1: mp3 has no bit rate of 130 kb/s; use one of 32, 40, 48" in run.err
    run = podgen("check", "-e", "hibari", write_show(turns, head.replace("FORMAT", "opus")))
    assert run.code == 0, run.err


def test_a_long_show_with_music_is_checked_quickly(write_show: WriteShow, files: Path) -> None:
    lines = [("ADA", f"Line number {n}.") for n in range(5000)]
    show = load_show(write_show(["- music: good.wav", *lines]))
    began = time.process_time()
    assert asset_problems(show) == []
    assert time.process_time() - began < 1.0
