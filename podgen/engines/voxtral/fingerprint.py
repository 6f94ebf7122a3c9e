"""A digest of the files that decide how a model sounds, without reading eight gigabytes.

Of the weights: their size, the safetensors header (every tensor's name, type, shape and place)
and the beginning, middle and end of every tensor. Training or merging changes every tensor it
touches throughout, so another model differs somewhere in what is read; a file that differs only
in between is damaged, and damage is not what a fingerprint is for. The small files are read whole.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from podgen.engines.voxtral.model.files import voice_files

_SAMPLE = 4096


def model_digest(folder: Path) -> str:
    """The digest of a model folder, kept for as long as its files keep size and time.

    A missing file is part of the digest, not an error.
    """
    files = [
        folder / "params.json",
        folder / "tekken.json",
        *(path for _, path in sorted(voice_files(folder).items())),
    ]
    return _digest(_stamp(folder / "consolidated.safetensors"), tuple(map(_stamp, files)))


_Stamp = tuple[Path, int, int]


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return path, -1, -1
    return path, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=8)
def _digest(weights: _Stamp, files: tuple[_Stamp, ...]) -> str:
    total = hashlib.sha256()
    for path, size, _ in files:
        total.update(f"{path.name}:{size};".encode())
        if size >= 0:
            total.update(path.read_bytes())
    path, size, _ = weights
    total.update(f"{size};".encode())
    if size >= 0:
        _add_tensors(total, path, size)
    return total.hexdigest()[:32]


def _add_tensors(total: hashlib._Hash, path: Path, size: int) -> None:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(min(length, size))
        total.update(header)
        try:
            spans = [
                entry["data_offsets"]
                for name, entry in json.loads(header).items()
                if name != "__metadata__"
            ]
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # no safetensors file; loading it says so
        for begin, end in sorted(spans):
            for at in (begin, (begin + end - _SAMPLE) // 2, end - _SAMPLE):
                file.seek(8 + length + max(begin, at))
                total.update(file.read(min(_SAMPLE, end - begin)))
