"""Samples that are read by little at a time, from memory or from a file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from soundfile import SoundFile

Floats = npt.NDArray[np.float32]

BLOCK_SECONDS = 30
"""How much of a clip is worked on at a time; a shorter one is worked on whole."""


class Samples(Protocol):
    """Slices without a step are read as arrays, shape [frames] or [frames, channels]."""

    def __len__(self) -> int:
        """Frames."""
        ...

    def __getitem__(self, part: slice, /) -> Any:
        """Those from `part.start` to `part.stop`, float32."""
        ...


def pieces(samples: Samples, size: int) -> Iterator[Floats]:
    """All of it by `size` frames, the last piece shorter; nothing of nothing."""
    for at in range(0, len(samples), size):
        yield samples[at : at + size]


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Samples]:
    """The samples of a sound file, for as long as the block lasts."""
    import soundfile

    with soundfile.SoundFile(path) as file:
        yield _Stored(file)


class _Stored:
    def __init__(self, file: SoundFile) -> None:
        self._file = file

    def __len__(self) -> int:
        return int(self._file.frames)

    def __getitem__(self, part: slice) -> Floats:
        start, stop, _ = part.indices(len(self))
        self._file.seek(start)
        samples: Floats = self._file.read(max(0, stop - start), dtype="float32")
        return samples
