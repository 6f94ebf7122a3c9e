"""A clip as one file: a WAV whose last chunk is its record, sealed by digests.

The record stands in a RIFF chunk `pdgn` behind the sound, which readers of WAV pass over: JSON, its
SHA-256, its length as four bytes, and a mark. It names the SHA-256 of all that comes before the
chunk but the bytes that hold the file's size. So a file is whole or can be told not to be, and
sound and record cannot come apart. Bytes depend on sound and notes alone: no time, no version.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

_CHUNK = b"pdgn"
_MARK = b"podgen 1"
_TRAILER = 32 + 4 + len(_MARK)
_LONGEST_RECORD = 1 << 20
_FLOAT = 3  # WAVE_FORMAT_IEEE_FLOAT
_RATES = range(1000, 400_000)


class CorruptError(Exception):
    """What is there is no clip that was stored here, or no longer."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a clip.

    Attributes:
        sample_rate: in Hz.
        frames: samples of each channel.
        channels: 1 or 2.
        digest: SHA-256 of the sound, in hexadecimal.
        notes: plain values about it.
        start: bytes of the file before the record's chunk.
    """

    sample_rate: int
    frames: int
    channels: int
    digest: str
    notes: Mapping[str, Any]
    start: int


def write_wav(
    path: Path, blocks: Iterable[npt.NDArray[np.float32]], sample_rate: int, most: int
) -> None:
    """Mono float32 in blocks of shape [frames], `most` frames at most, as a WAV of three chunks;
    where those would take over 4 GiB, as RF64.

    Layout: EBU Tech 3306 and Microsoft's "Multiple Channel Audio Data and WAVE Files".
    """
    frames = 0
    with path.open("wb") as file:
        file.write(_head(most, sample_rate, long=_is_long(most)))
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").data)
            frames += len(block)
        if frames != most:
            assert frames < most
            file.seek(0)
            file.write(_head(frames, sample_rate, long=_is_long(most)))


def _is_long(frames: int) -> bool:
    return 4 * frames + _LONGEST_RECORD + 64 > 0xFFFFFFFF


def _head(frames: int, sample_rate: int, *, long: bool) -> bytes:
    """All that stands before the samples."""
    size = 4 * frames
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, _FLOAT, 1, sample_rate, 4 * sample_rate, 4, 32)
    fact = struct.pack("<4sII", b"fact", 4, min(frames, 0xFFFFFFFF))
    body = len(b"WAVE") + len(form) + len(fact) + 8 + size
    if not long:
        data = struct.pack("<4sI", b"data", size)
        return struct.pack("<4sI4s", b"RIFF", body, b"WAVE") + form + fact + data
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, body + 36, size, frames, 0)
    data = struct.pack("<4sI", b"data", 0xFFFFFFFF)
    return struct.pack("<4sI4s", b"RF64", 0xFFFFFFFF, b"WAVE") + sizes + form + fact + data


def seal(path: Path, notes: Mapping[str, Any]) -> Record:
    """Put a record behind the sound of a WAV or RF64 file, and its size into the header.

    Raises:
        OSError: the disk is full.
        CorruptError: the file is no WAV.
    """
    with path.open("r+b") as file:
        start = file.seek(0, os.SEEK_END)
        if start % 2:
            start += file.write(b"\0")
        rate, channels, frames = _header(file, start)
        digest = _digest(file, start)
        record = {
            "sample_rate": rate,
            "channels": channels,
            "frames": frames,
            "sha256": digest,
            "notes": dict(notes),
        }
        text = json.dumps(record, sort_keys=True, allow_nan=False).encode()
        text += b" " * (len(text) % 2)
        payload = text + hashlib.sha256(text).digest() + struct.pack("<I", len(text)) + _MARK
        file.seek(start)
        file.write(struct.pack("<4sI", _CHUNK, len(payload)) + payload)
        total = start + 8 + len(payload)
        file.seek(0)
        if file.read(4) == b"RF64":
            file.seek(20)
            file.write(struct.pack("<Q", total - 8))
        else:
            file.seek(4)
            file.write(struct.pack("<I", total - 8))
    return Record(rate, frames, channels, digest, dict(notes), start)


def read_record(path: Path) -> Record:
    """The record of a clip, agreeing with the header of its sound, which itself is not read.

    Raises:
        FileNotFoundError: there is nothing.
        CorruptError: there is something else than a clip that was sealed here.
        OSError: it cannot be read.
    """
    # A pipe would be waited for, a link may lead anywhere.
    if not stat.S_ISREG(path.lstat().st_mode):
        raise CorruptError("no file")
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size < 12 + 8 + _TRAILER:
            raise CorruptError("too short")
        file.seek(size - _TRAILER)
        trailer = file.read(_TRAILER)
        length = struct.unpack("<I", trailer[32:36])[0]
        start = size - _TRAILER - length - 8
        if trailer[36:] != _MARK or length > _LONGEST_RECORD or start < 12:
            raise CorruptError("no record")
        file.seek(start)
        head, text = file.read(8), file.read(length)
        if head != struct.pack("<4sI", _CHUNK, length + _TRAILER):
            raise CorruptError("no record")
        if hashlib.sha256(text).digest() != trailer[:32]:
            raise CorruptError("a damaged record")
        record = _typed(text, start)
        if _header(file, start) != (record.sample_rate, record.channels, record.frames):
            raise CorruptError("a record of another sound")
    return record


def intact(path: Path, record: Record) -> bool:
    """Whether the sound still has the digest that it was sealed with."""
    try:
        with path.open("rb") as file:
            whole = file.seek(0, os.SEEK_END) >= record.start
            return whole and _digest(file, record.start) == record.digest
    except OSError:
        return False


def _typed(text: bytes, start: int) -> Record:
    try:
        values = json.loads(text)
        rate, channels, frames = values["sample_rate"], values["channels"], values["frames"]
        digest, notes = values["sha256"], values["notes"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CorruptError("a damaged record") from None
    whole = all(type(value) is int for value in (rate, channels, frames))
    if not (whole and rate in _RATES and channels in (1, 2) and frames >= 0):
        raise CorruptError("a record out of range")
    if not (isinstance(digest, str) and isinstance(notes, dict) and _finite(notes)):
        raise CorruptError("a record of other types")
    return Record(rate, frames, channels, digest, notes, start)


def _finite(value: object) -> bool:
    if isinstance(value, dict):
        return all(_finite(each) for each in value.values())
    return not isinstance(value, float) or math.isfinite(value)


def _header(file: IO[bytes], end: int) -> tuple[int, int, int]:
    """Rate, channels and frames of a float WAV by its chunks before `end`.

    Raises:
        CorruptError: it is none, or its chunks do not end there.
    """
    file.seek(0)
    kind, _, wave = struct.unpack("<4sI4s", _take(file, 12))
    if kind not in (b"RIFF", b"RF64") or wave != b"WAVE":
        raise CorruptError("no WAV")
    found: tuple[int, int] | None = None
    frames, long = None, 0
    at = 12
    while at + 8 <= end:
        file.seek(at)
        name, size = struct.unpack("<4sI", _take(file, 8))
        if name == b"ds64":
            long = struct.unpack("<QQ", _take(file, 16))[1]
        elif name == b"fmt ":
            form, channels, rate, _, width, bits = struct.unpack("<HHIIHH", _take(file, 16))
            if form not in (_FLOAT, 0xFFFE) or bits != 32 or width != 4 * channels or not channels:
                raise CorruptError("no float WAV")
            found = rate, channels
        elif name == b"data":
            size = long if size == 0xFFFFFFFF else size
            if found is None or size % (4 * found[1]):
                raise CorruptError("no WAV")
            frames = size // (4 * found[1])
        at += 8 + size + size % 2
    if found is None or frames is None or at != end:
        raise CorruptError("no whole WAV")
    return found[0], found[1], frames


def _take(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise CorruptError("too short")
    return data


def _digest(file: IO[bytes], end: int) -> str:
    """SHA-256 of the file up to `end`, less the sizes of the whole that sealing changes."""
    file.seek(0)
    head = bytearray(file.read(min(28, end)))
    head[4:8] = bytes(4)
    if head[:4] == b"RF64":
        head[20:28] = bytes(8)
    digest = hashlib.sha256(head)
    left = end - len(head)
    while left > 0:
        block = file.read(min(1 << 20, left))
        if not block:
            break
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()
