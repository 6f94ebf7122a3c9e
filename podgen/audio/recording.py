"""A person's recording: how long it is, and the part of it that is a turn, as mono samples."""

from __future__ import annotations

import re
from pathlib import Path

import ffmpeg
import numpy as np

from podgen.audio import ffmpeg as machine
from podgen.audio.asset import probe, unreadable
from podgen.audio.samples import Floats

_DURATION = re.compile(r"^ *Duration: (\d+):(\d\d):(\d\d\.\d+)", re.MULTILINE)
_BLOCK = 1 << 18
_COARSE = 8000  # Hz, for counting


def length(source: Path) -> float:
    """How long a recording is in seconds.

    What libsndfile reads is known to the sample; of others the container's word is taken, and where
    that has none (recordings of browsers), the file is decoded.

    Raises:
        ScriptError: the file is no audio that ffmpeg reads.
    """
    import soundfile

    try:
        return float(soundfile.info(source).duration)
    except (soundfile.LibsndfileError, TypeError):
        pass
    probe(source)
    with machine.Job() as job:
        try:
            job.run(["-i", machine.local(source), "-map", "0:a:0", "-t", "0.01", "-f", "null", "-"])
        except machine.FfmpegError as error:
            raise unreadable(source, error) from error
        told = _DURATION.search(job.messages)
    if told:
        hours, minutes, seconds = told.groups()
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    node = ffmpeg.input(machine.local(source)).audio.filter("aresample", _COARSE)
    counted = ffmpeg.output(node, "pipe:1", format="s16le", acodec="pcm_s16le", ac=1)
    with machine.Job() as job:
        size = sum(len(block) for block in job.stream(counted.get_args(), _BLOCK))
    return size / 2 / _COARSE


def decode(source: Path, start: float = 0.0, end: float | None = None) -> tuple[Floats, int]:
    """Mono samples of a file from `start` to `end` seconds, and their rate, which is the file's.

    More channels than one are mixed down as ffmpeg does, two to their mean.

    Raises:
        ScriptError: the file is no audio that ffmpeg reads.
    """
    form = probe(source)
    cut = {"start": start} | ({} if end is None else {"end": end})
    node = ffmpeg.input(machine.local(source)).audio.filter("atrim", **cut)
    node = node.filter("aformat", channel_layouts="mono")
    output = ffmpeg.output(node, "pipe:1", format="f32le", acodec="pcm_f32le", ar=form.rate)
    blocks = []
    try:
        with machine.Job() as job:
            blocks = [
                np.frombuffer(data, np.float32).copy()
                for data in job.stream(output.get_args(), _BLOCK)
            ]
    except machine.FfmpegError as error:
        raise unreadable(source, error) from error
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    return samples, form.rate
