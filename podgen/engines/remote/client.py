"""One request for speech, sent until it is answered or cannot be."""

from __future__ import annotations

import contextlib
import email.utils
import json
import logging
import random
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from podgen.engines.base import Samples
from podgen.engines.remote.reply import BadReplyError, Expected, read
from podgen.engines.remote.servers import Servers
from podgen.engines.remote.settings import EngineSettings

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 20.0
_LARGEST = 500_000_000  # bytes of an answer: half an hour at 48 kHz in 32-bit stereo
_HEALTH_SECONDS = 5.0
_TOKENS = "x-vllm-omni-output-tokens"
"""How many tokens vllm-omni generated; as many as it was let means that the sound is cut short."""
_ONE_TURN_ONLY = frozenset({400, 413, 422})
"""Refusals that say something about the text or voice; any other holds for every turn."""


class RefusedError(Exception):
    """A turn that no further try will bring. `bad` is how many answers were no good."""

    def __init__(self, what: str, remedy: str, *, bad: int = 0) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.bad = bad


class _BusyError(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class _DownError(Exception):
    """The server is not there, whatever is asked."""


class _RefusedByServerError(Exception):
    def __init__(self, what: str, *, for_all: bool) -> None:
        super().__init__(what)
        self.for_all = for_all


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask, of whom, and what the answer should be.

    After a bad answer another seed is asked for, or none (`reseed` false) where the server itself
    tries again only without one.
    """

    body: Mapping[str, Any]
    urls: Collection[str]
    expected: Expected
    reseed: bool = True

    def after(self, bad: int) -> dict[str, Any]:
        """The body to send after so many bad answers."""
        body = dict(self.body)
        if bad and "seed" in body:
            if self.reseed:
                body["seed"] += bad
            else:
                del body["seed"]
        return body


@dataclass(frozen=True, slots=True)
class Answer:
    """Mono float32 samples, their rate, and the seed that was asked for, if any."""

    samples: Samples
    rate: int
    seed: int | None


class Client:
    """Asks servers on behalf of many threads."""

    def __init__(self, settings: EngineSettings, servers: Servers) -> None:
        self._settings = settings
        self._servers = servers
        key = settings.api_key()
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {key}"} if key else None,
            timeout=httpx.Timeout(settings.timeout, connect=settings.connect_timeout, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
        )

    def speech(self, wanted: Wanted) -> Answer:
        """A good answer.

        Of bad ones `attempts` are borne, on different servers as far as there are. A server that
        does not answer, or says to come later, is waited for, see `Servers`.

        Raises:
            RefusedError: there is none, for this turn.
            LostError: nor for any other, as its servers are given up.
            StoppedError: the job is over.
        """
        failures: list[str] = []
        avoid: set[str] = set()
        while True:
            place = self._servers.take(wanted.urls, avoid)
            try:
                answer = self._ask(place.url, wanted, len(failures))
            except _BusyError as busy:
                self._servers.busy(place, busy.seconds)
                continue
            except _DownError as down:
                self._servers.down(place, str(down))
                continue
            except _RefusedByServerError as refused:
                if not refused.for_all:
                    self._servers.left(place)
                    raise RefusedError(str(refused), "") from None
                self._servers.refused(place, str(refused), "mend base_url, model or key, and go on")
                continue
            except BadReplyError as error:
                self._servers.bad(place)
                failures.append(f"{place.url}: {error}")
                log.info("try %d: %s", len(failures), failures[-1])
                avoid.add(place.url)
                if len(failures) >= self._settings.attempts:
                    raise _given_up(failures) from None
            except BaseException:
                self._servers.left(place)
                raise
            else:
                self._servers.good(place)
                return answer
            if avoid >= set(wanted.urls):
                avoid.clear()
                pause = min(self._settings.backoff * 2 ** (len(failures) - 1), _LONGEST_PAUSE)
                self._servers.wait(pause * random.uniform(0.5, 1.0))

    def close(self) -> None:
        """End all connections."""
        self._http.close()

    def _ask(self, base: str, wanted: Wanted, bad: int) -> Answer:
        body = wanted.after(bad)
        try:
            status, headers, data = self._post(f"{base}/audio/speech", body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _DownError(_said(error)) from None
        except httpx.HTTPError as error:
            self._raise_if_down(base, _said(error))
            raise BadReplyError(_said(error)) from None
        if status == 429 or (status == 503 and "retry-after" in headers):
            raise _BusyError(_retry_after(headers.get("retry-after")))
        said = f"answered {status}: {_message(data)}"
        if status in (502, 503, 504):
            raise _DownError(said)
        if status >= 500 or status == 408:
            self._raise_if_down(base, said)
            raise BadReplyError(said)
        if status != 200:
            for_all = status not in _ONE_TURN_ONLY
            said = f"{base} refused it ({status}): {_message(data)}"
            raise _RefusedByServerError(said, for_all=for_all)
        limit = body.get("max_new_tokens")
        made = headers.get(_TOKENS, "")
        if limit is not None and made.isdigit() and int(made) >= limit:
            raise BadReplyError(f"answered with sound cut short at max_tokens, {limit}")
        try:
            samples, rate = read(headers.get("content-type", ""), data, wanted.expected)
        except BadReplyError as error:
            raise BadReplyError(f"answered with {error}") from None
        return Answer(samples, rate, body.get("seed"))

    def _post(self, url: str, body: Mapping[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        deadline = time.monotonic() + self._settings.timeout
        data = bytearray()
        with self._http.stream("POST", url, json=body) as reply:
            for block in reply.iter_bytes():
                data += block
                if len(data) > _LARGEST or time.monotonic() > deadline:
                    raise BadReplyError(f"answered without an end after {len(data)} bytes")
        return reply.status_code, reply.headers, bytes(data)

    def _raise_if_down(self, base: str, why: str) -> None:
        """Tell a server that broke from one that could not do with this turn: by its health.

        Raises:
            _DownError: it is not well.
        """
        url = f"{base.removesuffix('/v1')}/health"
        try:
            well = self._http.get(url, timeout=_HEALTH_SECONDS).status_code < 500
        except httpx.HTTPError:
            well = False
        if not well:
            raise _DownError(why)


def _given_up(failures: list[str]) -> RefusedError:
    counted = {failure: failures.count(failure) for failure in failures}
    said = ", ".join(
        f"{failure} ({n} times)" if n > 1 else failure for failure, n in counted.items()
    )
    return RefusedError(
        f"no usable answer in {len(failures)} tries: {said}",
        "look at the server's log, or change the text",
        bad=len(failures),
    )


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _retry_after(value: str | None) -> float:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3), or one second; at most a minute."""
    seconds = 1.0
    if value is not None:
        try:
            seconds = float(value)
        except ValueError:
            date = email.utils.parsedate_tz(value)
            if date is not None:
                seconds = email.utils.mktime_tz(date) - time.time()
    return min(max(seconds, 0.05), 60.0)


def _message(data: bytes) -> str:
    """What an error's body says, in OpenAI's shape or any other, shortened to a line."""
    text = data[:4000].decode("utf-8", errors="replace")
    with contextlib.suppress(ValueError):
        value = json.loads(text)
        error = value.get("error", value) if isinstance(value, dict) else value
        if isinstance(error, dict):
            error = error.get("message") or error.get("detail") or error
        text = str(error)
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:297] + "..."
