"""One lane as a stream of samples: clips that do not overlap, with silence between them.

Read from disk block by block, so that an hour costs no more memory than a minute.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from podgen.audio.automation import Automation
from podgen.audio.loudness import amplitude
from podgen.audio.samples import Floats
from podgen.audio.tone import Tone
from podgen.errors import MachineError

if TYPE_CHECKING:
    from soundfile import SoundFile

CROSS_SECONDS = 0.1
"""Over which a loop's end goes into its beginning, at equal power; a quarter of a file under 0.4 s.
A file that joins itself is repeated as it is, so that music made to loop keeps its time."""
_UNEVEN = 4.0  # times what is usual: a joint that bends more than that is heard
BLOCK = 1 << 15
"""Samples handed to ffmpeg at a time."""


@dataclass(frozen=True, slots=True)
class Source:
    """The sound of a clip: a file at the mix rate, its gain in dB, its place from -1 to 1.

    `asked` is the part of the gain that the user asked for, which says how soft it may be; for an
    effect its level relative to speech, None if there is nothing to be heard. `sounds` is for a
    turn how loud it is in the mix, in LUFS; None if it is silent.
    """

    path: Path
    gain: float = 0.0
    pan: float = 0.0
    asked: float | None = 0.0
    sounds: float | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A source on the timeline, from sample `start` to `end`; `loop` repeats the file."""

    source: Source
    start: int
    end: int
    automation: Automation | None = None
    loop: bool = False


def stream(
    parts: Iterable[Part],
    rate: int,
    channels: int,
    start: int,
    end: int,
    tone: Tone | None = None,
) -> Generator[Floats, None, None]:
    """The lane from sample `start` to `end` in blocks of (frames, channels), float32.

    A block is overwritten by the next one. `parts` are in order of time and do not overlap. `tone`
    lies under them.

    Raises:
        MachineError: a file is shorter than its place, at another rate, or cannot be read.
    """
    block = np.zeros((BLOCK, channels), np.float32)
    todo = (part for part in parts if part.end > start and part.start < end)
    part = next(todo, None)
    reader: _Reader | None = None
    try:
        for at in range(start, end, BLOCK):
            stop = min(at + BLOCK, end)
            block[: stop - at] = 0 if tone is None else tone.read(at, stop)
            while part is not None and part.start < stop:
                if reader is None:
                    reader = _Reader(part, rate, channels)
                low, high = max(at, part.start), min(stop, part.end)
                block[low - at : high - at] += reader.read(low, high)
                if part.end > stop:
                    break
                reader.close()
                reader = None
                part = next(todo, None)
            yield block[: stop - at]
    finally:
        if reader is not None:
            reader.close()


def pan_gains(pan: float) -> tuple[float, float]:
    """Equal-power panning of a mono source: left and right gain; -3.01 dB each in the middle.

    The sum of the powers is 1 wherever it stands, so panning does not change BS.1770 loudness.
    """
    angle = (pan + 1) * math.pi / 4
    return math.cos(angle), math.sin(angle)


class _Reader:
    """Reads a part by its place on the timeline, with its gains applied."""

    def __init__(self, part: Part, rate: int, channels: int) -> None:
        import soundfile

        self._part = part
        self._crossing: int | None = None
        try:
            self._file = soundfile.SoundFile(part.source.path)
        except soundfile.LibsndfileError as error:
            raise _unreadable(part.source.path, error) from error
        if self._file.samplerate != rate:
            self._file.close()
            raise MachineError(
                f"{part.source.path} is at {self._file.samplerate} Hz in a mix at {rate} Hz",
                "run: podgen cache verify",
            )
        self._gains = _gains(part.source, self._file.channels, channels)

    def read(self, start: int, end: int) -> Floats:
        """Samples of the timeline from `start` to `end`, as (frames, channels)."""
        samples = self._raw(start - self._part.start, end - start)
        if samples.shape[1] > self._gains.shape[1]:
            samples = samples.mean(axis=1, keepdims=True)
        mixed = np.empty((len(samples), self._gains.shape[1]), np.float32)
        for channel, gain in enumerate(self._gains[0]):  # two at a time is the slowest way
            np.multiply(samples[:, channel % samples.shape[1]], gain, out=mixed[:, channel])
        if self._part.automation is not None:
            mixed *= self._part.automation.gains(start, end)
        return mixed

    def close(self) -> None:
        self._file.close()

    def _raw(self, offset: int, count: int) -> Floats:
        if not self._part.loop:
            return self._at(offset, count)
        cross = self._cross()
        period = self._file.frames - cross
        pieces = []
        while count > 0:
            again, place = divmod(offset, period)
            crossing = again and place < cross
            piece = self._at(place, min(count, (cross if crossing else period) - place))
            if crossing:
                turn = (np.arange(place, place + len(piece), dtype=np.float32) + 0.5) / cross
                ending = self._at(period + place, len(piece))
                turn = (turn * (np.pi / 2))[:, None]
                piece = piece * np.sin(turn) + ending * np.cos(turn)
            pieces.append(piece)
            offset += len(piece)
            count -= len(piece)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _cross(self) -> int:
        """How many samples of the end go into the beginning."""
        if self._crossing is None:
            self._crossing = _crossing(self._file)
        return self._crossing

    def _at(self, offset: int, count: int) -> Floats:
        """So many samples of the file from `offset` on."""
        pieces = []
        while count > 0:
            if self._file.tell() != offset:
                self._file.seek(min(offset, self._file.frames))
            piece = self._file.read(count, dtype="float32", always_2d=True)
            if not len(piece):
                raise MachineError(
                    f"{self._part.source.path} is shorter than when it was placed",
                    "run: podgen cache verify",
                )
            pieces.append(piece)
            offset += len(piece)
            count -= len(piece)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def period(path: Path) -> int:
    """After how many samples a looped file begins again.

    Raises:
        MachineError: it cannot be read.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            return int(file.frames) - _crossing(file)
    except soundfile.LibsndfileError as error:
        raise _unreadable(path, error) from error


def _crossing(file: SoundFile) -> int:
    """How many samples of a file's end go into its beginning when it is repeated."""
    cross = min(round(CROSS_SECONDS * file.samplerate), file.frames // 4)
    pieces = []
    for at in (file.frames - cross, 0):
        file.seek(at)
        pieces.append(file.read(cross, dtype="float32", always_2d=True))
    bends = np.abs(np.diff(np.concatenate(pieces), n=2, axis=0)).max(axis=1, initial=0.0)
    joint = bends[max(0, cross - 2) : cross].max(initial=0.0)
    even = joint <= _UNEVEN * np.median(bends) if len(bends) else True
    return 0 if even else cross


def _unreadable(path: Path, error: Exception) -> MachineError:
    return MachineError(f"{path} cannot be read ({error})", "run: podgen cache verify")


def _gains(source: Source, has: int, channels: int) -> Floats:
    """Row of gains by output channel.

    Mono material is panned at equal power. Stereo material keeps its image and is balanced: the
    far side is turned down, the near one left. Stereo folds to mono by its mean.
    """
    gain = amplitude(source.gain)
    if channels == 1:
        row = [gain]
    elif has == 1:
        row = [gain * side for side in pan_gains(source.pan)]
    else:
        row = [gain * min(1.0, 1 - source.pan), gain * min(1.0, 1 + source.pan)]
    return np.array([row], np.float32)
