"""What the server tells its pages as it happens: one queue for each page that listens."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncGenerator
from typing import Any

HEARTBEAT_SECONDS = 15.0
_MOST_WAITING = 200
"""Messages that a page may lag behind; then it is told to ask for everything anew."""


class Telling:
    """Sends every message to every page, from any thread, in one order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: dict[asyncio.Queue[str | None], asyncio.AbstractEventLoop] = {}
        self.closed = False

    def __call__(self, name: str, value: Any) -> None:
        """Tell all pages an event by its name."""
        message = f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n"
        self._send(message)

    def close(self) -> None:
        """End all pages' streams."""
        self.closed = True
        self._send(None)

    def _send(self, message: str | None) -> None:
        with self._lock:
            for queue, loop in self._pages.items():
                with contextlib.suppress(RuntimeError):  # its loop has ended
                    loop.call_soon_threadsafe(_put, queue, message)

    async def listen(self, first: str = "") -> AsyncGenerator[bytes, None]:
        """The messages for one page from now on, as server-sent events."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        with self._lock:
            self._pages[queue] = asyncio.get_running_loop()
        try:
            yield f"retry: 500\n: {first}\n\n".encode()
            while not self.closed:
                try:
                    message = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    message = ": still here\n\n"
                if message is None:
                    return
                yield message.encode()
        finally:
            with self._lock:
                del self._pages[queue]


def _put(queue: asyncio.Queue[str | None], message: str | None) -> None:
    if queue.qsize() > _MOST_WAITING:
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait("event: anew\ndata: {}\n\n")
    queue.put_nowait(message)
