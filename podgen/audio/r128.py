"""Loudness over time as ffmpeg's `ebur128` filter measures it while a stream passes through."""

from __future__ import annotations

import re
from array import array
from typing import Any

import numpy as np
import numpy.typing as npt

from podgen.audio.ffmpeg import Job
from podgen.audio.loudness import SILENCE_LUFS

STEP_SECONDS = 0.1
"""One value of each series for every 100 ms; a rest shorter than that has none."""

_LINE = re.compile(rb"lavfi\.r128\.([MSI])=(\S+)\n")


class Meter:
    """Collects what the filter reports; complete when the job has ended."""

    def __init__(self) -> None:
        self._rest = b""
        self._values = {key: array("f") for key in (b"M", b"S", b"I")}

    def attach(self, node: Any, job: Job) -> Any:
        """Put the filter after `node` of an ffmpeg-python graph; returns what follows it."""
        pipe = job.drain(self.consume)
        return node.filter("ebur128", metadata=1).filter(
            "ametadata", mode="print", file=pipe, direct=1
        )

    def consume(self, text: bytes) -> None:
        """Take the next piece of what `ametadata` prints."""
        whole, newline, self._rest = (self._rest + text).rpartition(b"\n")
        for key, value in _LINE.findall(whole + newline):
            self._values[key].append(float(value))

    @property
    def integrated(self) -> float | None:
        """Integrated loudness in LUFS; None for silence and below 400 ms."""
        values = self._values[b"I"]
        return round(values[-1], 3) if len(values) >= 4 and values[-1] > SILENCE_LUFS else None

    @property
    def momentary(self) -> npt.NDArray[np.float64]:
        """LUFS over the 400 ms before each step: the gating blocks of BS.1770-4."""
        return np.array(self._values[b"M"], np.float64)

    @property
    def short_term(self) -> npt.NDArray[np.float64]:
        """LUFS over the 3 s before each step."""
        return np.array(self._values[b"S"], np.float64)


def gated(momentary: npt.NDArray[np.float64]) -> float | None:
    """Integrated loudness of gating blocks given in LUFS (BS.1770-4, formulas 4 to 7)."""
    blocks = momentary[momentary > SILENCE_LUFS]
    if not len(blocks):
        return None
    power = np.power(10.0, blocks / 10)
    relative = power[power > power.mean() / 10]  # the gate lies 10 LU below the ungated mean
    return float(10 * np.log10(relative.mean()))
