# mypy: disable-error-code="import-not-found, import-untyped, no-any-return"
"""Matrix products by our own kernels: of weights that the library cannot read, and of few rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import triton
from torch import Tensor

from podgen.engines.voxtral.model.kernels import matrix
from podgen.engines.voxtral.model.ops import int4_group
from podgen.engines.voxtral.model.residual import FEW


class Tile(NamedTuple):
    """What one program of a product computes, and how."""

    rows: int
    outputs: int
    inputs: int
    warps: int
    stages: int


def row_tile(rows: int, outputs: int, itemsize: int) -> Tile:
    """The tile of `matrix.product` for so many rows of a weight of so many bytes an entry.

    With few rows, reading the weights is all there is: narrow tiles make programs enough for
    every multiprocessor, long and deeply staged ones keep some 30 kB under way on each, and a
    warp for every sixteen outputs repeats no work of another's. No tile needs more than the 99 kB
    of shared memory that a program may have on every GPU since Ampere.
    """
    if rows <= FEW:
        few, stages = (8, 5) if rows <= 8 else (FEW, 4)
        if outputs <= 4096:
            return Tile(few, 16, 512 // itemsize, 1, stages)
        return Tile(few, 32, 256 // itemsize, 2, stages)
    if rows <= 64:
        most = triton.next_power_of_2(rows)
        return Tile(most, 128, 64, 4, 4) if outputs > 8192 else Tile(most, 64, 128, 4, 4)
    return Tile(128, 128, 64, 8, 3)


def group_tile(rows: int, outputs: int, group: int) -> Tile:
    """The tile of `matrix.group_scaled`; see `row_tile`."""
    if rows <= FEW:
        few = 8 if rows <= 8 else FEW
        return Tile(few, 16, group, 1, 8) if outputs <= 4096 else Tile(few, 32, group, 2, 8)
    most = min(64, triton.next_power_of_2(rows))
    return Tile(most, 64, group, 4, 5)


def launch(kernel: Any, grid: tuple[int, ...], *arguments: object, **constants: object) -> None:
    """Start a kernel on the current stream."""
    kernel[grid](*arguments, **constants)


class Norm(NamedTuple):
    """How a product norms its input: by gain [dim] and the sums of squares [rows, parts]."""

    gain: Tensor
    squares: Tensor
    eps: float


def product(
    x: Tensor,
    weight: Tensor,
    scale: Tensor | None,
    *,
    norm: Norm | None = None,
    gated: bool = False,
    residual: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """x [..., inputs] by weight [outputs, inputs]; see `matrix.product`.

    Returns:
        what comes out, and with a residual the sums of its squares [rows, tiles]. Where fp8 is
        multiplied in float16, what is gated comes out in it, for the next product.
    """
    flat = x.reshape(-1, x.shape[-1])
    outputs, inputs = weight.shape
    if gated:
        outputs //= 2
    rows = len(flat)
    like = flat if residual is None else residual.contiguous()
    half = weight.dtype == torch.float8_e4m3fn and like.dtype == torch.bfloat16
    out = flat.new_empty(rows, outputs, dtype=torch.float16 if half and gated else like.dtype)
    tile = row_tile(rows, outputs, weight.dtype.itemsize)
    grid = (triton.cdiv(outputs, tile.outputs), triton.cdiv(rows, tile.rows))
    left = None if residual is None else flat.new_empty(rows, grid[0], dtype=torch.float32)
    parts = 1 if norm is None else norm.squares.shape[1]
    launch(
        matrix.product, grid,
        flat, weight, weight if scale is None else scale, weight if norm is None else norm.gain,
        weight if norm is None else norm.squares, like, out, out if left is None else left,
        rows, outputs, inputs, parts, 0.0 if norm is None else norm.eps,
        BM=tile.rows, BN=tile.outputs, BK=tile.inputs, PARTS=triton.next_power_of_2(parts),
        HALF=half, SCALED=scale is not None, NORMED=norm is not None, GATED=gated,
        ADDED=residual is not None, num_warps=tile.warps, num_stages=tile.stages,
    )  # fmt: skip
    return out.view(*x.shape[:-1], outputs), left


def grouped(x: Tensor, packed: Tensor, scale: Tensor) -> Tensor:
    """x [..., inputs] by a weight in int4; see `quantise.GroupScaled`."""
    flat = x.reshape(-1, x.shape[-1])
    outputs, inputs = len(packed), flat.shape[1]
    group = int4_group(inputs)
    out = flat.new_empty(len(flat), outputs)
    tile = group_tile(len(flat), outputs, group)
    grid = (triton.cdiv(outputs, tile.outputs), triton.cdiv(len(flat), tile.rows))
    launch(
        matrix.group_scaled, grid, flat, packed, scale, out, len(flat), outputs, inputs,
        BM=tile.rows, BN=tile.outputs, GROUP=group, HALF=x.dtype == torch.bfloat16,
        num_warps=tile.warps, num_stages=tile.stages,
    )  # fmt: skip
    return out.view(*x.shape[:-1], outputs)
