"""Other readings of the same text: what a seed other than 0 changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from podgen.engines.kokoro.voices import HALF, ROWS

_ROWS_AWAY = (25, 90)
_TEMPO = 0.05


@dataclass(frozen=True, slots=True)
class Take:
    """How a reading departs from the canonical one, which is all zeros."""

    rows: int = 0
    tempo: float = 0.0

    def style(self, matrix: npt.NDArray[np.float32], length: int) -> npt.NDArray[np.float32]:
        """The style row, float32 [256], for a text of `length` phonemes."""
        row = min(length, ROWS - 1)
        style: npt.NDArray[np.float32] = matrix[row].copy()
        if self.rows:
            other = row + self.rows
            if not 0 <= other < ROWS:
                other = row - self.rows
            style[HALF:] = matrix[min(max(other, 0), ROWS - 1), HALF:]
        return style


def take(seed: int) -> Take:
    """The reading that a seed stands for; 0 is the model's own."""
    if seed == 0:
        return Take()
    random = np.random.Generator(np.random.PCG64(seed))
    rows = int(random.integers(*_ROWS_AWAY)) * (1 if random.random() < 0.5 else -1)
    return Take(rows, float(random.uniform(-_TEMPO, _TEMPO)))
