"""An MP3 heard while it is written: measured as the finished file is, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from mutagen.id3 import APIC, ID3, TIT2

from podgen.audio import ahead, hearing
from podgen.audio.ahead import Ahead, read_info
from podgen.audio.encode import encode
from podgen.audio.ffmpeg import Job
from podgen.audio.presets import preset
from podgen.audio.verify import verify

from .material import RATE, Floats, speech

OWN = preset("apple")
TOTAL = 5 * RATE + 7


def blocks() -> Iterator[Floats]:
    left = speech(5.1, lufs=-19)[:TOTAL]
    yield from np.array_split(np.stack([left, left * np.float32(0.7)], axis=1), 7)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ahead, bytes]:
    """An MP3 that was heard while it was written, and has tags since."""
    path = tmp_path_factory.mktemp("ahead") / "a.mp3"
    with Ahead(path, OWN, TOTAL) as listening:
        encode(blocks(), OWN, {"mp3": path})
    tags = ID3()
    tags.add(TIT2(text=["An episode"]))
    tags.add(APIC(mime="image/png", type=3, data=b"\xff\xfb" * 9000))
    tags.save(path)
    return listening, path.read_bytes()


def test_what_was_heard_is_what_the_finished_file_holds(written: tuple[Ahead, bytes]) -> None:
    listening, data = written
    path = listening.path
    path.write_bytes(data)
    heard = listening.heard()
    assert heard is not None
    assert verify(path, "mp3", OWN, TOTAL, heard=heard) == verify(path, "mp3", OWN, TOTAL)


def test_it_is_heard_before_it_is_all_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def measured(job: Job, node: object, rate: int, channels: int, tell: hearing.Hears) -> object:
        return hearing.measured(job, node, rate, channels, lambda seconds: begun.set())

    def waiting() -> Iterator[Floats]:
        yield from [*blocks()] * 4
        assert begun.wait(60)
        yield from blocks()

    monkeypatch.setattr(ahead, "measured", measured)
    path = tmp_path / "a.mp3"
    with Ahead(path, OWN, 5 * TOTAL) as listening:
        encode(waiting(), OWN, {"mp3": path})
    assert listening.heard() is not None


def cut(data: bytearray) -> None:
    del data[-9000:]


def longer(data: bytearray) -> None:
    data.extend(data[-9000:])


def flipped(data: bytearray) -> None:
    data[-20_000] ^= 1


def dropped(data: bytearray) -> None:
    frame = data.rindex(data[-522:][:2], 0, -9000)
    del data[frame : frame + 522]


def other_padding(data: bytearray) -> None:
    data[data.index(b"Info") + 143] ^= 1


def other_delay(data: bytearray) -> None:
    data[data.index(b"Info") + 141] ^= 1


def without_info(data: bytearray) -> None:
    at = data.index(b"Info")
    data[at : at + 4] = b"Nope"


@pytest.mark.parametrize(
    "harm", [cut, longer, flipped, dropped, other_padding, other_delay, without_info]
)
def test_a_file_that_is_another_was_not_heard(
    written: tuple[Ahead, bytes], harm: Callable[[bytearray], None]
) -> None:
    listening, data = written
    spoilt = bytearray(data)
    harm(spoilt)
    listening.path.write_bytes(spoilt)
    assert listening.heard() is None


def test_a_file_that_is_no_mp3_was_not_heard(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    with Ahead(path, OWN, TOTAL) as listening:
        path.write_bytes(b"ID3" + bytes(50_000))
    assert listening.heard() is None
    with path.open("rb") as file:
        assert read_info(file) is None


def test_a_failed_encoding_ends_the_hearing(tmp_path: Path) -> None:
    def failing() -> Iterator[Floats]:
        yield from blocks()
        raise OSError("planted")

    before = threading.active_count()
    with pytest.raises(OSError, match="planted"), Ahead(tmp_path / "a.mp3", OWN, TOTAL):
        encode(failing(), OWN, {"mp3": tmp_path / "a.mp3"})
    assert threading.active_count() == before
