"""An MP3 heard while it is being written, so that an hour is not decoded after its encoding.

What the encoder has appended to the file is read back from it and decoded by a second ffmpeg. When
the file is finished, tags and all, its bytes are held against those that were decoded: unless every
one of its frames was, and a decoder will leave out as many samples as were left out here, nothing
was heard and the file is to be decoded as a whole.
"""

from __future__ import annotations

import hashlib
import struct
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import ffmpeg
import numpy as np
import numpy.typing as npt

from podgen.audio.asset import parse_format
from podgen.audio.ffmpeg import FfmpegError, Job, local
from podgen.audio.frames import Frames
from podgen.audio.hearing import Heard, measured
from podgen.audio.presets import Preset
from podgen.audio.r128 import Meter

_DELAY = 576
"""Samples that LAME puts before the programme, as its tag says..."""
_DECODER_DELAY = 529
"""...to which every decoder adds these (LAME's technical FAQ)."""
_TAG = 156  # bytes from "Info" to the end of what LAME's tag holds; zeros fill up its frame
_POLL_SECONDS = 0.02
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Info:
    """What the first frame of an MP3 says, which holds no sound: the byte at which the next one
    begins, how many there are, samples that a decoder leaves out before and after the programme."""

    start: int
    frames: int
    delay: int
    padding: int


def read_info(file: BinaryIO) -> Info | None:
    """Read it, after ID3v2 tags; None if there is none, or the next frame has not begun.

    By "MP3 Info Tag rev 1" (the LAME project), which ffmpeg's muxer writes.
    """
    file.seek(0)
    head = file.read(10)
    at = 0
    if head[:3] == b"ID3" and len(head) == 10:
        size = 0
        for each in head[6:]:
            size = size << 7 | each
        at = 10 + size
    file.seek(at)
    block = file.read(4096)
    # ffmpeg says "Xing" until it knows that the bit rate is constant.
    mark = max(block.find(name, 4, 64) for name in (b"Info", b"Xing"))
    rest = block[mark + _TAG :].lstrip(b"\0")
    if mark < 0 or not rest:
        return None
    (frames,) = struct.unpack_from(">I", block, mark + 8)
    left_out = int.from_bytes(block[mark + 141 : mark + 144], "big")
    return Info(at + len(block) - len(rest), frames, left_out >> 12, left_out & 0xFFF)


class Ahead:
    """Hears the MP3 at `path` in a thread while the block writes it; no file is there before.

    `total` is how many samples at the preset's rate it is to hold.
    """

    def __init__(self, path: Path, preset: Preset, total: int) -> None:
        self.path, self._total = path, total
        self._rate, self._channels = preset.sample_rate, preset.channels
        self._written, self._left = threading.Event(), threading.Event()
        self._digest, self._bytes = hashlib.sha256(), 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def __enter__(self) -> Ahead:
        self._hearing = self._pool.submit(self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._left.set()
        self._written.set()
        self._pool.shutdown()

    def heard(self) -> Heard | None:
        """What the finished file holds; None if that is not known without decoding it."""
        if self._hearing.exception() is not None:
            return None
        meter, frames, peak = self._hearing.result()
        if frames.samples != self._total or not self._same():
            return None
        try:
            with Job() as job:  # a decoder opens the finished file, too
                job.run(["-i", local(self.path), "-map", "0:a", "-t", "1", "-f", "null", "-"])
                found = parse_format(job.streams)
        except FfmpegError:
            return None
        return Heard(found, meter, frames, peak) if found else None

    def _same(self) -> bool:
        """Whether the finished file holds what was decoded, and gives as many samples."""
        with self.path.open("rb") as file:
            info = read_info(file)
            if info is None or info.delay != _DELAY:
                return False
            samples = info.frames * _per_frame(self._rate) - info.delay - info.padding
            file.seek(info.start)
            digest = hashlib.sha256()
            for at in range(0, self._bytes, _BLOCK):
                digest.update(file.read(min(_BLOCK, self._bytes - at)))
            # The decoder may have had enough before the last frames, of which nothing is kept.
            rest = len(file.read(_BLOCK))
        same = digest.digest() == self._digest.digest() and rest < _BLOCK // 16
        return same and samples == self._total

    def _hear(self) -> tuple[Meter, Frames, float]:
        first = _DELAY + _DECODER_DELAY
        with Job() as job:
            # No index, which grows, of what nothing seeks in; and a short look at what it is, where
            # the usual 5 MB are four minutes.
            quick = {"format": "mp3", "indexmem": 0, "probesize": 1 << 15}
            node = ffmpeg.input(job.feed(self._frames()), **quick).audio
            node = node.filter("atrim", start_sample=first, end_sample=first + self._total)
            return measured(job, node, self._rate, self._channels, lambda seconds: None)

    def _frames(self) -> Generator[npt.NDArray[np.uint8], None, None]:
        """Every frame with sound, as it is written: not the first, which is written at the end."""
        while not self.path.exists():
            if self._written.is_set():
                return
            time.sleep(_POLL_SECONDS)
        with self.path.open("rb", buffering=0) as file:
            begun = False
            while not self._left.is_set():
                over = self._written.is_set()  # asked first: what is read then is the rest
                if not begun and (info := read_info(file)):
                    begun = file.seek(info.start) > 0
                block = file.read(_BLOCK) if begun else b""
                if block:
                    self._digest.update(block)
                    self._bytes += len(block)
                    yield np.frombuffer(block, np.uint8)
                elif over:
                    return
                else:
                    time.sleep(_POLL_SECONDS)


def _per_frame(rate: int) -> int:
    """Samples in a frame: half as many in the lower rates of MPEG-2."""
    return 1152 if rate >= 32000 else 576
