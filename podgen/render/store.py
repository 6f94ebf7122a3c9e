"""The store of clips: content-addressed files that hold sound and record in one.

A clip is one file, `<key>.wav`, under `<root>/<layout>/<kind>/<first two digits>/`; see `sealed`.
It is written under a temporary name and renamed, so a clip exists whole or not at all, whatever
kills the writer and however many renders share the store.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from podgen.audio.samples import Samples, reading
from podgen.files import make_folder, remove, sweep, whole_file
from podgen.render import sealed
from podgen.render.sealed import CorruptError

Kind = Literal["takes", "dressed", "limited", "assets", "proofs"]
"""`takes` are as an engine spoke them; `dressed` are trimmed, equalised, at the mix rate; `limited`
are those with their peaks down; `assets` are music and effects at the mix rate; `proofs` are what
was heard of takes, no sound but the embeddings of its voice."""
KINDS: tuple[Kind, ...] = get_args(Kind)

LAYOUT = "2"
"""The folder of this layout in the store. Clips of an earlier one are not believed; pruning removes
them."""
STORE_VARIABLE = "PODGEN_STORE"
GRACE_SECONDS = 3600.0
"""What was used within this time is never pruned: a render may be about to read it."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A stored clip: float32 samples at `sample_rate`, mono but for assets, and its notes."""

    kind: Kind
    key: str
    path: Path
    record: sealed.Record

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return self.record.sample_rate

    @property
    def frames(self) -> int:
        """Samples of each channel."""
        return self.record.frames

    @property
    def digest(self) -> str:
        """SHA-256 of the sound."""
        return self.record.digest

    @property
    def notes(self) -> Mapping[str, Any]:
        """What its maker noted of it."""
        return self.record.notes

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.frames / self.sample_rate

    def samples(self) -> contextlib.AbstractContextManager[Samples]:
        """Its samples, shape [frames], to be read by slices for as long as the block lasts."""
        return reading(self.path)

    def read(self) -> npt.NDArray[np.float32]:
        """All samples, shape [frames]."""
        with self.samples() as samples:
            whole: npt.NDArray[np.float32] = samples[:]
        return whole

    def intact(self) -> bool:
        """Whether its sound still has the digest it was stored with."""
        return sealed.intact(self.path, self.record)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is on disk under one key: bytes and the time it was last used (seconds, epoch)."""

    kind: Kind
    key: str
    size: int
    used: float


def default_root() -> Path:
    """`$PODGEN_STORE`, else `store` in the user's cache directory."""
    if chosen := os.environ.get(STORE_VARIABLE):
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("podgen")) / "store"


class Store:
    """Clips under `root`, which is made when the first one lands."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else default_root()

    def exists(self) -> bool:
        """Whether there is a store, of this layout or an earlier one."""
        return any((self.root / name).is_dir() for name in (LAYOUT, *KINDS))

    def get(self, kind: Kind, key: str) -> Clip | None:
        """The clip under `key`, or None; marks it as used. Its sound's digest is not checked here.

        Raises:
            CorruptError: what is there is no clip, or its record is damaged.
        """
        path = self._path(kind, key)
        try:
            clip = Clip(kind, key, path, sealed.read_record(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CorruptError(str(error)) from error
        with contextlib.suppress(OSError):
            os.utime(path)
        return clip

    def put(
        self,
        kind: Kind,
        key: str,
        samples: npt.NDArray[np.float32],
        sample_rate: int,
        notes: Mapping[str, Any],
    ) -> Clip:
        """Store mono samples, shape [frames], under `key`, replacing what was there.

        Raises:
            MachineError: the disk is full or the store cannot be written.
        """

        def write(path: Path) -> Mapping[str, Any]:
            sealed.write_wav(path, [samples], sample_rate, len(samples))
            return notes

        return self.add(kind, key, write)

    def add(self, kind: Kind, key: str, write: Callable[[Path], Mapping[str, Any]]) -> Clip:
        """Store the float WAV that `write` makes at the path it is given, with the notes that it
        answers; like `put`."""
        path = self._path(kind, key)
        with whole_file(path, folder=self._top()) as temporary:
            record = sealed.seal(temporary, write(temporary))
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
        return Clip(kind, key, path, record)

    def discard(self, kind: Kind, key: str) -> int:
        """Remove a clip, or what stands in its place; the bytes freed."""
        return remove(self._path(kind, key))

    def sweep(self) -> int:
        """Remove what killed writers left; the bytes freed."""
        return sweep(self.root / LAYOUT)

    def entries(self) -> Iterator[Entry]:
        """Every clip on disk, in no particular order."""
        for kind in KINDS:
            for path in (self.root / LAYOUT / kind).glob("??/*.wav"):
                with contextlib.suppress(OSError):
                    found = path.lstat()
                    yield Entry(kind, path.stem, found.st_size, found.st_mtime)

    def verify(self) -> Iterator[tuple[Entry, bool]]:
        """Every clip with whether record and digest still hold; does not count as use."""
        for entry in self.entries():
            path = self._path(entry.kind, entry.key)
            try:
                yield entry, sealed.intact(path, sealed.read_record(path))
            except FileNotFoundError:
                continue  # pruned meanwhile
            except (OSError, CorruptError):
                yield entry, False

    def prune(self, *, keep_bytes: int | None = None, unused_for: float | None = None) -> int:
        """Remove clips, longest unused first; the bytes freed.

        Args:
            keep_bytes: remove until the store is at most this large.
            unused_for: remove what was not used for this many seconds.

        Clips used within the last hour stay, and files of killed renders go after it.
        """
        now = time.time()
        freed = self.sweep() + self._remove_earlier(now)
        entries = sorted(self.entries(), key=lambda entry: (entry.used, entry.key))
        total = sum(entry.size for entry in entries)
        for entry in entries:
            idle = now - entry.used
            too_old = unused_for is not None and idle > unused_for
            too_much = keep_bytes is not None and total > keep_bytes
            if idle > GRACE_SECONDS and (too_old or too_much):
                self.discard(entry.kind, entry.key)
                freed += entry.size
                total -= entry.size
        return freed

    def _remove_earlier(self, now: float) -> int:
        """Remove clips of an earlier layout; the bytes freed."""
        freed = 0
        for kind in KINDS:
            for path in (self.root / kind).glob("??/*"):
                with contextlib.suppress(OSError):
                    if now - path.lstat().st_mtime > GRACE_SECONDS:
                        freed += remove(path)
        return freed

    def _top(self) -> Path:
        """The layout's folder, where clips are written before they are moved to their places."""
        top = self.root / LAYOUT
        make_folder(top)
        return top

    def _path(self, kind: Kind, key: str) -> Path:
        return self.root / LAYOUT / kind / key[:2] / f"{key}.wav"
