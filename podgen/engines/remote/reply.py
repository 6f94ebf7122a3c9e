"""What a server answered: sound, or one of the many things that only look like it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from podgen.engines.base import Samples

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_STREAMED = (0, 0xFFFFFFFF, 0x7FFFFFFF)  # sizes written before the length was known
SILENT_PEAK = 10 ** (-50 / 20)


class BadReplyError(Exception):
    """An answer that is no usable sound; another try may bring one."""


@dataclass(frozen=True, slots=True)
class _Layout:
    code: int
    channels: int
    rate: int
    bits: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer should be: its sample rate in Hz if that is known, its length in seconds."""

    rate: int | None
    seconds: float
    shortest: float
    longest: float


def read(content_type: str, data: bytes, expected: Expected) -> tuple[Samples, int]:
    """Mono float32 samples of a WAV answer, and their rate.

    Args:
        content_type: the answer's header.
        data: its body.
        expected: what it should be.

    Raises:
        BadReplyError: it is empty, no WAV, cut off, at another rate, silent, or of a length that
            cannot be the text's.
    """
    import numpy as np

    if not data:
        raise BadReplyError("an empty answer")
    kind = content_type.split(";")[0].strip().casefold()
    if kind.startswith("text/") or kind.endswith(("json", "xml")):
        raise BadReplyError(f"{kind} in place of sound")
    samples, found = parse_wav(data)
    if expected.rate not in (None, found):
        raise BadReplyError(f"sound at {found} Hz where {expected.rate} Hz belong")
    if not len(samples):
        raise BadReplyError("a file without sound")
    if not np.isfinite(samples).all():
        raise BadReplyError("samples that are not numbers")
    seconds = len(samples) / found
    if float(np.abs(samples).max()) < SILENT_PEAK:
        raise BadReplyError(f"{seconds:.1f} s of silence")
    if not expected.shortest <= seconds <= expected.longest:
        raise BadReplyError(f"{seconds:.1f} s of sound where about {expected.seconds:.1f} s belong")
    return samples, found


def parse_wav(data: bytes) -> tuple[Samples, int]:
    """The samples of a WAV file, channels averaged, and their rate.

    A file whose data are shorter than its header says has been cut off. One written as a stream
    does not say, and is as long as it is.

    Raises:
        BadReplyError: it is none, or cut off.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise BadReplyError(f"{len(data)} bytes that are no WAV file")
    layout: _Layout | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"data":
            if layout is None:
                raise BadReplyError("a WAV file without a format")
            if size not in _STREAMED and at + size > len(data):
                raise BadReplyError(f"a WAV file cut off after {len(data) - at} of {size} bytes")
            end = len(data) if size in _STREAMED else at + size
            return _decode(data[at:end], layout), layout.rate
        if name == b"fmt ":
            layout = _layout(data[at : at + size])
        at += size + size % 2
    raise BadReplyError("a WAV file cut off before its sound")


def _layout(chunk: bytes) -> _Layout:
    if len(chunk) < 16:
        raise BadReplyError("a WAV file with half a format")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == _EXTENSIBLE and len(chunk) >= 26:
        code = struct.unpack_from("<H", chunk, 24)[0]
    known = (code == _PCM and bits in (16, 24, 32)) or (code == _FLOAT and bits in (32, 64))
    if not known or not channels or not 8000 <= rate <= 192_000:
        raise BadReplyError(f"a WAV file of format {code}, {bits} bits, {rate} Hz")
    return _Layout(code, channels, rate, bits)


def _decode(data: bytes, layout: _Layout) -> Samples:
    import numpy as np

    frame = layout.channels * layout.bits // 8
    whole = data[: len(data) // frame * frame]
    if layout.code == _FLOAT:
        values = np.frombuffer(whole, f"<f{layout.bits // 8}").astype(np.float32)
    elif layout.bits == 24:
        bytes3 = np.frombuffer(whole, np.uint8).reshape(-1, 3)
        padded = np.zeros((len(bytes3), 4), np.uint8)
        padded[:, 1:] = bytes3
        values = (padded.view("<i4").ravel() / 2**31).astype(np.float32)
    else:
        full = 2 ** (layout.bits - 1)
        values = (np.frombuffer(whole, f"<i{layout.bits // 8}") / full).astype(np.float32)
    mono: Samples = values.reshape(-1, layout.channels).mean(axis=1, dtype=np.float32)
    return mono
