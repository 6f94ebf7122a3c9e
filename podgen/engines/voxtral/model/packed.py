"""Products on a CPU with weights of 16 or 8 bits.

FBGEMM's float16 product (Khudia et al. 2021) reads a weight in 16 bits and multiplies in float32.
A float16 holds every bfloat16 between 2^-17 and 2^16 exactly and smaller ones within 2^-25, so
what comes out is float32's result at half its memory traffic. PyTorch's own products of bfloat16
are as fast only where the CPU has instructions for them; `tuning` measures which to take.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from podgen.engines.voxtral.model.residual import Linear

_FEW = 16
"""Rows up to which int8 weights are multiplied as they are, and not made float32 first."""


def can_pack() -> bool:
    """Whether this build of PyTorch has FBGEMM, as those for x86 have."""
    return "fbgemm" in torch.backends.quantized.supported_engines


@dataclass(frozen=True, slots=True)
class Packed:
    """A weight in float16, in FBGEMM's order; activations and sums are float32."""

    packed: Any

    def __call__(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        made: Tensor = torch.ops.quantized.linear_dynamic_fp16(x.contiguous(), self.packed)
        return made

    @property
    def rows(self) -> None:
        """See `Linear.rows`."""
        return None


@dataclass(frozen=True, slots=True)
class PackedInt8:
    """A weight in int8 [outputs, inputs] with a float32 scale for each output; activations of few
    rows are rounded to bfloat16, as PyTorch's kernel takes them."""

    weight: Tensor
    scale: Tensor
    ones: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        flat = x.flatten(0, -2)
        if len(flat) > _FEW:
            return F.linear(x, self.weight.to(x.dtype)) * self.scale
        made = torch.ops.aten._weight_int8pack_mm(flat.bfloat16(), self.weight, self.ones)
        scaled: Tensor = made.to(x.dtype) * self.scale
        return scaled.view(*x.shape[:-1], -1)

    @property
    def rows(self) -> None:
        """See `Linear.rows`."""
        return None


def packed(weight: Tensor) -> Linear:
    """A weight [outputs, inputs] as FBGEMM takes it."""
    engine = torch.backends.quantized.engine
    torch.backends.quantized.engine = "fbgemm"
    try:
        return Packed(torch.ops.quantized.linear_prepack_fp16(weight.float().contiguous(), None))
    finally:
        torch.backends.quantized.engine = engine


def packed_int8(weight: Tensor, scale: Tensor) -> Linear:
    """A weight in int8 with its scales."""
    return PackedInt8(weight, scale, torch.ones(len(weight), dtype=torch.bfloat16))
