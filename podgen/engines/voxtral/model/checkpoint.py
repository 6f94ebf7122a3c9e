"""The checkpoint's tensors, by name and shape, straight to the device.

The weights file is memory-mapped: a tensor is copied once, from the map into its place on the
device, and the map's pages belong to the system's cache.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from podgen.engines.voxtral.model.files import ENCODER
from podgen.errors import EngineError


class Source(Protocol):
    """Where weights come from: a file, or random numbers of the same shapes."""

    @property
    def device(self) -> torch.device:
        """Where the tensors go."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """What they become."""
        ...

    def get(self, name: str, *shape: int) -> Tensor:
        """The tensor of that name, on the device.

        Raises:
            EngineError: where it is missing or has another shape.
        """
        ...

    def stacked(self, parts: Sequence[tuple[str, int]], columns: int) -> Tensor:
        """Matrices of the given names and row counts, one above the other."""
        ...


class Checkpoint:
    """The published weights file.

    A context manager; tensors got from it outlive it.

    Raises:
        EngineError: where the file is missing, truncated or damaged.
    """

    def __init__(self, path: Path, device: torch.device, dtype: torch.dtype) -> None:
        self.device = device
        self.dtype = dtype
        self._path = path
        self._used: set[str] = set()
        if not path.is_file():
            raise EngineError(
                f"{path.parent}: no {path.name}",
                "point the model setting at the downloaded folder of Voxtral-4B-TTS-2603",
            )
        try:
            self._file = _mapped_file(path)
            self._names = frozenset(self._file.keys())
        except (SafetensorError, OSError) as error:
            raise EngineError(
                f"{path} is truncated or damaged ({error})", "download it again"
            ) from None

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.__exit__(kind, error, trace)

    def _mapped(self, name: str, shape: tuple[int, ...]) -> Tensor:
        if name not in self._names:
            raise EngineError(f"{self._path}: no tensor {name}", "download the file again")
        tensor: Tensor = self._file.get_tensor(name)
        if tuple(tensor.shape) != shape:
            raise EngineError(
                f"{self._path}: {name} is {list(tensor.shape)}, not {list(shape)}",
                "params.json and the weights must be of the same model",
            )
        if not tensor.is_floating_point():
            raise EngineError(
                f"{self._path}: {name} holds {tensor.dtype}",
                "use the published weights; quantise is a setting of this engine",
            )
        self._used.add(name)
        return tensor

    def get(self, name: str, *shape: int) -> Tensor:
        """See `Source.get`."""
        return self._mapped(name, shape).to(self.device, self.dtype)

    def stacked(self, parts: Sequence[tuple[str, int]], columns: int) -> Tensor:
        """See `Source.stacked`."""
        rows = sum(count for _, count in parts)
        whole = torch.empty(rows, columns, device=self.device, dtype=self.dtype)
        row = 0
        for name, count in parts:
            whole[row : row + count].copy_(self._mapped(name, (count, columns)))
            row += count
        return whole

    def pass_over_encoder(self) -> None:
        """Let the codec encoder's tensors be there, where they are: speaking takes none of them."""
        self._used.update(name for name in self._names if name.startswith(ENCODER))

    def finish(self) -> None:
        """Check that nothing in the file went unused.

        Raises:
            EngineError: naming a tensor that the model has no place for.
        """
        rest = sorted(self._names - self._used)
        if rest:
            raise EngineError(
                f"{self._path}: {len(rest)} tensors have no place in this model, as {rest[0]}",
                "params.json and the weights must be of the same model",
            )


class RandomWeights:
    """Random weights of any shape asked for: for measuring without a checkpoint.

    Matrices have rows of about unit gain, vectors are ones, so activations stay in range.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype, seed: int = 0) -> None:
        self.device = device
        self.dtype = dtype
        self._generator = torch.Generator(device).manual_seed(seed)

    def get(self, name: str, *shape: int) -> Tensor:
        """See `Source.get`; the name is of no account."""
        fan_in = torch.Size(shape[1:]).numel()
        if len(shape) == 1 or fan_in == 1:
            return torch.ones(shape, device=self.device, dtype=self.dtype)
        tensor = torch.empty(shape, device=self.device, dtype=self.dtype)
        return tensor.normal_(0.0, fan_in**-0.5, generator=self._generator)

    def stacked(self, parts: Sequence[tuple[str, int]], columns: int) -> Tensor:
        """See `Source.stacked`."""
        return self.get(parts[0][0], sum(count for _, count in parts), columns)


def _mapped_file(path: Path) -> Any:
    return safe_open(path, framework="pt", device="cpu")


def read_voice(path: Path, dim: int) -> Tensor:
    """The rows [N, dim] that stand for a voice in the prompt, on the CPU, as stored.

    A `.pt` file holds one bare tensor; a `.safetensors` file one tensor of any name.

    Raises:
        EngineError: where the file is damaged or holds anything else.
    """
    load: Callable[[Path], object] = _read_pt if path.suffix == ".pt" else _read_safetensors
    try:
        rows = load(path)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EngineError(f"{path} cannot be read ({first})", "download it again") from None
    if not isinstance(rows, Tensor) or not rows.is_floating_point():
        raise EngineError(f"{path} holds no tensor of voice rows", "download it again")
    if rows.ndim != 2 or rows.shape[1] != dim or rows.shape[0] == 0:
        raise EngineError(
            f"{path}: the voice is {list(rows.shape)}, not [rows, {dim}]",
            "use a voice made for this model",
        )
    return rows


def _read_pt(path: Path) -> object:
    return torch.load(path, map_location="cpu", weights_only=True)


def _read_safetensors(path: Path) -> object:
    with _mapped_file(path) as file:
        names = list(file.keys())
        return file.get_tensor(names[0]) if len(names) == 1 else None
