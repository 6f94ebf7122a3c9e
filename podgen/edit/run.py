"""The page's server as a process: its address, which is the same when it is started again."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import secrets
import socket
import sys
import webbrowser
from contextlib import suppress
from pathlib import Path

import uvicorn

from podgen.edit.app import create_app
from podgen.edit.options import Options
from podgen.edit.studio import Studio
from podgen.errors import MachineError
from podgen.files import make_folder
from podgen.serve.listening import listen

SWITCH_SECONDS = 0.0005
"""Looking through a long script takes seconds in a thread beside. Python's own 5 ms, which each
answer waits several times, would make a page of dozens of requests wait for most of them."""


def edit(
    options: Options, *, host: str = "127.0.0.1", port: int | None = None, browser: bool = True
) -> None:
    """Serve the page of a script until the process is told to end.

    Without a `port`, the one that this script's page had last, or one of the system's choice. The
    address is printed, and opened in a browser if `browser`.

    Raises:
        ScriptError: the script cannot be read at all.
        EngineError: no engine can speak here.
        MachineError: the address cannot be listened on.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    studio = Studio(options)
    studio.open()
    kept = studio.store.root / "pages" / f"{_name(options.script)}.json"
    token, last = _remembered(kept)
    try:
        listener = _listen(host, port, last)
        address, bound = listener.getsockname()[:2]
        _remember(kept, token, bound)
        app = create_app(studio, token=token, hosts=_hosts(host, address, bound))
        shown = f"[{address}]" if ":" in address else address
        url = f"http://{shown}:{bound}/{token}/"
        print(url, flush=True)
        if not ipaddress.ip_address(address).is_loopback:
            print("warning: whoever has this address can change the show", file=sys.stderr)
        if browser:
            webbrowser.open(url)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_keep_alive=30
        )
        Server(config, studio).run(sockets=[listener])
    finally:
        studio.close()


class Server(uvicorn.Server):
    """uvicorn's, which ends the pages' streams of events when it is told to end."""

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self._studio = studio

    def handle_exit(self, sig: int, frame: object) -> None:
        """Begin to end; unlike uvicorn's own, it does not raise the signal again afterwards."""
        self._studio.tell.close()
        self.should_exit = True


def _hosts(asked: str, address: str, port: int) -> frozenset[str]:
    """The names by which pages of this server ask."""
    names = {asked, address}
    if ipaddress.ip_address(address).is_loopback:
        names |= {"localhost"}
    elif ipaddress.ip_address(address).is_unspecified:
        names |= {"localhost", "127.0.0.1", socket.gethostname()}
    return frozenset(f"[{name}]:{port}" if ":" in name else f"{name}:{port}" for name in names)


def _listen(host: str, port: int | None, last: int) -> socket.socket:
    if port is None and last:
        with suppress(MachineError):
            return listen(host, last)
    return listen(host, port or 0)


def _name(script: Path) -> str:
    return hashlib.sha256(str(script.resolve()).encode()).hexdigest()[:16]


def _remembered(path: Path) -> tuple[str, int]:
    """The token and the port of this script's page; a new token, and 0, where there are none."""
    try:
        values = json.loads(path.read_text())
        return str(values["token"]), int(values["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return secrets.token_urlsafe(24), 0


def _remember(path: Path, token: str, port: int) -> None:
    make_folder(path.parent)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"token": token, "port": port}, file)
