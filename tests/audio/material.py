"""Sounds to test with, and instruments that do not depend on what they measure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from scipy.signal import lfilter

from podgen.audio import ffmpeg
from podgen.audio.asset import Asset, prepare
from podgen.audio.cues import Cue, Speech
from podgen.audio.lane import Source
from podgen.audio.loudness import integrated
from podgen.audio.timeline import Timeline, lay_out

RATE = 44100
Floats = npt.NDArray[np.float32]


def tone(
    seconds: float, frequency: float = 440.0, level: float = -20.0, rate: int = RATE
) -> Floats:
    """A sine whose peak is at `level` dBFS."""
    t = np.arange(round(seconds * rate)) / rate
    return (10 ** (level / 20) * np.sin(2 * np.pi * frequency * t)).astype(np.float32)


def noise(seconds: float, level: float = -20.0, seed: int = 0, rate: int = RATE) -> Floats:
    """White noise of `level` dB RMS."""
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal(round(seconds * rate)) * 10 ** (level / 20)
    return samples.astype(np.float32)


def speech(seconds: float, seed: int = 0, lufs: float | None = -23.0, rate: int = RATE) -> Floats:
    """Something like a voice: coloured noise and a buzz in syllables, at `lufs` if given."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate)
    t = np.arange(count) / rate
    buzz = np.sign(np.sin(2 * np.pi * rng.uniform(100, 200) * t)) * 0.3
    sound = lfilter([1], [1, -0.9], rng.standard_normal(count) * 0.1 + buzz * 0.3)
    sound *= np.clip(np.sin(2 * np.pi * 4 * t) + 0.6, 0.02, 1)
    samples = sound.astype(np.float32)
    loudness = integrated(samples, rate)
    if lufs is not None and loudness is not None:
        samples *= np.float32(10 ** ((lufs - loudness) / 20))
    return samples


def save(path: Path, samples: Floats, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


def decoded(path: Path) -> Floats:
    """The samples of a finished file by libsndfile, not by ffmpeg; (frames, channels)."""
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return samples


def ebur128(path: Path) -> tuple[float, float]:
    """Integrated loudness and true peak as ffmpeg sums them up, to 0.1."""
    said = ffmpeg.run(["-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"])
    summary = said[said.rindex("Summary:") :]
    found = [re.search(pattern, summary) for pattern in (r"I:\s+(\S+)", r"Peak:\s+(\S+)")]
    loudness, peak = (float(match[1]) for match in found if match)
    return loudness, peak


def db(linear: float) -> float:
    return float(20 * np.log10(max(linear, 1e-12)))


def rms_db(samples: Floats) -> float:
    return db(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))


def laid(cues: Sequence[Cue], **options: float) -> Timeline:
    """A timeline without default gap unless told."""
    return lay_out(cues, RATE, **{"gap": 0.0, **options})


def turns(
    folder: Path, sounds: dict[str, Floats], gain: float = 0.0
) -> tuple[list[Speech], dict[str, Source]]:
    """Each sound as a turn; `a1` is a turn of speaker `a`."""
    cues = [Speech(name, name[0], len(samples)) for name, samples in sounds.items()]
    sources = {
        name: Source(save(folder / f"{name}.wav", samples), gain)
        for name, samples in sounds.items()
    }
    return cues, sources


def music(
    folder: Path, samples: Floats, channels: int = 2, name: str = "music"
) -> tuple[Path, Asset]:
    """A prepared piece of music."""
    source = save(folder / f"{name}-source.wav", samples)
    target = folder / f"{name}.wav"
    return target, prepare(source, target, RATE, channels)
