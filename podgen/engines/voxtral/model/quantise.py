"""Weights of fewer bits for the backbone's projections; everything else stays as it is.

Symmetric, rounded to nearest: int8 and fp8 (e4m3) with one scale an output row, int4 with one
scale for every 64 inputs of a row. Activations and sums keep the model's precision.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from podgen.engines.voxtral.model.layers import MakeLinear, dense
from podgen.engines.voxtral.model.ops import TorchOps, int4_group
from podgen.engines.voxtral.model.packed import packed, packed_int8
from podgen.engines.voxtral.model.residual import Linear
from podgen.errors import EngineError

_FP8 = torch.float8_e4m3fn


@dataclass(frozen=True, slots=True)
class RowScaled:
    """A weight in int8 or fp8 [outputs, inputs] with a float32 scale for each output."""

    weight: Tensor
    scale: Tensor
    ops: TorchOps

    def __call__(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        return self.ops.row_scaled(x, self.weight, self.scale)

    @property
    def rows(self) -> tuple[Tensor, Tensor]:
        """See `Linear.rows`."""
        return self.weight, self.scale


@dataclass(frozen=True, slots=True)
class GroupScaled:
    """A weight in int4 [outputs, inputs / 2] with float16 scales [outputs, groups].

    Inputs are packed two groups at a time (`ops.int4_group`): byte i of them holds input i of
    the first in its low bits and input i of the second in its high bits, each plus 8.
    """

    packed: Tensor
    scale: Tensor
    ops: TorchOps

    def __call__(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        return self.ops.group_scaled(x, self.packed, self.scale)

    @property
    def rows(self) -> None:
        """See `Linear.rows`."""
        return None


def projection(kind: str, ops: TorchOps, *, packs: bool = False) -> MakeLinear:
    """What makes a projection of a weight in the given kind; `packs` as of `whole.Make`."""
    if kind == "none":
        return packed if packs else dense(ops)
    if kind == "int8" and packs:
        return lambda weight: packed_int8(*_int8(weight))
    if kind == "int4":
        return lambda weight: int4(weight, ops)
    return lambda weight: row_scaled(weight, kind, ops)


def row_scaled(weight: Tensor, kind: str, ops: TorchOps) -> Linear:
    """The weight [outputs, inputs] in int8 or fp8."""
    if kind == "int8":
        return RowScaled(*_int8(weight), ops)
    most = torch.finfo(_FP8).max
    scaled, scale = _scaled(weight, most)
    return RowScaled(scaled.clamp(-most, most).to(_FP8), scale, ops)


def _int8(weight: Tensor) -> tuple[Tensor, Tensor]:
    scaled, scale = _scaled(weight, 127.0)
    return scaled.round().clamp(-127, 127).to(torch.int8), scale


def _scaled(weight: Tensor, most: float) -> tuple[Tensor, Tensor]:
    """The weight with rows that reach up to `most`, and the scale of each."""
    wide = weight.float()
    scale = (wide.abs().amax(dim=1) / most).clamp(min=torch.finfo(torch.float32).tiny)
    return wide / scale[:, None], scale


def int4(weight: Tensor, ops: TorchOps) -> Linear:
    """The weight [outputs, inputs] in int4."""
    outputs, inputs = weight.shape
    group = int4_group(inputs)
    if inputs % (2 * group):
        raise EngineError(
            f"quantise: int4 needs inputs in groups of {2 * group}, this model has {inputs}",
            "use int8",
        )
    groups = weight.float().view(outputs, -1, group)
    tiny = torch.finfo(torch.float16).tiny
    scale = (groups.abs().amax(dim=2) / 7).clamp(min=tiny).to(torch.float16)
    codes = (groups / scale.float()[..., None]).round().clamp(-7, 7).to(torch.int32) + 8
    low, high = codes.view(outputs, -1, 2, group).unbind(2)
    packed = (low | high << 4).to(torch.uint8).reshape(outputs, inputs // 2)
    return GroupScaled(packed, scale, ops)
