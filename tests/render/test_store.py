"""The store of clips: whole or absent, checked, shared, prunable."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import struct
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.errors import MachineError
from podgen.files import whole_file
from podgen.render.sealed import CorruptError
from podgen.render.store import GRACE_SECONDS, Store

KEY = "ab" + "0" * 62


def tone(frames: int = 2400, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(np.arange(frames) * 0.1)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_clip_comes_back_as_it_was_stored_peaks_over_full_scale_included(store: Store) -> None:
    samples = tone(level=1.07)
    store.put("takes", KEY, samples, 24000, {"voice": "heart"})
    clip = store.get("takes", KEY)
    assert clip is not None
    assert clip.intact()
    np.testing.assert_array_equal(clip.read(), samples)
    assert (clip.sample_rate, clip.frames, clip.notes) == (24000, 2400, {"voice": "heart"})


def test_kinds_do_not_mix(store: Store) -> None:
    store.put("takes", KEY, tone(), 24000, {})
    assert store.get("dressed", KEY) is None


def _chunk(data: bytes) -> int:
    return data.index(b"pdgn")


HARMS = {
    "a sample": lambda d: d[:200] + bytes([d[200] ^ 1]) + d[201:],
    "the rate": lambda d: d[:24] + bytes([d[24] ^ 1]) + d[25:],
    "the size of the data": lambda d: (
        d[: d.index(b"data") + 4] + b"\x10\0\0\0" + d[d.index(b"data") + 8 :]
    ),
    "the record": lambda d: d.replace(b'"frames": 2400', b'"frames": 1200'),
    "the notes": lambda d: d.replace(b'"heart"', b'"xeart"'),
    "the record's digest": lambda d: d[:-40] + bytes([d[-40] ^ 1]) + d[-39:],
    "the mark": lambda d: d[:-1] + b"2",
    "the length": lambda d: d[:-12] + b"\xff\xff\xff\x7f" + d[-8:],
    "no length": lambda d: d[:-12] + b"\0\0\0\0" + d[-8:],
    "its end": lambda d: d[:-100],
    "its record": lambda d: d[: _chunk(d)],
    "its middle": lambda d: d[:1000] + d[2000:],
    "everything": lambda d: b"",
    "all but the head": lambda d: d[:44],
    "what it is": lambda d: b"\0" * len(d),
    "more behind it": lambda d: d + b"more",
    "its head": lambda d: b"RIFX" + d[4:],
}


def _believed(store: Store) -> bool:
    try:
        found = store.get("takes", KEY)
    except CorruptError:
        return False
    return found is not None and found.intact()


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_clip_is_never_taken_for_a_good_one(store: Store, harm: str) -> None:
    clip = store.put("takes", KEY, tone(), 24000, {"voice": "heart"})
    clip.path.write_bytes(HARMS[harm](clip.path.read_bytes()))
    assert not _believed(store)
    assert [intact for _, intact in store.verify()] == [False]
    store.put("takes", KEY, tone(), 24000, {"voice": "heart"})
    assert _believed(store)


@pytest.mark.parametrize("kind", ["pipe", "folder", "full folder", "link to nothing", "loop"])
def test_what_is_no_file_is_neither_waited_for_nor_in_the_way(store: Store, kind: str) -> None:
    path = store.put("takes", KEY, tone(), 24000, {}).path
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif "folder" in kind:
        path.mkdir()
        if kind == "full folder":
            (path / "x").write_text("x")
    else:
        path.symlink_to(path if kind == "loop" else path.with_name("nowhere"))
    assert not _believed(store)
    assert [intact for _, intact in store.verify()] == [False]
    store.put("takes", KEY, tone(), 24000, {})
    assert _believed(store)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_single_byte_can_change_unnoticed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        clip = store.put("takes", KEY, tone(100), 24000, {"seed": 7, "text": "words"})
        whole = bytearray(clip.path.read_bytes())
        at = data.draw(st.integers(8, len(whole) - 1))
        whole[at] ^= data.draw(st.integers(1, 255))
        clip.path.write_bytes(whole)
        assert not _believed(store)


def test_a_record_of_other_types_is_no_record(store: Store) -> None:
    clip = store.put("takes", KEY, tone(), 24000, {})
    data = clip.path.read_bytes()
    for wrong in (b"[" * 5000, b"{}", b"null", b'{"sample_rate": true}', b"\xff" * 9):
        text = wrong + b" " * (len(wrong) % 2)
        payload = text + hashlib.sha256(text).digest() + struct.pack("<I", len(text)) + b"podgen 1"
        clip.path.write_bytes(
            data[: _chunk(data)] + struct.pack("<4sI", b"pdgn", len(payload)) + payload
        )
        assert not _believed(store)


def test_the_bytes_of_a_clip_are_a_function_of_sound_and_notes_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.put("takes", KEY, tone(), 24000, {"a": 1, "b": 2}).path.read_bytes()
    monkeypatch.setattr(time, "time", lambda: 4e9)
    time.sleep(1.1)  # libsndfile writes the second of the clock into a float WAV
    second = store.put("takes", KEY, tone(), 24000, {"b": 2, "a": 1}).path.read_bytes()
    assert first == second


def test_any_reader_of_wav_reads_a_clip(store: Store) -> None:
    clip = store.put("takes", KEY, tone(2401), 24000, {"voice": "heart"})
    samples, rate = soundfile.read(clip.path, dtype="float32")
    assert (rate, len(samples)) == (24000, 2401)
    with clip.path.open("rb") as file:
        assert struct.unpack("<4sI", file.read(8)) == (b"RIFF", clip.path.stat().st_size - 8)


def test_a_full_disk_is_said_and_leaves_no_half_file(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(MachineError, match="no space left"):
        store.put("takes", KEY, tone(), 24000, {})
    assert not [path for path in store.root.rglob("*") if path.is_file()]


def test_prune_removes_the_longest_unused_and_spares_what_is_in_use(store: Store) -> None:
    keys = [f"{n:02x}" + "0" * 62 for n in range(4)]
    for age, key in enumerate(keys):
        clip = store.put("takes", key, tone(), 24000, {})
        used = time.time() - GRACE_SECONDS * age * 2
        os.utime(clip.path, (used, used))
    sizes = {entry.key: entry.size for entry in store.entries()}
    freed = store.prune(keep_bytes=sum(sizes.values()) - 1)
    assert freed == sizes[keys[3]]
    store.prune(keep_bytes=0)
    assert {entry.key for entry in store.entries()} == {keys[0]}


def test_reading_a_clip_counts_as_use(store: Store) -> None:
    clip = store.put("takes", KEY, tone(), 24000, {})
    os.utime(clip.path, (0, 0))
    store.get("takes", KEY)
    assert store.prune(unused_for=0) == 0


def _write_forever(root: Path) -> None:
    store = Store(root)
    while True:
        for n in range(64):
            store.put("takes", f"{n:02x}" + "0" * 62, tone(48000), 24000, {})


def test_writers_killed_at_any_moment_leave_only_whole_clips(tmp_path: Path) -> None:
    root = tmp_path / "store"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_forever, args=(root,)) for _ in range(2)]
    for writer in writers:
        writer.start()
    deadline = time.time() + 30
    while time.time() < deadline and len(list(Store(root).entries())) < 8:
        time.sleep(0.02)
    for writer in writers:
        assert writer.pid
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    verdicts = list(Store(root).verify())
    assert len(verdicts) >= 8
    assert all(intact for _, intact in verdicts)


def test_the_leavings_of_killed_writers_are_swept(store: Store) -> None:
    clip = store.put("takes", KEY, tone(), 24000, {})
    top = clip.path.parents[2]
    (top / ".writing-1-abcd.wav").write_bytes(b"x" * 100)
    with whole_file(clip.path, folder=top) as mine:
        mine.write_bytes(clip.path.read_bytes())
        assert store.sweep() == 100
    assert [path.name for path in top.glob(".*")] == []
    assert clip.intact()


def test_verifying_a_clip_does_not_count_as_use(store: Store) -> None:
    clip = store.put("takes", KEY, tone(), 24000, {})
    os.utime(clip.path, (0, 0))
    assert [intact for _, intact in store.verify()] == [True]
    assert store.prune(unused_for=GRACE_SECONDS) > 0


def test_clips_of_an_earlier_layout_are_not_believed_and_pruned(store: Store) -> None:
    old = store.root / "takes" / "ab" / f"{KEY}.wav"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"x" * 10)
    old.with_suffix(".json").write_text("{}")
    for path in (old, old.with_suffix(".json")):
        os.utime(path, (0, 0))
    assert store.get("takes", KEY) is None
    assert store.prune(unused_for=1e12) == 12
