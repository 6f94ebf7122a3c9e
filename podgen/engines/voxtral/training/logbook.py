"""What a run says of itself: a line of JSON a step, and TensorBoard where it is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

LOSSES = "losses.jsonl"


class Logbook:
    """Kept in `folder`; lines of steps after `step`, of a run that was killed, are dropped."""

    def __init__(self, folder: Path, step: int) -> None:
        path = folder / LOSSES
        kept = [line for line in _lines(path) if json.loads(line)["step"] <= step]
        path.write_text("".join(kept), encoding="utf-8")
        self._file = path.open("a", encoding="utf-8")
        self._board = _board(folder, step)

    def losses(self, step: int, values: Mapping[str, float]) -> None:
        """The losses of a step."""
        self._file.write(json.dumps({"step": step, **values}) + "\n")
        self._file.flush()
        for name, value in values.items():
            if self._board:
                self._board.add_scalar(f"loss/{name}", value, step)

    def validation(self, step: int, values: Mapping[str, float | None]) -> None:
        """Figures on held-out speakers."""
        for name, value in values.items():
            if self._board and value is not None:
                self._board.add_scalar(f"validation/{name}", value, step)

    def sound(self, step: int, name: str, samples: Tensor, rate: int) -> None:
        """A sound to listen to."""
        if self._board:
            self._board.add_audio(name, samples.clamp(-1, 1), step, rate)

    def close(self) -> None:
        """Write what is left."""
        self._file.close()
        if self._board:
            self._board.close()


def _lines(path: Path) -> list[str]:
    """Whole lines: the last may have been cut off."""
    if not path.exists():
        return []
    return [
        line for line in path.read_text(encoding="utf-8").splitlines(True) if line.endswith("\n")
    ]


def _board(folder: Path, step: int) -> Any:
    if find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)
