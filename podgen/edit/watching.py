"""Noticing what others do to the files of a show."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

WATCH_SECONDS = 0.5


def watch(
    files: Callable[[], Iterable[Path]], changed: Callable[[], None], closing: threading.Event
) -> None:
    """Say so whenever one of the files is another than it was, until it is closing."""
    stamps = _stamps(files())
    while not closing.wait(WATCH_SECONDS):
        now = _stamps(files())
        if now != stamps:
            stamps = now
            changed()


def _stamps(files: Iterable[Path]) -> dict[Path, tuple[int, int] | None]:
    """Every file with its size and time of change; None where there is none."""
    return {path: _stamp(path) for path in files}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
