"""Cover and chapter pictures: read, and known to be pictures before they are embedded."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from podgen.errors import ScriptError

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_AFTER_END = 1 << 16  # cameras and editors put things behind the end
# JPEG's start-of-frame markers hold the size: C0-CF but for DHT (C4), JPG (C8) and DAC (CC).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file's bytes, media type and size in pixels; and whether its colours are RGB."""

    data: bytes
    mime: str
    width: int
    height: int
    rgb: bool


def read_picture(path: Path) -> Picture:
    """Read a JPEG or PNG file.

    Raises:
        ScriptError: the file cannot be read, or is neither JPEG nor PNG.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScriptError(
            f"picture {path} cannot be read ({error.strerror})",
            "give the path of a JPEG or PNG file",
        ) from error
    png, jpeg = data.startswith(_PNG), data.startswith(_JPEG)
    if not (png or jpeg):
        raise ScriptError(
            f"{path} is neither a JPEG nor a PNG picture",
            "convert it: players show only these two",
        )
    size = _png_size(data) if png else _jpeg_size(data)
    if size is None or 0 in size:
        raise ScriptError(f"{path} is damaged or cut off", "export the picture anew")
    width, height, colours = size
    return Picture(
        data, "image/png" if png else "image/jpeg", width, height, colours in (_PNG_RGB, _JPEG_RGB)
    )


_PNG_RGB, _JPEG_RGB = "png 2", "jpeg 3"


def _png_size(data: bytes) -> tuple[int, int, str] | None:
    """Width, height and colour type of a PNG with all its chunks (ISO/IEC 15948); else None."""
    size, at = None, len(_PNG)
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + length
        if end > len(data) or zlib.crc32(data[at + 4 : end - 4]) != _number(data[end - 4 : end]):
            return None
        if kind == b"IHDR" and length == 13:
            width, height = _number(data[at + 8 : at + 12]), _number(data[at + 12 : at + 16])
            size = width, height, f"png {data[at + 17]}"
        if kind == b"IEND":
            return size
        at = end
    return None


def _number(data: bytes) -> int:
    return int.from_bytes(data)


def _jpeg_size(data: bytes) -> tuple[int, int, str] | None:
    """Width, height and components of a JPEG that has its end (ISO/IEC 10918-1); else None."""
    if _JPEG_END not in data[-_AFTER_END:]:
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height, f"jpeg {data[at + 9]}"
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
