"""The servers of a job: which is asked next, which rests, which is out."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_OUT_AFTER = 3
_LONGEST_OUT = 60.0


class StoppedError(Exception):
    """The job is over; nothing more is asked."""


@dataclass(slots=True)
class Server:
    """One server as the job has found it. Times are of `time.monotonic`."""

    url: str
    open: int = 0
    failures: int = 0
    """Failures since its last good answer; from the third on it is out for a while. Requests that
    were open together when it failed count as one."""
    failed_at: float = 0.0
    rests_until: float = 0.0

    @property
    def suspect(self) -> bool:
        """Whether it was out and has not answered well since."""
        return self.failures >= _OUT_AFTER


@dataclass(frozen=True, slots=True)
class Place:
    """A request's place on a server, from `Servers.take` until it is given back."""

    server: Server
    began: float

    @property
    def url(self) -> str:
        """The server's address."""
        return self.server.url


class Servers:
    """Hands out servers to threads, the least loaded first, each to `in_flight` at once."""

    def __init__(self, urls: Iterable[str], *, in_flight: int, first_rest: float) -> None:
        self._servers = {url: Server(url) for url in urls}
        self._in_flight = in_flight
        self._first_rest = first_rest
        self._changed = threading.Condition()
        self._stopped = False

    def take(self, urls: Collection[str], avoid: Collection[str]) -> Place:
        """Wait for the best of `urls` and count a request as open on it.

        One in `avoid` is taken only where all the others are out; one that was out gets a single
        request until it answers well.

        Raises:
            StoppedError: the job is over.
        """
        servers = [self._servers[url] for url in urls]
        with self._changed:
            while True:
                if self._stopped:
                    raise StoppedError
                now = time.monotonic()
                up = [server for server in servers if server.rests_until <= now]
                wanted = [server for server in up if server.url not in avoid] or up
                free = [server for server in wanted if server.open < self._room(server)]
                if free:
                    server = min(free, key=lambda server: (server.open, server.failures))
                    server.open += 1
                    return Place(server, now)
                resting = [s.rests_until - now for s in servers if s.rests_until > now]
                self._changed.wait(min(resting, default=None))

    def good(self, place: Place) -> None:
        """The server answered as it should."""
        with self._given_back(place) as server:
            server.failures = 0

    def busy(self, place: Place, seconds: float) -> None:
        """The server asked to be left alone for so long."""
        with self._given_back(place) as server:
            rest = seconds * random.uniform(1.0, 1.25)
            server.rests_until = max(server.rests_until, time.monotonic() + rest)

    def bad(self, place: Place) -> None:
        """The server failed; after some times in a row it is out, each time for longer."""
        with self._given_back(place) as server:
            if place.began >= server.failed_at:
                server.failures += 1
                server.failed_at = time.monotonic()
            if server.suspect:
                rest = self._first_rest * 2 ** min(server.failures - _OUT_AFTER, 16)
                server.rests_until = server.failed_at + min(rest, _LONGEST_OUT)

    def left(self, place: Place) -> None:
        """The request ended for a reason that says nothing about the server."""
        with self._given_back(place):
            pass

    def all_failed(self, urls: Collection[str], times: int) -> bool:
        """Whether each of `urls` has failed so many times in a row."""
        with self._changed:
            return all(self._servers[url].failures >= max(times, _OUT_AFTER) for url in urls)

    def wait(self, seconds: float) -> None:
        """Sleep, unless the job is over.

        Raises:
            StoppedError: it is.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while not self._stopped:
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(left)
        raise StoppedError

    def stop(self) -> None:
        """Wake everybody who waits, to go home."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @contextmanager
    def _given_back(self, place: Place) -> Iterator[Server]:
        with self._changed:
            place.server.open -= 1
            yield place.server
            self._changed.notify_all()

    def _room(self, server: Server) -> int:
        return 1 if server.suspect else self._in_flight
