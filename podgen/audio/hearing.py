"""What a file holds, decoded: measured once, before anything is held against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np

from podgen.audio.asset import Format, parse_format
from podgen.audio.ffmpeg import FfmpegError, Job, local
from podgen.audio.frames import Frames
from podgen.audio.r128 import Meter
from podgen.audio.truepeak import PeakMeter
from podgen.errors import ResultError

_BLOCK = 1 << 15

Hears = Callable[[float], object]
"""Is told how many seconds have been heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A decoded file: its format, its loudness, its frames, its true peak (linear)."""

    format: Format
    meter: Meter
    frames: Frames
    true_peak: float


def hear(path: Path, rate: int, channels: int, tell: Hears = lambda seconds: None) -> Heard:
    """Decode a file at `rate` Hz and measure it.

    Raises:
        ResultError: it holds no audio that can be decoded.
    """
    try:
        with Job() as job:
            meter, frames, peak = measured(
                job, ffmpeg.input(local(path)).audio, rate, channels, tell
            )
            found = parse_format(job.streams)
    except FfmpegError as error:
        raise ResultError(f"{path} cannot be decoded", "render again") from error
    if found is None or not frames.samples:
        raise ResultError(f"{path} holds no audio", "render again")
    return Heard(found, meter, frames, peak)


def measured(
    job: Job, node: Any, rate: int, channels: int, tell: Hears
) -> tuple[Meter, Frames, float]:
    """Loudness, frames and true peak (linear) of what leaves `node` of an ffmpeg-python graph.

    Raises:
        FfmpegError: ffmpeg failed.
    """
    meter, peaks, frames = Meter(), PeakMeter(channels), Frames(rate, channels)
    output = ffmpeg.output(
        meter.attach(node, job), "pipe:1", format="f32le", acodec="pcm_f32le", ar=rate, ac=channels
    )
    for data in job.stream(output.get_args(), _BLOCK * channels * 4):
        block = np.frombuffer(data, np.float32).reshape(-1, channels)
        peaks.push(block)
        frames.push(block)
        tell(frames.samples / rate)
    return meter, frames, peaks.finish()
