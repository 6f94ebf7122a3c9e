"""Who may stay connected: bounds on connections, and a time limit for a request's headers.

A body's size and time are bounded by `podgen.serve.guard`, once the headers are there.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

if sys.platform != "win32":
    import resource

PER_ADDRESS = 256
"""Connections from one address: four for each request that is let in by default."""
HEADER_SECONDS = 10.0
"""From a request's first byte, or its connection, to the end of its headers."""
AT_ONCE = 16
"""Connections accepted between two looks at those that are there. asyncio takes as many as the
backlog holds, and where files run out it complains once for each (until Python 3.13 also once more
for each time that it tries again)."""
_UNLIMITED = 1 << 16
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-length: 0\r\n\r\n"
)


def most_open() -> int:
    """Connections in all: half of the files that the process may open; the rest is for work."""
    if sys.platform == "win32":
        return _UNLIMITED
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _UNLIMITED if soft == resource.RLIM_INFINITY else max(soft // 2, AT_ONCE)


class Door:
    """Lets connections in. Where there are too many, the one that has waited longest without a
    request goes for the one that comes; only where all are at work does the newcomer."""

    def __init__(
        self,
        *,
        per_address: int = PER_ADDRESS,
        in_all: int | None = None,
        header_seconds: float = HEADER_SECONDS,
    ) -> None:
        self.header_seconds = header_seconds
        self._per_address = per_address
        self._in_all = most_open() if in_all is None else in_all
        self._open: dict[Connection, str] = {}  # in the order in which they last had a request
        self._counts: Counter[str] = Counter()

    def enter(self, connection: Connection, address: str) -> bool:
        """Count a connection in; False where there is no room."""
        crowded = self._counts[address] >= self._per_address
        if crowded or len(self._open) >= self._in_all:
            idle = (
                other
                for other, where in self._open.items()
                if not other.busy and (where == address or not crowded)
            )
            longest = next(idle, None)
            if longest is None:
                return False
            self.leave(longest)
            longest.drop()
        self._open[connection] = address
        self._counts[address] += 1
        return True

    def asked(self, connection: Connection) -> None:
        """A connection has had a whole request's headers."""
        if connection in self._open:
            self._open[connection] = self._open.pop(connection)

    def leave(self, connection: Connection) -> None:
        """Count a connection out, if it is in."""
        address = self._open.pop(connection, None)
        if address is not None:
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]


class Connection(H11Protocol):
    """uvicorn's, behind a door and with a time limit for headers."""

    door: ClassVar[Door]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if self.door.enter(self, self.client[0] if self.client else ""):
            self._expect_headers()
        else:
            transport.write(_FULL)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._stop_waiting()
            self.door.asked(self)
        elif not self.busy:
            self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._stop_waiting()
        self.door.leave(self)
        super().connection_lost(exc)

    def drop(self) -> None:
        """End it at once."""
        self.transport.abort()

    def _expect_headers(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.door.header_seconds, self.drop)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def behind(door: Door) -> type[Connection]:
    """The protocol of the connections that a door lets in."""
    return type("Connection", (Connection,), {"door": door})
