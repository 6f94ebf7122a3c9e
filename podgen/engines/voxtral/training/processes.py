"""The processes that train together: one for each device, all begun by torchrun."""

from __future__ import annotations

import os

import torch
import torch.distributed as dist


def place() -> tuple[int, int]:
    """This process's number and how many there are."""
    if dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def join() -> torch.device | None:
    """Join the other processes where torchrun began several; the device of this one."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return None
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if torch.cuda.is_available():
        torch.cuda.set_device(local)
        dist.init_process_group("nccl")
        return torch.device("cuda", local)
    dist.init_process_group("gloo")
    return torch.device("cpu")
