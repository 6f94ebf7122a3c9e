"""Where a server of ours is reached."""

from __future__ import annotations

import socket

from podgen.errors import MachineError

BACKLOG = 1024
"""Connections that may wait to be accepted."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections; port 0 is one of the system's choice.

    Raises:
        MachineError: it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise MachineError(
            f"cannot listen on {host}:{port}: {error.strerror or error}", "choose another --port"
        ) from error
