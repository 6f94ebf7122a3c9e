"""Values written as PyTorch writes them, with a full disk told as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def save(values: Any, path: Path) -> None:
    """`torch.save`, whose error says nothing of what the disk said.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    with path.open("wb") as file:
        try:
            torch.save(values, file)
        except RuntimeError as error:
            said: BaseException | None = error
            while said is not None:
                if isinstance(said, OSError):
                    raise said from None
                said = said.__context__
            raise
