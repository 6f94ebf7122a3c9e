"""The server as a process."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import util

import httpx
import pytest

from podgen.errors import EngineError, MachineError
from podgen.serve import require
from podgen.serve.run import serve

SERVE = "from podgen.serve.run import serve; serve('hibari', port=0)"


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    argv = [sys.executable, "-c", SERVE]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        line = child.stderr.readline()
        match = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert match, line
        yield child, match[0]
        child.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_streams_end_before_the_process_does(
    process: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    child, url = process
    body = {"input": "This is a sentence. " * 30, "voice": "heart", "response_format": "wav"}
    whole = httpx.post(f"{url}/v1/audio/speech", json=body, timeout=60).content
    with httpx.stream(
        "POST", f"{url}/v1/audio/speech", json={**body, "stream_format": "audio"}, timeout=60
    ) as reply:
        blocks = reply.iter_bytes()
        heard = next(blocks)
        child.send_signal(number)
        heard += b"".join(blocks)
    assert len(heard) == len(whole)
    assert child.wait(20) == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/health")


def test_a_port_in_use_and_a_strange_model_are_said_before_anything_starts() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(MachineError, match="choose another --port"),
    ):
        serve("hibari", port=taken.getsockname()[1])
    with pytest.raises(EngineError, match="unknown engine"):
        serve("nobody")


def test_a_missing_package_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    require()
    found = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "uvicorn" else found(name))
    with pytest.raises(
        MachineError, match=r"uvicorn is not installed; pip install 'podgen\[serve\]'"
    ):
        require()
