"""The store of clips: whole or absent, checked, shared, prunable."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from podgen.errors import MachineError
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


@pytest.mark.parametrize("harm", ["flip", "shorten", "remove", "empty notes", "broken notes"])
def test_a_damaged_clip_is_never_taken_for_a_good_one(store: Store, harm: str) -> None:
    clip = store.put("takes", KEY, tone(), 24000, {})
    notes = clip.path.with_suffix(".json")
    data = bytearray(clip.path.read_bytes())
    match harm:
        case "flip":
            data[-5] ^= 1
            clip.path.write_bytes(data)
        case "shorten":
            clip.path.write_bytes(data[:-100])
        case "remove":
            clip.path.unlink()
        case "empty notes":
            notes.write_text("")
        case "broken notes":
            notes.write_text('{"frames": 1}')
    found = store.get("takes", KEY)
    assert found is None or not found.intact()


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
        os.utime(clip.path.with_suffix(".json"), (used, used))
    sizes = {entry.key: entry.size for entry in store.entries()}
    freed = store.prune(keep_bytes=sum(sizes.values()) - 1)
    assert freed == sizes[keys[3]]
    store.prune(keep_bytes=0)
    assert {entry.key for entry in store.entries()} == {keys[0]}


def test_reading_a_clip_counts_as_use(store: Store) -> None:
    clip = store.put("takes", KEY, tone(), 24000, {})
    os.utime(clip.path.with_suffix(".json"), (0, 0))
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
    # Two writers of one key may be cut between its two files; such a clip is told by its digest.
    whole = [entry.key for entry, intact in verdicts if intact]
    assert len(whole) >= len(verdicts) - 2


def test_the_leavings_of_killed_writers_are_swept(store: Store) -> None:
    clip = store.put("takes", KEY, tone(), 24000, {})
    stray = clip.path.with_name(".writing-1-abcd.wav")
    stray.write_bytes(b"x" * 100)
    os.utime(stray, (0, 0))
    assert store.prune(unused_for=1e12) == 100
    assert clip.intact()


def test_verifying_a_clip_does_not_count_as_use(store: Store) -> None:
    clip = store.put("takes", KEY, tone(), 24000, {})
    os.utime(clip.path.with_suffix(".json"), (0, 0))
    assert [intact for _, intact in store.verify()] == [True]
    assert store.prune(unused_for=GRACE_SECONDS) > 0
