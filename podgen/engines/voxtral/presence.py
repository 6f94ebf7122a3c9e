"""Whether the packages, the weights and a GPU are there; torch is not imported for it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from podgen.engines.base import Availability
from podgen.engines.voxtral.settings import MODEL_VARIABLE, Settings
from podgen.errors import MachineError

_PACKAGES = {
    "torch": "torch",
    "safetensors": "safetensors",
    "mistral_common": "mistral-common",
}
_INSTALL = "pip install 'podgen[voxtral]'"
_DOWNLOAD = (
    f"download mistralai/Voxtral-4B-TTS-2603 and name its folder with --model or {MODEL_VARIABLE}"
)


def availability(settings: Settings) -> Availability:
    """What the settings need that is not here, or where the weights are."""
    for module, package in _PACKAGES.items():
        if find_spec(module) is None:
            return Availability(False, f"{package} is not installed: {_INSTALL}")
    folder = settings.model
    if folder is None:
        return Availability(False, f"no weights: {_DOWNLOAD}")
    for file in ("params.json", "consolidated.safetensors", "tekken.json"):
        if not (folder / file).is_file():
            return Availability(False, f"{folder} has no {file}: {_DOWNLOAD}")
    if settings.device == "auto" and not _gpu_seen():
        return Availability(
            False, "no GPU; set device: cpu to speak without one, far slower than real time"
        )
    return Availability(True, f"weights in {folder}, device {settings.device}")


def require(settings: Settings) -> None:
    """Check that all is there.

    Raises:
        MachineError: naming what is not.
    """
    status = availability(settings)
    if not status.usable:
        raise MachineError(f"voxtral cannot speak here: {status.reason}")


def _gpu_seen() -> bool:
    """Whether there seems to be a GPU, without the seconds that importing torch takes."""
    if sys.platform == "darwin":
        return True
    return Path("/dev/nvidiactl").exists() or which("nvidia-smi") is not None
