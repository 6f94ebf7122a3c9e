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
_ONE_TURN_ONLY = frozenset({400, 413, 422})
"""Refusals that say something about the text or voice; any other holds for every turn."""


class RefusedError(Exception):
    """A turn that no further try will bring. `for_all`: nor any other turn."""

    def __init__(self, what: str, remedy: str, *, for_all: bool) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.for_all = for_all


class _BusyError(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask, of whom, and what the answer should be."""

    body: Mapping[str, Any]
    urls: Collection[str]
    expected: Expected


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

    def speech(self, wanted: Wanted) -> tuple[Samples, int]:
        """Mono float32 samples of a good answer, and their rate.

        Connection errors, 5xx and bad answers count as failures, of which `attempts` are borne,
        on different servers as far as there are; being told to come later does not count.

        Raises:
            RefusedError: there is none.
            StoppedError: the job is over.
        """
        failures: list[str] = []
        avoid: set[str] = set()
        patient_until = time.monotonic() + self._settings.patience
        while True:
            place = self._servers.take(wanted.urls, avoid)
            try:
                answer = self._ask(place.url, wanted)
            except _BusyError as busy:
                self._servers.busy(place, busy.seconds)
                if time.monotonic() > patient_until:
                    what = f"{place.url} was too busy for {self._settings.patience:g} s"
                    raise RefusedError(what, "raise `patience`", for_all=True) from None
                continue
            except (httpx.HTTPError, BadReplyError) as error:
                self._servers.bad(place)
                failures.append(f"{place.url}: {_said(error)}")
                log.info("try %d: %s", len(failures), failures[-1])
                avoid.add(place.url)
                hopeless = self._servers.all_failed(wanted.urls, self._settings.attempts)
                if hopeless or len(failures) >= self._settings.attempts:
                    raise _given_up(failures, for_all=hopeless) from None
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

    def _ask(self, base: str, wanted: Wanted) -> tuple[Samples, int]:
        deadline = time.monotonic() + self._settings.timeout
        data = bytearray()
        url = f"{base}/audio/speech"
        with self._http.stream("POST", url, json=dict(wanted.body)) as reply:
            for block in reply.iter_bytes():
                data += block
                if len(data) > _LARGEST or time.monotonic() > deadline:
                    raise BadReplyError(f"answered without an end after {len(data)} bytes")
        status = reply.status_code
        if status == 429 or (status == 503 and "retry-after" in reply.headers):
            raise _BusyError(_retry_after(reply.headers.get("retry-after")))
        if status >= 500 or status == 408:
            raise BadReplyError(f"answered {status}: {_message(bytes(data))}")
        if status != 200:
            remedy = "" if status in _ONE_TURN_ONLY else "mend base_url, model or key, and go on"
            said = f"{base} refused it ({status}): {_message(bytes(data))}"
            raise RefusedError(said, remedy, for_all=status not in _ONE_TURN_ONLY)
        kind = reply.headers.get("content-type", "")
        try:
            return read(kind, bytes(data), wanted.expected)
        except BadReplyError as error:
            raise BadReplyError(f"answered with {error}") from None


def listed(settings: EngineSettings, url: str) -> tuple[list[str], list[str]] | None:
    """The models and the voices that a server says it has, or None if it cannot be reached.

    A server without a list of voices has an empty one.
    """
    key = settings.api_key()
    headers = {"Authorization": f"Bearer {key}"} if key else None
    try:
        with httpx.Client(headers=headers, timeout=min(settings.connect_timeout, 5.0)) as http:
            models = http.get(f"{url}/models")
            voices = http.get(f"{url}/audio/voices")
    except httpx.HTTPError:
        return None
    return _names(models, "data"), _names(voices, "voices", "uploaded_voices", "aliases")


def _names(reply: httpx.Response, *keys: str) -> list[str]:
    """Names under any of the keys, each given as itself or as an object with an id or a name."""
    try:
        value = reply.json() if reply.status_code == 200 else {}
    except ValueError:
        value = {}
    found: list[str] = []
    for key in keys if isinstance(value, dict) else ():
        for entry in value.get(key) or ():
            name = (entry.get("id") or entry.get("name")) if isinstance(entry, dict) else entry
            if isinstance(name, str):
                found.append(name)
    return found


def _given_up(failures: list[str], *, for_all: bool) -> RefusedError:
    counted = {failure: failures.count(failure) for failure in failures}
    said = ", ".join(
        f"{failure} ({n} times)" if n > 1 else failure for failure, n in counted.items()
    )
    heard = any("answered" in failure for failure in failures)
    remedy = "look at the server's log" if heard else "start the server, or mend base_url"
    return RefusedError(
        f"no usable answer in {len(failures)} tries: {said}", remedy, for_all=for_all
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
