"""Running ffmpeg: which one, what goes in and out, and what is left when it goes wrong."""

from __future__ import annotations

import itertools
import logging
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from podgen.audio import ffmpeg
from podgen.audio.ffmpeg import FfmpegError, Job
from podgen.errors import MachineError

RAW = ["-f", "f32le", "-ar", "44100", "-ac", "1"]


def started() -> list[psutil.Process]:
    """The ffmpegs of this process; multiprocessing may have helpers of its own beside them."""
    return [child for child in psutil.Process().children() if "ffmpeg" in child.name()]


@pytest.fixture
def tidy() -> Iterator[None]:
    """Nothing may be left over: no process (nor zombie), thread or descriptor."""
    ffmpeg.find()
    descriptors = len(list(Path("/dev/fd").iterdir()))
    threads = threading.active_count()
    yield
    assert started() == []
    assert threading.active_count() == threads
    assert len(list(Path("/dev/fd").iterdir())) == descriptors


def fake(folder: Path, avfilter: int) -> Path:
    program = folder / "ffmpeg"
    lines = (
        f"ffmpeg version 3.4.1 Copyright\nlibavfilter     {avfilter}. 40.101 /  {avfilter}. 40.101"
    )
    program.write_text(f"#!/bin/sh\ncat <<'.'\n{lines}\n.\n")
    program.chmod(0o755)
    return program


def test_the_packaged_ffmpeg_comes_first_and_the_systems_if_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ffmpeg.ENVIRONMENT, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program = fake(tmp_path, avfilter=9)
    packaged = ffmpeg.find()
    assert (packaged.origin, packaged.path) != ("the system's", str(program))
    assert packaged.libavfilter >= ffmpeg.MIN_LIBAVFILTER
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    ffmpeg._find.cache_clear()
    assert ffmpeg.find().path == str(program)
    fake(tmp_path, avfilter=6)
    ffmpeg._find.cache_clear()
    with pytest.raises(MachineError, match="too old"):
        ffmpeg.find()
    ffmpeg._find.cache_clear()


@pytest.mark.parametrize("avfilter", [None, 6])
def test_a_chosen_ffmpeg_must_run_and_be_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, avfilter: int | None
) -> None:
    chosen = tmp_path / "none" if avfilter is None else fake(tmp_path, avfilter)
    monkeypatch.setenv(ffmpeg.ENVIRONMENT, str(chosen))
    with pytest.raises(MachineError, match=f"{ffmpeg.ENVIRONMENT}={chosen}.*; set it to"):
        ffmpeg.find()


def test_without_any_ffmpeg_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ffmpeg.ENVIRONMENT, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    ffmpeg._find.cache_clear()
    with pytest.raises(MachineError, match="pip install imageio-ffmpeg"):
        ffmpeg.find()
    ffmpeg._find.cache_clear()


def test_inputs_and_side_outputs_go_through_pipes(tidy: None) -> None:
    rng = np.random.default_rng(0)
    one, two = rng.standard_normal((2, 300_000)).astype(np.float32)
    aside: list[bytes] = []
    with Job() as job:
        arguments = [*RAW, "-i", job.feed(np.split(one, 3)), *RAW, "-i", job.feed([two])]
        arguments += ["-filter_complex", "amix=inputs=2:normalize=0,asplit[a][b]"]
        arguments += ["-map", "[a]", *RAW, "pipe:1", "-map", "[b]", *RAW, job.drain(aside.append)]
        blocks = list(job.stream(arguments, 4096))
    assert {len(block) for block in blocks[:-1]} == {4096}
    assert np.array_equal(np.frombuffer(b"".join(blocks), np.float32), one + two)
    assert b"".join(aside) == b"".join(blocks)


def test_an_early_death_is_an_error_with_its_reason(tidy: None) -> None:
    endless = (np.zeros(100_000, np.float32) for _ in itertools.count())
    with pytest.raises(FfmpegError, match="exit code") as caught, Job() as job:
        job.run([*RAW, "-i", job.feed(endless), "-af", "nosuchfilter", "-f", "null", "-"])
    assert "nosuchfilter" in caught.value.tail
    assert caught.value.exit_code == 4


def test_an_error_in_what_is_fed_ends_the_run_and_is_raised(tidy: None) -> None:
    def failing() -> Iterator[np.ndarray]:
        yield np.zeros(100_000, np.float32)
        raise LookupError("the clip")

    with pytest.raises(LookupError, match="the clip"), Job() as job:
        job.run([*RAW, "-i", job.feed(failing()), "-f", "null", "-"])


def test_an_error_in_a_side_output_is_raised(tidy: None) -> None:
    def consume(data: bytes) -> None:
        raise LookupError("unreadable")

    with pytest.raises(LookupError), Job() as job:
        side = job.drain(consume)
        job.run(["-f", "lavfi", "-i", "sine=duration=60", *RAW, side])


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ZeroDivisionError])
def test_whoever_stops_reading_leaves_no_process(
    tidy: None, interruption: type[BaseException]
) -> None:
    endless = (np.zeros(100_000, np.float32) for _ in itertools.count())
    with pytest.raises(interruption), Job() as job:
        for _ in job.stream([*RAW, "-i", job.feed(endless), *RAW, "pipe:1"], 1 << 16):
            raise interruption


def test_a_generator_that_is_dropped_ends_its_ffmpeg(tidy: None) -> None:
    blocks = ffmpeg.stream(["-f", "lavfi", "-i", "sine", *RAW, "pipe:1"], 1 << 16)
    next(blocks)
    assert len(started()) == 1
    blocks.close()


def test_a_chain_of_two_ends_from_either_side(tidy: None) -> None:
    source = ["-f", "lavfi", "-i", "sine", *RAW, "pipe:1"]

    def sound() -> Iterator[np.ndarray]:
        for data in ffmpeg.stream(source, 1 << 16):
            yield np.frombuffer(data, np.float32)

    with pytest.raises(FfmpegError), Job() as job:
        job.run([*RAW, "-i", job.feed(sound()), "-c:a", "nosuchcodec", "-f", "null", "-"])
    deadline = time.monotonic() + 10
    while started() and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("codec", ["libmp3lame", "flac", "pcm_s24le"])
def test_a_full_disk_says_so(tidy: None, codec: str) -> None:
    form = {"libmp3lame": "mp3", "flac": "flac", "pcm_s24le": "wav"}[codec]
    source = ["-f", "lavfi", "-i", "anoisesrc=duration=20:sample_rate=44100"]
    with pytest.raises(FfmpegError, match="disk is full; free some space"):
        ffmpeg.run([*source, "-c:a", codec, "-f", form, "-y", "/dev/full"])


def test_the_command_is_logged_as_one_could_type_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "podgen.audio.ffmpeg"):
        ffmpeg.run(
            [
                "-f",
                "lavfi",
                "-i",
                "sine=duration=0.1",
                "-af",
                "volume=2, volume=1",
                "-f",
                "null",
                "-",
            ]
        )
    assert "-af 'volume=2, volume=1' -f null -" in caplog.text
