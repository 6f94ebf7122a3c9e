"""A server on a loopback port of its own, in a thread of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from podgen.engines.base import Engine
from podgen.serve.app import create_app
from podgen.serve.connections import Door
from podgen.serve.listening import listen
from podgen.serve.run import Server
from podgen.serve.state import State
from tests.support.waiting import wait_for


@dataclass(frozen=True)
class Running:
    url: str
    state: State
    server: uvicorn.Server

    def speech(self, **body: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/audio/speech", json=body, timeout=120)

    def metric(self, name: str) -> float:
        text = httpx.get(f"{self.url}/metrics").text
        return float(next(line for line in text.splitlines() if line.startswith(name)).split()[-1])


@contextmanager
def running(engine: Engine, door: Door | None = None, **options: Any) -> Iterator[Running]:
    app = create_app(engine, **options)
    listener = listen("127.0.0.1", 0)
    server = Server(app, door or Door())
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        wait_for(lambda: server.started and not app.state.podgen.fault)
        yield Running(url, app.state.podgen, server)
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
