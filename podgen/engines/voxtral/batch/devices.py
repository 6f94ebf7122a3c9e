"""Which devices to run on, and in which precision."""

from __future__ import annotations

import torch

from podgen.errors import MachineError


def choose_devices(wanted: str) -> list[str]:
    """Torch's names of the devices that a `device` setting means.

    Raises:
        MachineError: where one of them is not there.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        if gpus:
            return [f"cuda:{i}" for i in range(gpus)]
        if torch.backends.mps.is_available():
            return ["mps"]
        raise MachineError(
            "torch finds no GPU",
            "install a torch build for this GPU, or set device: cpu",
        )
    if wanted == "cpu":
        return ["cpu"]
    if wanted == "mps":
        if torch.backends.mps.is_available():
            return ["mps"]
        raise MachineError("torch finds no Apple GPU", "set device: cpu")
    devices = [f"cuda:{i}" for i in range(gpus)] if wanted == "cuda" else wanted.split(",")
    known = {f"cuda:{i}" for i in range(gpus)}
    if not devices or not known.issuperset(devices):
        raise MachineError(
            f"device is {wanted}, torch finds {gpus} CUDA GPUs",
            "install a torch build for this GPU, or name one that is there",
        )
    return devices


def choose_dtype(wanted: str, device: str) -> torch.dtype:
    """The dtype that a `dtype` setting means on a device."""
    if wanted == "auto":
        return torch.float32 if device == "cpu" else torch.bfloat16
    return torch.float32 if wanted == "float32" else torch.bfloat16


def check_quantise(kind: str, device: str) -> None:
    """Check that a device can read weights of a kind.

    Raises:
        MachineError: where it cannot.
    """
    if kind == "fp8" and device.startswith("cuda"):
        major, minor = torch.cuda.get_device_capability(device)
        if (major, minor) < (8, 9):
            raise MachineError(
                f"{torch.cuda.get_device_name(device)} has no fp8", "set quantise: int8"
            )


def out_of_memory(error: BaseException) -> bool:
    """Whether a device's memory ran out: as torch says it, as cuBLAS does for its workspace, or
    where an error of ending a graph's capture hides either."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    if isinstance(error, RuntimeError) and "CUBLAS_STATUS_ALLOC_FAILED" in str(error):
        return True
    return error.__context__ is not None and out_of_memory(error.__context__)
