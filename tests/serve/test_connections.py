"""Connections that are opened and left: they cost nobody else a thing."""

from __future__ import annotations

import contextlib
import logging
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from podgen.serve.connections import Door
from podgen.serve.log import Bounded
from tests.serve.acting import ActingEngine
from tests.support.running import Running, running, wait_for

HALF = b"POST /v1/audio/speech HTTP/1.1\r\nhost: a\r\nx-slow: "
HALF_OPEN = 1100
FILES = 1024
SERVE = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
from podgen.serve.run import serve
serve('hibari', port=0)
"""


@contextlib.contextmanager
def sockets(url: str, count: int) -> Iterator[list[socket.socket]]:
    """That many connections with half of a request's headers sent."""
    port = int(url.rsplit(":", 1)[1])
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            plug = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            with contextlib.suppress(OSError):
                plug.sendall(HALF)
            opened.append(plug)
        yield opened


def closed(plug: socket.socket) -> bool:
    plug.setblocking(False)
    try:
        return plug.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_more_half_open_connections_than_files_leave_the_server_well(tmp_path: Path) -> None:
    """As a process with the usual limit of 1024 files."""
    pytest.importorskip("hibari")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * HALF_OPEN
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this process may open {hard} files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    log = tmp_path / "log"
    with (
        log.open("w") as file,
        subprocess.Popen([sys.executable, "-c", SERVE], stderr=file) as child,
    ):
        try:
            wait_for(lambda: re.search(r"http://[\d.:]+", log.read_text()))
            match = re.search(r"http://[\d.:]+", log.read_text())
            assert match
            url = match[0]
            wait_for(lambda: answers(f"{url}/ready"))
            with sockets(url, HALF_OPEN) as plugs:
                for _ in range(5):
                    assert httpx.get(f"{url}/health", timeout=30).json() == {"status": "ok"}
                body = {"input": "Hello.", "voice": "heart"}
                reply = httpx.post(f"{url}/v1/audio/speech", json=body, timeout=30)
                assert reply.status_code == 200
                assert sum(map(closed, plugs)) >= HALF_OPEN - 256
        finally:
            child.kill()
    assert log.stat().st_size < 10_000, log.read_text()[:2000]


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, timeout=1).status_code == 200
    return False


@pytest.fixture
def small() -> Iterator[Running]:
    door = Door(per_address=4, in_all=100, header_seconds=0.3)
    with running(ActingEngine(), door=door) as server:
        yield server


def test_unfinished_headers_are_not_waited_for_however_they_trickle(small: Running) -> None:
    with sockets(small.url, 1) as (plug,):
        deadline = time.monotonic() + 10
        with contextlib.suppress(OSError):
            while time.monotonic() < deadline:
                plug.sendall(b"x")
                time.sleep(0.05)
                if closed(plug):
                    break
        assert time.monotonic() < deadline, "it was let go on"


def test_headers_of_a_second_request_have_the_same_limit(small: Running) -> None:
    with sockets(small.url, 1) as (plug,):
        plug.sendall(b"x\r\ncontent-length: 2\r\n\r\n{}")
        assert plug.recv(1000).startswith(b"HTTP/1.1 4")
        plug.sendall(HALF)
        wait_for(lambda: closed(plug))


def test_whoever_waits_without_a_request_goes_for_one_who_comes(small: Running) -> None:
    engine = small.state.engine
    assert isinstance(engine, ActingEngine)
    body = b'{"input": "wait", "voice": "tone", "response_format": "pcm"}'
    asking = HALF + b"x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    port = int(small.url.rsplit(":", 1)[1])
    with contextlib.ExitStack() as stack:

        def connect() -> socket.socket:
            return stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))

        first, idle = connect(), connect()
        busy = [first, connect(), connect()]
        for number, plug in enumerate(busy, 1):
            plug.sendall(asking + body)
            wait_for(lambda: small.state.admission.active == number)  # noqa: B023
        late = connect()  # the fifth: the idle one goes
        wait_for(lambda: closed(idle))
        late.sendall(asking + body)
        wait_for(lambda: small.state.admission.active == 4)
        refused = connect()  # all are at work
        assert refused.recv(1000).startswith(b"HTTP/1.1 503")
        engine.held.set()
        for plug in (*busy, late):
            plug.setblocking(True)
            assert plug.recv(1000).startswith(b"HTTP/1.1 200")
        assert httpx.get(f"{small.url}/health").status_code == 200


def test_complaints_are_written_at_a_bounded_rate() -> None:
    now = 0.0
    bounded = Bounded(most=3, seconds=60, clock=lambda: now)

    def said(message: str) -> str | None:
        record = logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, message, (), None)
        return record.getMessage() if bounded.filter(record) else None

    assert [said("Invalid HTTP request received.") is not None for _ in range(100)].count(True) == 3
    assert said("Another kind.") == "Another kind."
    now = 61.0
    assert said("Invalid HTTP request received.") == (
        "Invalid HTTP request received. (and 97 more like it)"
    )
    assert said("Invalid HTTP request received.") == "Invalid HTTP request received."
