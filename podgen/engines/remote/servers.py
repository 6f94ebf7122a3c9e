"""The servers of a job: which is asked next, which is waited for, which is given up."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_LONGEST_REST = 15.0


class StoppedError(Exception):
    """The job is over; nothing more is asked."""


class LostError(Exception):
    """None of the servers of a turn is asked any more; says why, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


@dataclass(slots=True)
class Server:
    """One server as the job has found it. Times are of `time.monotonic`."""

    url: str
    seen: float | None
    """When it last answered as a server does that is well, be it with a bad answer."""
    open: int = 0
    downs: int = 0
    """How often in a row it did not answer. Requests that were open together count as one."""
    down_at: float = 0.0
    why: str = ""
    """Why it is waited for, if it is."""
    rests_until: float = 0.0
    bad: int = 0
    """Bad answers since its last good one: of two equals the other is asked first."""
    lost: LostError | None = None


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
    """Hands out servers to threads, the least loaded first, each to `in_flight` at once.

    Args:
        urls: their addresses.
        in_flight: requests that one gets at once.
        first_rest: seconds that one which did not answer is left alone; twice as long each time.
        patience: seconds without a sign of life of a turn's servers before they are given up.
        attempts: failures in a row before they are given up, where none has ever answered.
        well: those that have answered before the job.
        tell: is handed what the user should know of them.
    """

    def __init__(
        self,
        urls: Iterable[str],
        *,
        in_flight: int,
        first_rest: float,
        patience: float,
        attempts: int,
        well: Collection[str] = (),
        tell: Callable[[str], None] = lambda message: None,
    ) -> None:
        self._began = time.monotonic()
        self._servers = {url: Server(url, self._began if url in well else None) for url in urls}
        self._in_flight = in_flight
        self._first_rest = first_rest
        self._patience = patience
        self._attempts = attempts
        self._tell = tell
        self._changed = threading.Condition()
        self._stopped = False

    def take(self, urls: Collection[str], avoid: Collection[str]) -> Place:
        """Wait for the best of `urls` and count a request as open on it.

        One in `avoid` is taken only where all the others are out; one that was down gets a single
        request until it answers.

        Raises:
            LostError: they are all given up.
            StoppedError: the job is over.
        """
        servers = [self._servers[url] for url in urls]
        with self._changed:
            while True:
                if self._stopped:
                    raise StoppedError
                there = [server for server in servers if server.lost is None]
                now = time.monotonic()
                if lost := self._verdict(there, now):
                    for server in there:
                        server.lost = lost
                    there = []
                if not there:
                    raise next(server.lost for server in servers if server.lost)
                up = [server for server in there if server.rests_until <= now]
                wanted = [server for server in up if server.url not in avoid] or up
                free = [server for server in wanted if server.open < self._room(server)]
                if free:
                    server = min(free, key=lambda server: (server.open, server.bad))
                    server.open += 1
                    return Place(server, now)
                resting = [s.rests_until - now for s in there if s.rests_until > now]
                self._changed.wait(min(resting, default=None))

    def good(self, place: Place) -> None:
        """The server answered as it should."""
        with self._given_back(place) as server:
            server.bad = 0
            self._is_there(server)

    def bad(self, place: Place) -> None:
        """The server answered, and badly: which says something of the turn, not of the server."""
        with self._given_back(place) as server:
            server.bad += 1
            self._is_there(server)

    def busy(self, place: Place, seconds: float) -> None:
        """The server asked to be left alone for so long."""
        with self._given_back(place) as server:
            rest = seconds * random.uniform(1.0, 1.25)
            server.rests_until = max(server.rests_until, time.monotonic() + rest)
            server.why = "busy"

    def down(self, place: Place, why: str) -> None:
        """The server did not answer: it is waited for, by one request at growing intervals."""
        with self._given_back(place) as server:
            server.why = why
            anew = place.began >= server.down_at
            if anew:
                server.downs += 1
                server.down_at = time.monotonic()
            rest = self._first_rest * 2 ** min(server.downs - 1, 16)
            server.rests_until = server.down_at + min(rest, _LONGEST_REST)
            if anew and server.downs == 1 and server.seen is not None:
                self._tell(
                    f"{server.url} does not answer ({why}); it is waited for, "
                    f"{self._patience:g} s at most"
                )

    def left(self, place: Place) -> None:
        """The request ended for a reason that says nothing about the server."""
        with self._given_back(place):
            pass

    def refused(self, place: Place, what: str, remedy: str) -> None:
        """The server refused in a way that holds for every turn."""
        with self._given_back(place) as server:
            server.lost = LostError(what, remedy)

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

    def _is_there(self, server: Server) -> None:
        if server.downs and server.seen is not None:
            self._tell(f"{server.url} answers again")
        server.downs, server.why = 0, ""
        server.seen = time.monotonic()

    def _verdict(self, servers: Collection[Server], now: float) -> LostError | None:
        """Why none of these servers is waited for any longer, if so."""
        if not servers or not all(server.why for server in servers):
            return None
        seen = max((server.seen for server in servers if server.seen is not None), default=None)
        down = [server for server in servers if server.downs]
        said = ", ".join(f"{server.url}: {server.why}" for server in down)
        if seen is None and len(down) == len(servers):
            tries = sum(server.downs for server in servers)
            if all(server.downs >= self._attempts for server in servers):
                what = f"no usable answer in {tries} tries: {said}"
                return LostError(what, "start the server, or mend base_url")
        elif now - (self._began if seen is None else seen) > self._patience:
            if down:
                what = f"no answer for {self._patience:g} s: {said}"
                return LostError(what, "start the server again, or raise `patience`")
            names = ", ".join(server.url for server in servers)
            return LostError(f"{names} was too busy for {self._patience:g} s", "raise `patience`")
        return None

    def _room(self, server: Server) -> int:
        return 1 if server.downs else self._in_flight
