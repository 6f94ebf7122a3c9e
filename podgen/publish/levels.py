"""What a finished file measures, written into it where its format has a place for that.

Both places were made when it was encoded and tagged, so its sound stays where it was verified.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO, Any
from unicodedata import combining, normalize

from podgen.audio.verify import Verdict
from podgen.publish.episode import Episode

# mutagen says that it is typed and mostly is not.
# mypy: disable-error-code="no-untyped-call"

R128_LUFS = -23.0
"""What `R128_TRACK_GAIN` is counted from (RFC 7845, 5.2.1)."""
_BEXT = 602  # bytes without a coding history
_UNKNOWN = 0x7FFF


def write_levels(path: Path, verdict: Verdict, episode: Episode) -> None:
    """Write opus's `R128_TRACK_GAIN`, or the loudness of wav's `bext` chunk, as measured."""
    if verdict.form == "opus" and verdict.loudness is not None:
        from mutagen.oggopus import OggOpus

        opus: Any = OggOpus(path)
        opus.tags["R128_TRACK_GAIN"] = [str(round(256 * (R128_LUFS - verdict.loudness)))]
        opus.save(padding=lambda _info: 0)
    elif verdict.form == "wav":
        with path.open("r+b") as file:
            file.seek(_bext_place(file))
            file.write(bext(verdict, episode))


def bext(verdict: Verdict, episode: Episode) -> bytes:
    """A broadcast extension of version 2 (EBU Tech 3285, 2011), without its chunk's head.

    Text is ASCII there: accents go, and other letters become question marks.
    """
    measured = (
        verdict.loudness,
        verdict.loudness_range,
        verdict.true_peak,
        verdict.highest_momentary,
        verdict.highest_short_term,
    )
    levels = [_UNKNOWN if value is None else round(100 * value) for value in measured]
    title, author = (_ascii(text) for text in (episode.title, episode.author))
    return struct.pack(
        "<256s32s32s10s8sQH64s5h180s",
        *(title, author, b"", episode.date.encode(), b"", 0, 2, b"", *levels, b""),
    )


def _ascii(text: str) -> bytes:
    plain = (letter for letter in normalize("NFKD", text) if not combining(letter))
    return "".join(plain).encode("ascii", "replace")


def _bext_place(file: IO[bytes]) -> int:
    """Where the contents of the chunk begin that the encoder left room for."""
    at = 12
    while True:
        file.seek(at)
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"bext" and size >= _BEXT:
            return at + 8
        at += 8 + size + size % 2
