"""A recording made ready to clone a voice from, or the reason why it is not fit for it.

What a careful engineer does before anything else: one channel, 24 kHz, silence off both ends, an
end at a pause where it is too long, the level of the voices that the model was given. What nothing
can mend is refused: a recording that is too short, silent, clipped, noisy, of a telephone's
bandwidth, or of two people.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from podgen.engines.base import Samples
from podgen.engines.voxtral.cloning.people import apart
from podgen.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

RATE = 24000
SHORTEST = 3.0
"""Seconds of speech, pauses within it included; the model's makers recommend 3 to 25 s."""
LONGEST = 25.0
MOST_READ = 300.0
"""Seconds that are looked at; a longer file is taken by its beginning."""
LEAST_RATE = 16000
"""Hz. Below it a recording lacks what is above 8 kHz in every reference the model knows."""
LOUDNESS = -23.0
"""LUFS that a recording is brought to where the model's own voices say nothing of their level."""
LEAST_RANGE = 25.0
"""dB between the loud frames and the quietest tenth: about 20 dB of speech over steady noise."""
CLIPPED = 5e-4
"""Share of samples in runs at full deflection from which a recording counts as clipped."""
_SILENT = -55.0  # dBFS of the loud frames
_FRAME = 240  # samples, 10 ms
_KEEP = (8, 12)  # frames kept before and after speech


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that is fit: mono samples at 24 kHz, and what was done to it.

    Attributes:
        samples: float32, at the level of the recording.
        source: SHA-256 of the file it was made from.
        notes: what was done, in words.
    """

    samples: Samples
    source: str
    notes: tuple[str, ...]

    def at(self, loudness: float) -> Samples:
        """The samples at a loudness in LUFS, or as near to it as peaks below 1 allow, with faded
        edges."""
        import numpy as np
        import pyloudnorm

        mono = self.samples.astype(np.float64)
        own = pyloudnorm.Meter(RATE).integrated_loudness(mono)
        made = mono * min(10 ** ((loudness - own) / 20), 0.98 / float(np.abs(mono).max()))
        ramp = np.linspace(0.0, 1.0, _FRAME // 2)
        made[: len(ramp)] *= ramp
        made[-len(ramp) :] *= ramp[::-1]
        return np.ascontiguousarray(made, dtype=np.float32)

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / RATE


def prepare(path: Path) -> Recording:
    """The recording made ready; an unchanged file is looked at once.

    Raises:
        EngineError: it is no audio, or not fit to clone from; says why and what to do.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise EngineError(f"{path} cannot be read ({error.strerror})", "check the path") from None
    return _prepare(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _prepare(path: Path, _size: int, _changed: int) -> Recording:
    import hashlib

    import numpy as np
    import soxr

    sound, rate = _read(path)
    if rate < LEAST_RATE:
        raise _unfit(path, f"is sampled at {rate} Hz", f"give {LEAST_RATE} Hz and more")
    notes: list[str] = []
    if sound.shape[1] > 1:
        notes.append("made mono")
    mono = _one_channel(sound)
    clipped = clipped_share(mono)
    if clipped > CLIPPED:
        raise _unfit(
            path,
            f"is clipped: {clipped:.2%} of its samples lie flat at full deflection",
            "record it again at a lower level",
        )
    if rate != RATE:
        mono = np.asarray(soxr.resample(mono, rate, RATE, quality="HQ"))
        notes.append(f"{rate} Hz to {RATE}")
    levels = frame_levels(mono)
    if not len(levels) or (loud := float(np.percentile(levels, 95))) < _SILENT:
        raise _unfit(path, "is silent", "give a recording of somebody speaking")
    quiet = float(np.percentile(levels, 10))
    if loud - quiet < LEAST_RANGE:
        raise _unfit(
            path,
            f"is noisy: its pauses lie only {loud - quiet:.0f} dB below its speech",
            f"record it in a quiet room; {LEAST_RANGE:.0f} dB are the least",
        )
    start, end = _speech(levels, max(loud - 40.0, quiet + 8.0))
    if (end - start) * _FRAME < SHORTEST * RATE:
        raise _unfit(
            path,
            f"has {(end - start) * _FRAME / RATE:.1f} s of speech",
            f"give {SHORTEST:g} to {LONGEST:g} s",
        )
    whole = end
    if (end - start) * _FRAME > LONGEST * RATE:
        end = start + _pause(levels[start:end])
    if (between := apart(mono[start * _FRAME : end * _FRAME])) > 0:
        raise _unfit(
            path,
            f"seems to have two speakers, {between:.0f} semitones apart",
            "give a recording of one person alone",
        )
    if start > 0 or whole * _FRAME < len(mono) - _FRAME:
        notes.append("silence trimmed")
    if end < whole:
        notes.append(f"cut at a pause after {(end - start) * _FRAME / RATE:.1f} s")
    speech = mono[start * _FRAME : end * _FRAME].astype(np.float32)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Recording(speech, digest, tuple(notes))


def _unfit(path: Path, why: str, remedy: str) -> EngineError:
    return EngineError(f"{path} {why}", remedy)


def _read(path: Path) -> tuple[Floats, int]:
    """Samples [frames, channels] and their rate."""
    import numpy as np
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            sound = file.read(int(MOST_READ * file.samplerate), dtype="float64", always_2d=True)
            rate = int(file.samplerate)
    except (soundfile.LibsndfileError, OSError, RuntimeError):
        raise EngineError(
            f"{path} is no audio that can be read", "give a WAV, FLAC, MP3 or Ogg file"
        ) from None
    if not np.isfinite(sound).all():
        raise EngineError(f"{path} holds samples that are no numbers", "export it anew")
    return sound, rate


def _one_channel(sound: Floats) -> Floats:
    """The mean of the channels; the loudest alone where another is silent or turned over."""
    import numpy as np

    powers = np.square(sound).mean(axis=0)
    mean = np.asarray(sound.mean(axis=1))
    loudest = int(powers.argmax())
    together = float(np.square(mean).mean()) > 0.5 * float(powers[loudest])
    return mean if together else np.ascontiguousarray(sound[:, loudest])


def clipped_share(mono: Floats) -> float:
    """The share of samples in runs of three and more that stand still at full deflection.

    Full deflection is the recording's own, so that one turned down after clipping is found too.
    """
    import numpy as np

    peak = float(np.abs(mono).max(initial=0.0))
    if peak < 0.05:
        return 0.0
    flat = np.abs(mono) > 0.999 * peak
    inner = flat[:-2] & flat[1:-1] & flat[2:]
    return 3 * float(inner.sum()) / max(1, len(mono))


def frame_levels(mono: Floats) -> Floats:
    """RMS of each 10 ms in dBFS."""
    import numpy as np

    count = len(mono) // _FRAME
    power = np.square(mono[: count * _FRAME].reshape(count, _FRAME)).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))


def _speech(levels: Floats, threshold: float) -> tuple[int, int]:
    """First and last frame of what is louder than `threshold`, with some room at both."""
    import numpy as np

    heard = np.flatnonzero(levels > threshold)
    before, after = _KEEP
    return max(0, int(heard[0]) - before), min(len(levels), int(heard[-1]) + 1 + after)


def _pause(levels: Floats) -> int:
    """Where to end a recording that is too long: in the quietest fifth of a second of the half
    before `LONGEST`, so that it ends after a word."""
    import numpy as np

    most = int(LONGEST * RATE / _FRAME)
    smooth = np.convolve(np.power(10.0, levels / 10), np.ones(20), "valid")
    first = most // 2
    return first + int(smooth[first : most - 20].argmin()) + 10
