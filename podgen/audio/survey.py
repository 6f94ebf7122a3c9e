"""What a first pass over the mix found: its level, and what a limiter would take from it.

A master that only added what is missing would end up below its target by as much as the limiter
takes, and be encoded again. From the peak and the power of every 10 ms that can be foretold to a
few hundredths of a decibel.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from podgen.audio.frames import CHUNK, PER_SECOND, Frames, Series, summed
from podgen.audio.level import WORKING_LUFS
from podgen.audio.limiter import RELEASE_SECONDS
from podgen.audio.loudness import amplitude, decibels
from podgen.audio.presets import Preset
from podgen.audio.r128 import BLOCK_STEPS, STEP_SECONDS, Meter, gated

_STEPS = 8
_CLOSE_DB = 0.01
_MOST_EXTRA_DB = 6.0  # the limiter cannot make it as loud as that: the verdict will say so


class Survey:
    """What the first pass over the mix found, enough to foretell what the limiter will take."""

    def __init__(self, meter: Meter, frames: Frames) -> None:
        self._integrated = meter.integrated
        self._momentary = meter.momentary
        self._frames = frames

    def level(self, preset: Preset) -> float | None:
        """Of the mix as it is: LUFS, or dB RMS for a preset that measures that."""
        return decibels(self._frames.rms) if preset.measure == "rms" else self._integrated

    def gain(self, aim: float, preset: Preset, ceiling: float) -> float:
        """The static gain in dB after which, limited at `ceiling` dBTP, the mix is at `aim`.

        A mix too short or too silent to measure is at the working level, as its clips are.
        """
        level = self.level(preset)
        if level is None or not len(self._frames.peaks):
            return aim - WORKING_LUFS
        unlimited = aim - level
        last, missed_last = unlimited, -self._loss(unlimited, preset, ceiling)
        gain = unlimited - missed_last
        for _ in range(_STEPS):  # by secants
            missed = gain - self._loss(gain, preset, ceiling) - unlimited
            if abs(missed) < _CLOSE_DB or gain == last:
                break
            slope = max(0.1, (missed - missed_last) / (gain - last))
            last, missed_last = gain, missed
            gain = min(gain - missed / slope, unlimited + _MOST_EXTRA_DB)
        return gain

    def _loss(self, gain: float, preset: Preset, ceiling: float) -> float:
        """By how many dB a limiter at `ceiling` lowers the level of the mix raised by `gain`."""
        if preset.measure == "rms":
            before, after = sum(
                powers.sum(axis=1) for powers in self._powers(amplitude(gain), amplitude(ceiling))
            )
            return 10 * float(np.log10(before / max(after, 1e-20)))
        plain, reduced = Series(), Series()
        for before, after in self._blocks(amplitude(gain), amplitude(ceiling)):
            blocks = self._momentary[len(plain) : len(plain) + len(before)] + gain
            change = after[: len(blocks)] / np.maximum(before[: len(blocks)], 1e-20)
            plain.append(blocks)
            reduced.append(blocks + 10 * np.log10(np.maximum(change, 1e-10)))
        loud, softer = gated(plain), gated(reduced)
        return loud - softer if loud is not None and softer is not None else 0.0

    def _blocks(self, gain: float, ceiling: float) -> Iterator[npt.NDArray[np.float64]]:
        """Energy of the gating blocks before and after the limiter, as (2, blocks)."""
        earlier = np.zeros((2, BLOCK_STEPS - 1))
        for powers in self._powers(gain, ceiling):
            hops = np.concatenate([earlier, powers], axis=1)
            earlier = hops[:, -(BLOCK_STEPS - 1) :]
            yield np.lib.stride_tricks.sliding_window_view(hops, BLOCK_STEPS, axis=1).sum(axis=2)

    def _powers(self, gain: float, ceiling: float) -> Iterator[npt.NDArray[np.float64]]:
        """Power before and after the limiter, summed by 100 ms; it is given the sample peaks."""
        hop = round(STEP_SECONDS * PER_SECOND)
        last = 0.0
        for at in range(0, len(self._frames.peaks), CHUNK):
            peaks = self._frames.peaks[at : at + CHUNK + 1] * gain
            powers = self._frames.powers[at : at + CHUNK].astype(np.float64)
            needed = np.append(1 - ceiling / np.maximum(peaks, ceiling), 0.0)
            ahead = np.maximum(needed[:-1], needed[1:])[: len(powers)]
            ahead[0] = max(ahead[0], last)
            rise = np.arange(len(ahead)) / (RELEASE_SECONDS * PER_SECOND)
            with np.errstate(divide="ignore"):
                reductions = np.exp(np.maximum.accumulate(np.log(ahead) + rise) - rise)
            last = float(reductions[-1])
            yield np.stack([summed(powers, hop), summed(powers * np.square(1 - reductions), hop)])
