"""Deliverables: one stream of samples encoded into all formats at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from podgen.audio.ffmpeg import Job, local
from podgen.audio.presets import Preset
from podgen.audio.samples import Floats

FORMATS = ("mp3", "wav", "flac", "m4a", "opus")
LOSSY = frozenset({"mp3", "m4a", "opus"})
_OPUS_RATE = 48000  # Opus has no 44.1 kHz
_LAME_SCALES = ((176, 0.95), (208, 0.97), (240, 0.98))
"""LAME turns its input down by these factors below these CBR bit rates (its presets.c; a tone
through ffmpeg's libmp3lame comes out 0.45, 0.26 and 0.18 dB lower). Unmended, every MP3 misses its
loudness by as much."""


def sample_rate(form: str, preset: Preset) -> int:
    """The rate in Hz that a deliverable of this format has."""
    return _OPUS_RATE if form == "opus" else preset.sample_rate


def encode(
    blocks: Iterable[Floats],
    preset: Preset,
    outputs: Mapping[str, Path],
    chapters: Path | None = None,
    serial: int = 0,
) -> None:
    """Encode blocks of (frames, channels) at the preset's rate; `outputs` is a path by format.

    Nothing dates the files or tells the muxer's version: the same samples give the same bytes.
    `chapters` is an ffmetadata file for m4a, whose chapters only the muxer can write; `serial`
    numbers the Ogg stream of opus.

    Raises:
        FfmpegError: ffmpeg failed, or the disk is full.
        Exception: whatever `blocks` raised.
    """
    with Job() as job:
        rate, channels = str(preset.sample_rate), str(preset.channels)
        # Nothing seeks in a pipe: without an index of it, which grows to 1 MB in the first hour.
        arguments = ["-indexmem", "0", "-f", "f32le", "-ar", rate, "-ac", channels]
        arguments += ["-i", job.feed(blocks)]
        # A second input costs an ffmpeg before 7 half its speed: it reads each in a thread.
        if chapters is not None and "m4a" in outputs:
            arguments += ["-f", "ffmetadata", "-i", local(chapters)]
        for form, path in outputs.items():
            arguments += ["-map", "0:a", *_codec(form, preset), *_muxer(form, chapters, serial)]
            arguments += ["-ar", str(sample_rate(form, preset)), "-y", local(path)]
        job.run(["-loglevel", "warning", *arguments])


def _codec(form: str, preset: Preset) -> list[str]:
    match form:
        case "mp3":
            rate = preset.bitrate[form]
            scale = next((factor for below, factor in _LAME_SCALES if rate < below), 1.0)
            makeup = ["-af", f"volume={1 / scale:.6f}:precision=float"]
            return ["-c:a", "libmp3lame", "-b:a", f"{rate}k", *makeup]
        case "wav":
            return ["-c:a", "pcm_s24le", "-rf64", "auto"]
        case "flac":
            return ["-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"]
        case "m4a":
            return ["-c:a", "aac", "-b:a", f"{preset.bitrate[form]}k"]
        case "opus":
            return ["-c:a", "libopus", "-b:a", f"{preset.bitrate[form]}k"]
    raise ValueError(f"no deliverable is a {form}")


def _muxer(form: str, chapters: Path | None, serial: int) -> list[str]:
    exact = ["-fflags", "+bitexact", "-flags:a", "+bitexact"]
    if form != "m4a":
        own = {"opus": ["-serial_offset", str(serial)], "wav": ["-write_bext", "1"]}
        return [*exact, "-map_metadata", "-1", "-map_chapters", "-1", *own.get(form, [])]
    # "-map_metadata -1" would drop the chapters' titles too; the ffmetadata file has all there is.
    return [
        *exact,
        *(["-map_metadata", "1", "-map_chapters", "1"] if chapters else []),
        "-movflags",
        "+faststart",
    ]
