"""The server as a process: where it listens, how it logs, how it ends."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from types import FrameType

import uvicorn
from fastapi import FastAPI

from podgen.serve.app import create_app
from podgen.serve.connections import AT_ONCE, PER_ADDRESS, Door, behind
from podgen.serve.listening import BACKLOG, listen
from podgen.serve.log import to_stderr
from podgen.serve.state import Limits, State
from podgen.speech.choosing import choose

log = logging.getLogger("podgen.serve")


def serve(
    engine: str | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    model: str | None = None,
    settings: dict[str, object] | None = None,
    fleet: str | None = None,
    api_key: str | None = None,
    limits: Limits | None = None,
    log_text: bool = False,
    lenient: bool = False,
    cors: Sequence[str] = (),
) -> None:
    """Serve an engine until the process is told to end; every accepted request is finished.

    Args:
        engine: its name in the registry; the best that can speak here unless given.
        host: the address to listen on; only this machine reaches the default.
        port: 0 lets the system choose.
        model: folder or file of the engine's model; also the name clients know it by.
        settings: further engine settings.
        fleet: the address of a cluster that runs the engine.
        api_key: what clients must send, if anything.
        limits: what the server bears.
        log_text: whether the log holds what is spoken.
        lenient: whether instructions that the engine cannot follow are passed over, not refused.
        cors: the origins whose pages may ask; "*" is any.

    Raises:
        ScriptError: there is a model, and no engine is named that it is for.
        EngineError: the engine is unknown or cannot speak here.
        MachineError: the address cannot be listened on.
    """
    given = dict(settings or {})
    if model is not None:
        given["model"] = model
    made = choose(engine, None, given, fleet)
    listener = listen(host, port)
    to_stderr()
    name = model.rstrip("/").rsplit("/", 1)[-1] if model else None
    app = create_app(
        made,
        model=name,
        limits=limits,
        api_key=api_key,
        log_text=log_text,
        lenient=lenient,
        cors=cors,
    )
    address, bound = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    print(f"podgen serves {made.name} at http://{shown}:{bound}/v1", file=sys.stderr, flush=True)
    if api_key is None and not ipaddress.ip_address(address).is_loopback:
        print("warning: anyone who reaches this address can use it; see --api-key", file=sys.stderr)
    most = max(PER_ADDRESS, 4 * (limits or Limits()).queue)
    Server(app, Door(per_address=most)).run(sockets=[listener])


class Server(uvicorn.Server):
    """uvicorn's, with a door before it, which also tells the application that it is ending.

    The first signal means that nothing more is accepted and what was accepted is finished. A second
    interrupt ends at once.
    """

    def __init__(self, app: FastAPI, door: Door) -> None:
        config = uvicorn.Config(
            app,
            http=behind(door),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            backlog=AT_ONCE,
        )
        super().__init__(config)
        self._state: State = app.state.podgen

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn; more connections may wait to be accepted than are accepted at once."""
        await super().startup(sockets)
        for waiting in sockets or ():
            waiting.listen(BACKLOG)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; unlike uvicorn's own, it does not raise the signal again afterwards."""
        log.info('{"event": "closing", "signal": "%s"}', signal.Signals(sig).name)
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = self._state.admission.closing = True
