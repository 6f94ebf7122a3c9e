"""Cover and chapter pictures: read, and known to be pictures before they are embedded."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from podgen.errors import ScriptError

_PNG = b"\x89PNG\r\n\x1a\n"
# JPEG's start-of-frame markers hold the size: C0-CF but for DHT (C4), JPG (C8) and DAC (CC).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file's bytes, media type and size in pixels."""

    data: bytes
    mime: str
    width: int
    height: int


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
    png, jpeg = _png_size(data), _jpeg_size(data)
    size = png or jpeg
    if size is None:
        raise ScriptError(
            f"{path} is neither a JPEG nor a PNG picture",
            "convert it: players show only these two",
        )
    return Picture(data, "image/png" if png else "image/jpeg", *size)


def _png_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(_PNG) or data[12:16] != b"IHDR" or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
