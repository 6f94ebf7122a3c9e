"""Draws docs/rooms.svg: the rooms of podgen, and who imports whom, as the code has it.

Rows are the layers of the contract in pyproject.toml. An arrow is an import that no longer way
stands for already. Run it after a room was added or a layer has moved: python scripts/draw_rooms.py
"""

from __future__ import annotations

import ast
import tomllib
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "rooms.svg"
WIDTH, BOX, HEIGHT, GAP = 880, 260, 50, 34


def layers() -> list[list[str]]:
    """The rooms from top to bottom, as the import contract has them."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    rooms = next(contract for contract in contracts if contract["id"] == "rooms")
    return [[room.strip() for room in row.split("|")] for row in rooms["layers"]]


def imports(rooms: list[str]) -> set[tuple[str, str]]:
    """Which room imports which, less what a longer way stands for."""
    graph = grimp.build_graph("podgen")
    direct = {
        (a, b)
        for a in rooms
        for b in rooms
        if a != b
        and graph.direct_import_exists(
            importer=f"podgen.{a}", imported=f"podgen.{b}", as_packages=True
        )
    }
    reached = set(direct)
    for _ in rooms:
        reached |= {(a, d) for a, b in direct for c, d in reached if b == c}
    return {
        (a, b) for a, b in direct if not any((a, c) in direct and (c, b) in reached for c in rooms)
    }


def summary(room: str) -> str:
    """What a room says of itself."""
    path = ROOT / "podgen" / room
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    said = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return said.split("\n")[0].rstrip(".")


def wrapped(text: str, width: int) -> list[str]:
    """`text` in at most two lines."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > width and len(lines) < 2:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [line if len(line) <= width + 4 else f"{line[:width]}…" for line in lines]


def drawing() -> str:
    """The picture as SVG."""
    rows = layers()
    places: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(rows):
        left = (WIDTH - len(row) * BOX - (len(row) - 1) * 20) / 2
        for at, room in enumerate(row):
            places[room] = (left + at * (BOX + 20), 12 + number * (HEIGHT + GAP))
    height = 24 + len(rows) * (HEIGHT + GAP) - GAP
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#7a8694"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for above, below in sorted(imports(list(places))):
        (x1, y1), (x2, y2) = places[above], places[below]
        start, end = x1 + BOX / 2 + (x2 - x1) * 0.12, x2 + BOX / 2 + (x1 - x2) * 0.12
        bend = 0.0
        if y2 - y1 > HEIGHT + GAP:  # around the rows between
            bend = BOX * 0.62 * (1 if x1 >= x2 else -1)
        middle = (y1 + HEIGHT + y2) / 2
        out.append(
            f'<path d="M{start:.0f} {y1 + HEIGHT:.0f}C{start + bend:.0f} {middle:.0f} '
            f'{end + bend:.0f} {middle:.0f} {end:.0f} {y2 - 2:.0f}" fill="none" '
            'stroke="#7a8694" stroke-width="1.4" marker-end="url(#tip)"/>'
        )
    for room, (x, y) in places.items():
        out.append(
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{BOX}" height="{HEIGHT}" rx="7" '
            'fill="#f2f5f8" stroke="#33414f"/>'
            f'<text x="{x + 10:.0f}" y="{y + 17:.0f}" font-size="13" font-weight="600" '
            f'fill="#16202a">{room}</text>'
        )
        for line, text in enumerate(wrapped(summary(room), 50)):
            out.append(
                f'<text x="{x + 10:.0f}" y="{y + 31 + 12 * line:.0f}" font-size="9.5" '
                f'fill="#33414f">{escape(text)}</text>'
            )
    return "\n".join([*out, "</svg>\n"])


if __name__ == "__main__":
    TARGET.write_text(drawing(), encoding="utf-8")
    print(TARGET)
