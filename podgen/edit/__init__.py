"""The episode in a browser: a face of the script, of planning, of takes and of rendering.

Nothing is decided here that the command line would decide otherwise: what is shown is what `check`
finds, what is spoken lies in the store, and the script's file is the truth.
"""

from __future__ import annotations

from importlib import util

from podgen.errors import MachineError

PACKAGES = ("fastapi", "uvicorn")


def require() -> None:
    """Look for what the page's server needs, before `podgen.edit.run` is imported.

    Raises:
        MachineError: a package is not installed.
    """
    for name in PACKAGES:
        if util.find_spec(name) is None:
            raise MachineError(f"{name} is not installed", "pip install 'podgen[edit]'")
