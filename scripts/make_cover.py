"""Draw the shows' cover: bars that are a wave on the left and chance on the right.

    python scripts/make_cover.py [FILE]       # shows/assets/cover.png by default

Everything, the letters too, is a set of strokes with round ends, drawn by distance.
"""

from __future__ import annotations

import itertools
import math
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

SIZE = 1400  # the least that Apple Podcasts takes
INK, CREAM, EMBER = (20, 24, 31), (240, 231, 214), (240, 120, 60)

Image = npt.NDArray[np.float64]  # [SIZE, SIZE, 3], 0-255
Point = tuple[float, float]
Stroke = list[Point]


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> Stroke:
    """Points on an ellipse from `start` to `end` degrees, clockwise from the right."""
    angles = np.radians(np.linspace(start, end, 72))
    return [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]


# Letters on a grid one high and as wide as the number says; y grows downwards.
LETTERS: dict[str, tuple[float, list[Stroke]]] = {
    "S": (
        0.56,
        [arc(0.28, 0.25, 0.28, 0.25, -25, -270) + arc(0.28, 0.75, 0.28, 0.25, -90, 155)],
    ),
    "I": (0.0, [[(0, 0), (0, 1)]]),
    "G": (
        0.76,
        [[*arc(0.42, 0.5, 0.42, 0.5, -45, -360), (0.45, 0.5)]],
    ),
    "N": (0.68, [[(0, 1), (0, 0), (0.68, 1), (0.68, 0)]]),
    "A": (0.76, [[(0, 1), (0.38, 0), (0.76, 1)], [(0.14, 0.64), (0.62, 0.64)]]),
    "L": (0.5, [[(0, 0), (0, 1), (0.5, 1)]]),
    "O": (0.88, [arc(0.44, 0.5, 0.44, 0.5, 0, 360)]),
    "E": (0.52, [[(0.52, 0), (0, 0), (0, 1), (0.52, 1)], [(0, 0.5), (0.44, 0.5)]]),
}
GAP = 0.38


def draw(image: Image, stroke: Stroke, width: float, colour: tuple[int, int, int]) -> None:
    """Paint a line of `width` pixels through the points, its edge smooth over a pixel."""
    for (ax, ay), (bx, by) in itertools.pairwise(stroke):
        reach = width / 2 + 1
        left, right = int(min(ax, bx) - reach), math.ceil(max(ax, bx) + reach) + 1
        top, bottom = int(min(ay, by) - reach), math.ceil(max(ay, by) + reach) + 1
        y, x = np.mgrid[top:bottom, left:right]
        dx, dy = bx - ax, by - ay
        along = ((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-9)
        along = np.clip(along, 0, 1)
        distance = np.hypot(x - ax - along * dx, y - ay - along * dy)
        cover = np.clip(width / 2 + 0.5 - distance, 0, 1)[..., None]
        patch = image[top:bottom, left:right]
        patch += cover * (np.asarray(colour, np.float64) - patch)


def width_of(word: str, height: float) -> float:
    """How wide a word is."""
    return height * (sum(LETTERS[letter][0] for letter in word) + GAP * (len(word) - 1))


def write(
    image: Image, word: str, at: Point, height: float, pen: float, colour: tuple[int, int, int]
) -> None:
    """Write a word with its top left corner at `at`."""
    x, y = at
    for letter in word:
        width, strokes = LETTERS[letter]
        for stroke in strokes:
            placed = [(x + height * px, y + height * py) for px, py in stroke]
            draw(image, placed, pen, colour)
        x += height * (width + GAP)


def bars(image: Image) -> None:
    """Twenty-one bars: a wave that comes twice, then chance."""
    rng = np.random.default_rng(5)
    count, wave, left, right, middle = 21, 12, 150.0, SIZE - 150.0, 550.0
    for index in range(count):
        x = left + index / (count - 1) * (right - left)
        half = 45 + 300 * math.sin(math.pi * (index % 6 + 0.5) / 6) ** 2
        shift, colour = 0.0, CREAM
        if index >= wave:
            half, shift, colour = 20 + 300 * rng.uniform() ** 1.4, 70 * rng.normal(), EMBER
        draw(image, [(x, middle + shift - half), (x, middle + shift + half)], 30, colour)


def png(image: Image) -> bytes:
    """A picture as an RGB PNG file, rows filtered by the difference to the row above."""
    pixels = np.rint(image).astype(np.uint8).reshape(SIZE, SIZE * 3)
    above = np.vstack([np.zeros((1, SIZE * 3), np.uint8), pixels[:-1]])
    rows = np.hstack([np.full((SIZE, 1), 2, np.uint8), pixels - above])

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)
    data = zlib.compress(rows.tobytes(), 9)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def main() -> None:
    """Write the cover to the file given, or to shows/assets/cover.png."""
    default = Path(__file__).resolve().parent.parent / "shows" / "assets" / "cover.png"
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    image = np.empty((SIZE, SIZE, 3))
    image[:] = INK
    bars(image)
    height, pen, top = 100.0, 19.0, 1130.0
    left, right = 150.0, SIZE - 150.0
    write(image, "SIGNAL", (left, top), height, pen, CREAM)
    write(image, "NOISE", (right - width_of("NOISE", height), top), height, pen, EMBER)
    path.write_bytes(png(image))


if __name__ == "__main__":
    main()
