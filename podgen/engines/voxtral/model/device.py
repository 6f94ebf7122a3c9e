"""The device that a thread works on."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def on_device(device: torch.device) -> AbstractContextManager[object]:
    """Make a CUDA device the thread's current one, as kernels of our own need it to be."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()
