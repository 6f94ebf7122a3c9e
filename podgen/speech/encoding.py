"""Speech as bytes: 16-bit PCM and WAV by us, everything else and every stretch by ffmpeg."""

from __future__ import annotations

import queue
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from podgen.audio.ffmpeg import Job, local
from podgen.engines.base import Samples

_UNKNOWN = 0xFFFFFFFF  # the size in a WAV header whose length is not known yet
_BLOCK = 4096
_EXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1")


@dataclass(frozen=True, slots=True)
class Format:
    """A response format: its media type, and ffmpeg's codec and container for it."""

    mime: str
    codec: tuple[str, ...]


FORMATS = {
    "wav": Format("audio/wav", ("-c:a", "pcm_s16le", "-f", "s16le")),
    "pcm": Format("audio/pcm", ("-c:a", "pcm_s16le", "-f", "s16le")),
    "mp3": Format("audio/mpeg", ("-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3")),
    "flac": Format("audio/flac", ("-c:a", "flac", "-sample_fmt", "s16", "-f", "flac")),
    "aac": Format("audio/aac", ("-c:a", "aac", "-b:a", "128k", "-f", "adts")),
    "opus": Format("audio/ogg", ("-c:a", "libopus", "-b:a", "64k", "-f", "ogg")),
    "ogg": Format("audio/ogg", ("-c:a", "libvorbis", "-q:a", "6", "-f", "ogg")),
}
"""By name. WAV is 16-bit PCM behind a header of ours; opus and ogg (Vorbis) share a container."""


def pcm16(samples: Samples) -> bytes:
    """Mono float32 as 16-bit little-endian PCM; what passes +-1 is clipped."""
    scaled = np.rint(np.clip(samples, -1.0, 1.0) * 32767)
    return scaled.astype("<i2").tobytes()


def within_full_scale(samples: Samples) -> Samples:
    """`samples`, turned down where their peak passes +-1 (engines reach 1.07)."""
    peak = float(np.abs(samples).max(initial=0.0))
    return samples / np.float32(peak) if peak > 1.0 else samples


def wav_header(rate: int, frames: int | None = None) -> bytes:
    """The 44 bytes before mono 16-bit PCM.

    With `frames` None, for a stream: both sizes hold the greatest value, which players and
    ffmpeg take as "until the end". Layout: Microsoft, "Multiple Channel Audio Data and WAVE Files".
    """
    size = _UNKNOWN if frames is None else 2 * frames
    riff = _UNKNOWN if frames is None else 36 + size
    fields = (b"RIFF", riff, b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16, b"data", size)
    return struct.pack("<4sI4s4sIHHIIHH4sI", *fields)


def float_wav(samples: Samples, rate: int) -> bytes:
    """Mono float32 as WAV, sample for sample, beyond +-1 too.

    Layout: as `wav_header`; where samples are not PCM the format says how long its extension is,
    and a `fact` chunk how many samples there are.
    """
    body = samples.astype("<f4").tobytes()
    form = struct.pack("<4sIHHIIHHH", b"fmt ", 18, 3, 1, rate, 4 * rate, 4, 32, 0)
    fact = struct.pack("<4sII", b"fact", 4, len(samples))
    data = struct.pack("<4sI", b"data", len(body)) + body
    parts = form + fact + data
    return struct.pack("<4sI4s", b"RIFF", 4 + len(parts), b"WAVE") + parts


def tempo_chain(tempo: float) -> str:
    """ffmpeg's atempo keeps the pitch; it is at its best from 0.5 to 2, so wider goes in steps."""
    steps = 1
    while not 0.5 <= tempo ** (1 / steps) <= 2.0:
        steps += 1
    return ",".join([f"atempo={tempo ** (1 / steps):.9f}"] * steps)


def encode(samples: Samples, rate: int, name: str, tempo: float = 1.0) -> bytes:
    """A whole utterance as one finished file.

    Raises:
        MachineError: there is no ffmpeg, or it failed.
    """
    samples = within_full_scale(samples)
    if name in ("wav", "pcm"):
        if tempo == 1.0:
            body = pcm16(samples)
        else:
            with Job() as job:
                source = job.feed([samples])
                body = b"".join(
                    job.stream([*_arguments(source, rate, name, tempo), "pipe:1"], 1 << 16)
                )
        return wav_header(rate, len(body) // 2) + body if name == "wav" else body
    with tempfile.TemporaryDirectory(prefix="podgen-") as folder:
        path = Path(folder) / "speech"  # a file can be sought in, so its header gets its length
        with Job() as job:
            job.run([*_arguments(job.feed([samples]), rate, name, tempo), "-y", local(path)])
        return path.read_bytes()


class StreamEncoder:
    """Encodes a stream in a thread of its own, through one ffmpeg.

    `emit` is called from that thread with bytes as they are ready, then with None at the end, or
    with the exception that ended it.
    """

    def __init__(
        self,
        rate: int,
        name: str,
        tempo: float,
        emit: Callable[[bytes | BaseException | None], None],
    ) -> None:
        self._inbox: queue.SimpleQueue[Samples | None] = queue.SimpleQueue()
        self._emit = emit
        self._aborted = False
        self._thread = threading.Thread(target=self._run, args=(rate, name, tempo), daemon=True)
        self._thread.start()

    def write(self, samples: Samples) -> None:
        """Add samples to the end."""
        self._inbox.put(samples)

    def finish(self) -> None:
        """No more samples will come; what is still inside is emitted."""
        self._inbox.put(None)

    def abort(self) -> None:
        """End ffmpeg at once; nothing is emitted any more."""
        self._aborted = True
        self._inbox.put(None)

    def _run(self, rate: int, name: str, tempo: float) -> None:
        try:
            if name == "wav":
                self._send(wav_header(rate))
            with Job() as job:
                arguments = [*_arguments(job.feed(self._drawn()), rate, name, tempo), "pipe:1"]
                for block in job.stream(arguments, _BLOCK):
                    self._send(bytes(block))
            self._send(None)
        except BaseException as error:
            self._send(error)

    def _send(self, item: bytes | BaseException | None) -> None:
        if not self._aborted:
            self._emit(item)

    def _drawn(self) -> Iterator[Samples]:
        while (samples := self._inbox.get()) is not None and not self._aborted:
            yield samples


def _arguments(source: str, rate: int, name: str, tempo: float) -> list[str]:
    stretch = ["-af", tempo_chain(tempo)] if tempo != 1.0 else []
    layout = ["-f", "f32le", "-ar", str(rate), "-ac", "1", "-i", source]
    return [*layout, *stretch, *_EXACT, *FORMATS[name].codec]
