"""The server's log: one JSON object a line, and others' complaints at a bounded rate."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable

_OTHERS = ("uvicorn.error", "asyncio")


class Bounded(logging.Filter):
    """Lets through `most` records of one kind in `seconds`; the next one says how many were left
    out. What strangers send must not fill a disk."""

    def __init__(
        self,
        most: int = 10,
        seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        kind = (record.name, str(record.msg)[:80])
        began, count = self._windows.get(kind, (-self._seconds, 0))
        now = self._clock()
        left_out = 0
        if now - began >= self._seconds:
            left_out = max(0, count - self._most)
            began, count = now, 0
        self._windows[kind] = began, count + 1
        if left_out:
            record.msg = f"{record.msg} (and {left_out} more like it)"
        return count < self._most


def to_stderr() -> None:
    """Requests, and what uvicorn and asyncio complain of."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    bounded = logging.StreamHandler(sys.stderr)
    bounded.setFormatter(logging.Formatter("%(message)s"))
    bounded.addFilter(Bounded())
    for name in ("podgen.serve", *_OTHERS):
        logger = logging.getLogger(name)
        others = name in _OTHERS
        logger.handlers = [bounded if others else handler]
        logger.setLevel(logging.WARNING if others else logging.INFO)
        logger.propagate = False
