"""A stream in frames of 10 ms: the peak and the power of each, kept on disk."""

from __future__ import annotations

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from podgen.audio.samples import Floats
from podgen.errors import MachineError

PER_SECOND = 100
CHUNK = 60_000
"""Values looked at together: ten minutes of frames."""
_PENDING = 4096  # values kept in memory before they are written


class Series:
    """float32 values in a nameless temporary file: ten hours of frames take no memory.

    Slices without a step are read as arrays; `parts` reads any length by little at a time.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="podgen-")  # noqa: SIM115 - lives as long
        weakref.finalize(self, self._file.close)
        self._written = 0
        self._pending = array("f")

    def append(self, values: npt.ArrayLike) -> None:
        """Add values at the end.

        Raises:
            MachineError: the disk of temporary files is full.
        """
        self._pending.frombytes(np.asarray(values, np.float32).tobytes())
        if len(self._pending) >= _PENDING:
            self._write()

    def parts(self, first: int = 0, last: int | None = None) -> Iterator[npt.NDArray[np.float32]]:
        """The values from `first` to `last`, by `CHUNK` at most."""
        start, stop, _ = slice(first, last).indices(len(self))
        for at in range(start, stop, CHUNK):
            yield self[at : min(at + CHUNK, stop)]

    def __len__(self) -> int:
        return self._written + len(self._pending)

    def __getitem__(self, part: slice) -> npt.NDArray[np.float32]:
        start, stop, _ = part.indices(len(self))
        self._write()
        self._file.seek(start * 4)
        return np.frombuffer(self._file.read(max(0, stop - start) * 4), np.float32)

    def _write(self) -> None:
        if not self._pending:
            return
        try:
            self._file.seek(0, os.SEEK_END)
            self._file.write(self._pending.tobytes())
            self._file.flush()
        except OSError as error:
            raise MachineError(
                f"cannot write to {tempfile.gettempdir()}: {error.strerror}",
                "free some space there or set TMPDIR",
            ) from error
        self._written += len(self._pending)
        del self._pending[:]


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
        self.peaks.append(peaks)
        self.powers.append(energies / rows.shape[1])

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


def longest_run(parts: Iterable[npt.NDArray[np.bool_]]) -> tuple[int, int]:
    """Start and length of the longest run of True in flags that come in parts; (0, 0) if none."""
    start = length = 0
    at = reaching = 0  # where the part begins, and how long the run is that ends there
    for flags in parts:
        edges = at + np.flatnonzero(np.diff(flags, prepend=False, append=False))
        starts, ends = edges[::2], edges[1::2]
        if len(starts) and starts[0] == at:
            starts[0] -= reaching
        lengths = ends - starts
        best = int(np.argmax(lengths)) if len(lengths) else 0
        if len(lengths) and lengths[best] > length:
            start, length = int(starts[best]), int(lengths[best])
        at += len(flags)
        reaching = int(lengths[-1]) if len(ends) and ends[-1] == at else 0
    return start, length
