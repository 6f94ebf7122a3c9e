"""The store of clips: content-addressed files with their measurements beside them.

A clip is two files, `<key>.wav` and `<key>.json`, under `<root>/<kind>/<first two digits>/`. Both
are written under a temporary name and renamed, the JSON last, so a clip exists whole or not at
all, whatever kills the writer and however many renders share the store. The JSON carries the
SHA-256 of the samples' file, which is checked before the clip is used.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from podgen.files import TEMPORARY_PREFIX, whole_file, write_text

Kind = Literal["takes", "dressed", "assets"]
"""`takes` are as an engine spoke them; `dressed` are trimmed, equalised, at the mix rate; `assets`
are music and effects at the mix rate."""
KINDS: tuple[Kind, ...] = get_args(Kind)

STORE_VARIABLE = "PODGEN_STORE"
GRACE_SECONDS = 3600.0
"""What was used within this time is never pruned: a render may be about to read it."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A stored clip: float32 samples at `sample_rate`, mono but for assets, and its notes."""

    kind: Kind
    key: str
    path: Path
    sample_rate: int
    frames: int
    digest: str
    notes: Mapping[str, Any]

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.frames / self.sample_rate

    def read(self) -> npt.NDArray[np.float32]:
        """All samples, shape [frames]."""
        import soundfile

        samples: npt.NDArray[np.float32] = soundfile.read(self.path, dtype="float32")[0]
        return samples

    def intact(self) -> bool:
        """Whether the samples' file is there and still has the digest it was stored with."""
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.digest
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class Made:
    """What a writer of a clip's file says of it."""

    sample_rate: int
    frames: int
    notes: Mapping[str, Any]


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

    def get(self, kind: Kind, key: str) -> Clip | None:
        """The clip under `key`, or None; marks it as used. Its digest is not checked here."""
        clip = self._find(kind, key)
        if clip is not None:
            with contextlib.suppress(OSError):
                os.utime(clip.path.with_suffix(".json"))
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

        def write(path: Path) -> Made:
            _write_wav(path, samples, sample_rate)
            return Made(sample_rate, len(samples), notes)

        return self.add(kind, key, write)

    def add(self, kind: Kind, key: str, write: Callable[[Path], Made]) -> Clip:
        """Store the WAV file that `write` makes at the path it is given; like `put`."""
        path = self._path(kind, key, ".wav")
        with whole_file(path) as temporary:
            made = write(temporary)
            with temporary.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        record = {
            "sample_rate": made.sample_rate,
            "frames": made.frames,
            "sha256": digest,
            "notes": dict(made.notes),
        }
        write_text(path.with_suffix(".json"), json.dumps(record, indent=1, sort_keys=True) + "\n")
        return Clip(kind, key, path, made.sample_rate, made.frames, digest, dict(made.notes))

    def discard(self, kind: Kind, key: str) -> int:
        """Remove a clip; the bytes freed."""
        freed = 0
        for suffix in (".json", ".wav"):  # the JSON first: without it the clip does not exist
            path = self._path(kind, key, suffix)
            with contextlib.suppress(OSError):
                size = path.stat().st_size
                path.unlink()
                freed += size
        return freed

    def entries(self) -> Iterator[Entry]:
        """Every clip on disk, in no particular order."""
        for kind in KINDS:
            for notes_path in (self.root / kind).glob("??/*.json"):
                try:
                    notes = notes_path.stat()
                    size = notes.st_size + notes_path.with_suffix(".wav").stat().st_size
                except OSError:
                    continue
                yield Entry(kind, notes_path.stem, size, notes.st_mtime)

    def verify(self) -> Iterator[tuple[Entry, bool]]:
        """Every clip with whether its digest still holds; does not count as use."""
        for entry in self.entries():
            clip = self._find(entry.kind, entry.key)
            yield entry, clip is not None and clip.intact()

    def prune(self, *, keep_bytes: int | None = None, unused_for: float | None = None) -> int:
        """Remove clips, longest unused first; the bytes freed.

        Args:
            keep_bytes: remove until the store is at most this large.
            unused_for: remove what was not used for this many seconds.

        Clips used within the last hour stay, and files of killed renders go after it.
        """
        now = time.time()
        freed = self._sweep(now)
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

    def _sweep(self, now: float) -> int:
        """Remove what killed writers left: temporary files and samples without their JSON."""
        freed = 0
        for kind in KINDS:
            for path in (self.root / kind).glob("??/*"):
                stray = path.name.startswith(TEMPORARY_PREFIX) or (
                    path.suffix == ".wav" and not path.with_suffix(".json").exists()
                )
                with contextlib.suppress(OSError):
                    stat = path.stat()
                    if stray and now - stat.st_mtime > GRACE_SECONDS:
                        path.unlink()
                        freed += stat.st_size
        return freed

    def _find(self, kind: Kind, key: str) -> Clip | None:
        try:
            record = json.loads(self._path(kind, key, ".json").read_bytes())
            clip = Clip(
                kind=kind,
                key=key,
                path=self._path(kind, key, ".wav"),
                sample_rate=record["sample_rate"],
                frames=record["frames"],
                digest=record["sha256"],
                notes=record["notes"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return clip if clip.path.exists() else None

    def _path(self, kind: Kind, key: str, suffix: str) -> Path:
        return self.root / kind / key[:2] / f"{key}{suffix}"


def _write_wav(path: Path, samples: npt.NDArray[np.float32], sample_rate: int) -> None:
    import soundfile

    try:
        soundfile.write(path, samples, sample_rate, subtype="FLOAT", format="WAV")
    except soundfile.LibsndfileError as error:
        # libsndfile hides the errno of a failed write; a full disk is the common one.
        raise OSError(errno.ENOSPC, str(error)) from error
    expected = samples.size * 4
    if path.stat().st_size < expected:
        raise OSError(errno.ENOSPC, "short write")
