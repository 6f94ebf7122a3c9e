"""Music and effects: any audio file made ready for the mix, and measured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np

from podgen.audio import ffmpeg as machine
from podgen.audio.frames import PER_SECOND, Frames, level, longest_run
from podgen.audio.level import WORKING_LUFS
from podgen.audio.loudness import Measurement, decibels
from podgen.audio.r128 import Meter
from podgen.audio.truepeak import PeakMeter
from podgen.errors import ScriptError

VERSION = 3
"""Part of the key of whatever is stored prepared; raised when the result would sound other."""

CEILING_DBTP = -1.0
"""Music and effects are held back where their true peaks would pass this at the working level."""
QUIET_LU = 40.0
"""A file is quiet where it lies this far below its own loudness."""
_BLOCK = 1 << 15


@dataclass(frozen=True, slots=True)
class Format:
    """What ffmpeg says an audio file is. `bit_rate` in kb/s, None where it names none."""

    codec: str
    rate: int
    channels: int
    bit_rate: int | None


@dataclass(frozen=True, slots=True)
class Asset:
    """A prepared file's figures.

    `quiet` is its longest quiet passage in seconds, `momentary` its loudness over 400 ms for every
    100 ms, in LUFS.
    """

    measurement: Measurement
    channels: int
    quiet: float
    momentary: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dump`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Asset:
        """The inverse of `to_json`; raises TypeError or KeyError on anything else."""
        measurement = Measurement.from_json(values["measurement"])
        momentary = tuple(values["momentary"])
        return cls(**{**values, "measurement": measurement, "momentary": momentary})


_STREAM = re.compile(
    r"^ *Stream #0:\d+.*?: Audio: (\w+).*?, (\d+) Hz, ([^,]+)(?:.*?, (\d+) kb/s)?", re.MULTILINE
)


def parse_format(messages: str) -> Format | None:
    """Read from what ffmpeg prints about its first input; None if that has no audio."""
    found = _STREAM.search(messages)
    if not found:
        return None
    codec, rate, layout, bit_rate = found.groups()
    return Format(codec, int(rate), _channels(layout), int(bit_rate) if bit_rate else None)


def _channels(layout: str) -> int:
    named = {"mono": 1, "stereo": 2}
    counted = re.match(r"(\d+) channels", layout)
    surround = re.match(r"(\d+)\.(\d+)", layout)
    if counted:
        return int(counted[1])
    if surround:
        return int(surround[1]) + int(surround[2])
    return named.get(layout.split("(")[0].strip(), 2)


def prepare(
    source: Path,
    target: Path,
    rate: int,
    channels: int,
    *,
    start: float = 0.0,
    end: float | None = None,
) -> Asset:
    """Decode `source` from `start` to `end` seconds into a float32 WAV at the mix rate.

    Mono stays mono; anything else becomes stereo, or mono if `channels` is 1. `target` is
    unfinished if anything is raised; give it the suffix .wav.

    Raises:
        ScriptError: the file is no audio that ffmpeg reads, holds NaN or infinity, or has none
            between the times.
    """
    import soundfile

    form = probe(source)
    width = min(channels, form.channels, 2)
    size = _BLOCK * width * 4
    meter, peaks, frames = Meter(), PeakMeter(width), Frames(rate, width)
    try:
        with (
            machine.Job() as job,
            soundfile.SoundFile(target, "w", rate, width, "FLOAT", format="RF64") as file,
        ):
            cut = {"start": start} | ({} if end is None else {"end": end})
            node = ffmpeg.input(machine.local(source)).audio
            node = node.filter("atrim", **cut).filter("asetpts", "N/SR/TB")
            # A long, steep resampling filter: the default one rolls off audibly below 20 kHz.
            node = node.filter("aresample", rate, filter_size=128, phase_shift=10, cutoff=0.98)
            node = node.filter("aformat", channel_layouts="mono" if width == 1 else "stereo")
            node = meter.attach(node, job)
            output = ffmpeg.output(node, "pipe:1", format="f32le", acodec="pcm_f32le")
            for data in job.stream(output.get_args(), size):
                block = np.frombuffer(data, np.float32).reshape(-1, width)
                if not np.isfinite(block).all():
                    raise ScriptError(
                        f"{source} holds samples that are no numbers", "export it anew"
                    )
                file.write(block)
                peaks.push(block)
                frames.push(block)
        if not frames.samples:
            raise ScriptError(
                f"{source} has no audio from {start:g} s on", "change trim or take another file"
            )
    except machine.FfmpegError as error:
        raise unreadable(source, error) from error
    measurement = Measurement(
        samples=frames.samples,
        rate=rate,
        loudness=meter.integrated,
        loud=None,
        true_peak=decibels(peaks.finish()),
        rms=decibels(frames.rms),
    )
    loud = measurement.loudness if measurement.loudness is not None else measurement.rms
    quiet = (level(part) < (loud or 0.0) - QUIET_LU for part in frames.powers.parts())
    momentary = tuple(round(float(level), 1) for level in meter.momentary[:])
    return Asset(measurement, width, longest_run(quiet)[1] / PER_SECOND, momentary)


def asset_gain(asset: Asset, volume: float) -> float:
    """Gain in dB that puts it `volume` dB from speech's working level, its peaks bounded.

    An effect too short for an integrated loudness goes by its RMS; silence stays as it is.
    """
    gain, peak = _unbounded_gain(asset, volume), asset.measurement.true_peak
    return 0.0 if gain is None or peak is None else min(gain, CEILING_DBTP - peak)


def held_back(asset: Asset, volume: float) -> float:
    """By how many dB its peaks keep it below the `volume` asked for."""
    gain = _unbounded_gain(asset, volume)
    return 0.0 if gain is None else gain - asset_gain(asset, volume)


def _unbounded_gain(asset: Asset, volume: float) -> float | None:
    measured = asset.measurement
    loudness = measured.loudness if measured.loudness is not None else measured.rms
    return None if loudness is None else WORKING_LUFS + volume - loudness


def probe(source: Path) -> Format:
    """What an audio file is, having decoded its beginning.

    Raises:
        ScriptError: the file is no audio that ffmpeg reads.
    """
    with machine.Job() as job:
        try:
            job.run(["-i", machine.local(source), "-map", "0:a:0", "-t", "0.01", "-f", "null", "-"])
        except machine.FfmpegError as error:
            raise unreadable(source, error) from error
        form = parse_format(job.streams)
    if form is None:
        raise ScriptError(f"{source} has no audio", "take another file")
    return form


def unreadable(source: Path, error: machine.FfmpegError) -> Exception:
    """What to raise where ffmpeg could not read a file: a full disk is not the file's fault."""
    if "No space left on device" in error.tail:
        return error
    return ScriptError(f"{source} is not audio that ffmpeg can read", "take another file")
