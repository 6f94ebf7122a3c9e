"""A stream in frames of 10 ms: the peak and the power of each, kept on disk."""

from __future__ import annotations

import os
import tempfile
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

from podgen.audio.truepeak import Floats
from podgen.errors import MachineError

PER_SECOND = 100
CHUNK = 60_000
"""Frames looked at together: ten minutes."""


class Series:
    """float32 values in a nameless temporary file: ten hours of frames take no memory.

    Slices without a step are read as arrays.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="podgen-")  # noqa: SIM115 - lives as long
        weakref.finalize(self, self._file.close)
        self._length = 0

    def append(self, values: npt.NDArray[np.float32]) -> None:
        """Add values at the end.

        Raises:
            MachineError: the disk of temporary files is full.
        """
        try:
            self._file.seek(0, os.SEEK_END)
            self._file.write(values.tobytes())
        except OSError as error:
            raise MachineError(
                f"cannot write to {tempfile.gettempdir()}: {error.strerror}",
                "free some space there or set TMPDIR",
            ) from error
        self._length += len(values)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice) -> npt.NDArray[np.float32]:
        start, stop, _ = part.indices(self._length)
        self._file.seek(start * 4)
        return np.frombuffer(self._file.read(max(0, stop - start) * 4), np.float32)


class Frames:
    """Collects frames from blocks of (frames, channels); a rest of under 10 ms is left out."""

    def __init__(self, rate: int, channels: int) -> None:
        self.samples = 0
        """How many samples there were."""
        self.energy = 0.0
        """Sum of the squares of all samples, over all channels."""
        self._size = rate // PER_SECOND
        self._channels = channels
        self._rest: Floats = np.zeros((0, channels), np.float32)
        self.peaks = Series()
        """Largest sample of each frame, over all channels."""
        self.powers = Series()
        """Mean square of each frame, over all channels."""

    def push(self, block: Floats) -> None:
        """Take the next samples."""
        self.samples += len(block)
        joined = np.concatenate([self._rest, block]) if len(self._rest) else block
        count = len(joined) // self._size
        rows = joined[: count * self._size].reshape(count, self._size * self._channels)
        self._rest = joined[count * self._size :].copy()
        if not count:
            return
        peaks = np.maximum(rows.max(axis=1), -rows.min(axis=1))
        energies = np.einsum("ij,ij->i", rows, rows)
        self.energy += float(energies.sum(dtype=np.float64))
        self.peaks.append(peaks.astype(np.float32))
        self.powers.append((energies / rows.shape[1]).astype(np.float32))

    @property
    def rms(self) -> float:
        """Root mean square of everything in whole frames, linear."""
        count = len(self.powers) * self._size * self._channels
        return float((self.energy / count) ** 0.5) if count else 0.0


def summed(powers: npt.NDArray[Any], count: int) -> npt.NDArray[np.float64]:
    """Sums over every `count` values; a rest of fewer is left out."""
    whole = len(powers) // count * count
    return np.asarray(powers[:whole].reshape(-1, count).sum(axis=1, dtype=np.float64))


def level(powers: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Powers in dBFS, -200 for digital silence."""
    return np.asarray(10 * np.log10(np.maximum(powers, np.float32(1e-20))), np.float32)


def longest_run(flags: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Start and length of the longest run of True; (0, 0) if there is none."""
    padded = np.concatenate([[False], flags, [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    if not len(starts):
        return 0, 0
    best = int(np.argmax(lengths))
    return int(starts[best]), int(lengths[best])
