"""How many requests are let in at once."""

from __future__ import annotations

import math

from podgen.serve.refusal import RefusedError

_LONGEST_WAIT = 60


class Admission:
    """Counts open requests up to `limit`, and knows roughly how long one takes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._mean = 1.0
        self.active = 0
        self.closing = False

    def enter(self) -> None:
        """Let a request in; it must `leave`.

        Raises:
            RefusedError: 503 with Retry-After, if there are too many or the server is closing.
        """
        if self.closing:
            raise RefusedError(
                503,
                "the server is closing; ask again later",
                code="closing",
                headers={"Retry-After": "10", "Connection": "close"},
            )
        if self.active >= self._limit:
            wait = min(max(math.ceil(self._mean), 1), _LONGEST_WAIT)
            raise RefusedError(
                503,
                f"{self.active} requests are already open; ask again in {wait} s",
                code="queue_full",
                headers={"Retry-After": str(wait)},
            )
        self.active += 1

    def leave(self, seconds: float) -> None:
        """A request that was let in has ended after so many seconds."""
        self.active -= 1
        self._mean += 0.2 * (seconds - self._mean)
