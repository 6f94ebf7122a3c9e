"""Any engine as a speech server that the usual clients of OpenAI's speech endpoint talk to."""

from __future__ import annotations

from importlib import util

from podgen.errors import MachineError

PACKAGES = ("fastapi", "uvicorn", "prometheus_client")


def require() -> None:
    """Look for what the server needs, before `podgen.serve.run` is imported.

    Raises:
        MachineError: a package is not installed.
    """
    for name in PACKAGES:
        if util.find_spec(name) is None:
            raise MachineError(f"{name} is not installed", "pip install 'podgen[serve]'")
