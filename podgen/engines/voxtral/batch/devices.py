"""Which devices to run on, and in which precision."""

from __future__ import annotations

import torch

from podgen.engines.voxtral.model.packed import can_pack
from podgen.engines.voxtral.model.tuning import tune
from podgen.errors import MachineError

LARGE = 1 << 30
"""Bytes of weights whose products take longer than measuring how to compute them."""


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


def choose_dtype(wanted: str) -> torch.dtype:
    """The dtype that a `dtype` setting means."""
    named = {"float32": torch.float32, "float16": torch.float16}
    return named.get(wanted, torch.bfloat16)


def choose_packs(device: str, dtype: torch.dtype, size: int) -> bool:
    """Whether a device keeps weights of `size` bytes packed; see `packed`.

    A CPU that large weights are for is measured first, and PyTorch given the threads that serve it
    best.
    """
    if device != "cpu" or dtype == torch.float32:
        return False
    if size < LARGE:
        return can_pack()
    found = tune()
    torch.set_num_threads(found.threads)
    return found.packed


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
    """Whether a device's memory ran out: as torch says it for CUDA and for MPS, as cuBLAS does for
    its workspace, or where an error of ending a graph's capture hides either."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    said = str(error) if isinstance(error, RuntimeError) else ""
    if "CUBLAS_STATUS_ALLOC_FAILED" in said or "MPS backend out of memory" in said:
        return True
    return error.__context__ is not None and out_of_memory(error.__context__)
