from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from podgen.publish.episode import ChapterMark, Episode, SpokenTurn

RATE = 44100


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    rows = (b"\0" + b"\x20\x40\x80" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def cover(tmp_path: Path) -> Path:
    path = tmp_path / "cover.png"
    path.write_bytes(png(20, 10))
    return path


@pytest.fixture
def episode() -> Episode:
    """Three turns, the second over the end of the first, in two chapters; four seconds."""
    return Episode(
        title="Rock & Roll <live>",
        show="The Show",
        number=7,
        description="About = signs; and #2.",
        author="Ann Author",
        language="en-GB",
        cover=None,
        duration=4.0,
        sample_rate=RATE,
        turns=(
            SpokenTurn("t1", "ANN", "Is 2 < 3 --> yes & no?", 4410, 70001),
            SpokenTurn("t2", "BO <b>", "Mhm.", 66150, 75000),
            SpokenTurn("t3", "ANN", "A </script> tag, then\na newline.", 90000, 170000),
        ),
        chapters=(
            ChapterMark("Opening; a=b #1", 0, 80000, url="https://example.org/a?b=c&d"),
            ChapterMark("Élan", 80000, 176400),
        ),
    )
