# mypy: disable-error-code="import-not-found, import-untyped, no-any-return"
"""The operations of `ops` as Triton kernels: one launch each, and attention without padding."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import triton
from torch import Tensor

from podgen.engines.voxtral import kernels
from podgen.engines.voxtral.ops import TorchOps, int4_layout

SPLIT = 128
"""Stored positions that one program of the decoding attention reads."""
_TILE = 64
"""Positions it reads at once."""
_WIDEN_FROM = 256
"""Rows from which a quantised weight is widened once and multiplied by the library."""


class TritonOps(TorchOps):
    """See `TorchOps`, which says what each operation computes."""

    ragged = True

    def __init__(self, own_rows: int = 0) -> None:
        """`own_rows`: most rows of a product that our kernel computes rather than the library."""
        self._own_rows = own_rows

    def norm(self, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        """See `TorchOps.norm`."""
        x = x.contiguous()
        out = torch.empty_like(x)
        width = x.shape[-1]
        _launch(
            kernels.norm, (x.numel() // width,), x, x, weight, x, out, eps, width,
            ADD=False, BLOCK=triton.next_power_of_2(width), num_warps=8,
        )  # fmt: skip
        return out

    def add_norm(
        self, x: Tensor, delta: Tensor, weight: Tensor, eps: float
    ) -> tuple[Tensor, Tensor]:
        """See `TorchOps.add_norm`."""
        x, delta = x.contiguous(), delta.contiguous()
        total, out = torch.empty_like(x), torch.empty_like(x)
        width = x.shape[-1]
        _launch(
            kernels.norm, (x.numel() // width,), x, delta, weight, total, out, eps, width,
            ADD=True, BLOCK=triton.next_power_of_2(width), num_warps=8,
        )  # fmt: skip
        return total, out

    def silu_mul(self, gate_up: Tensor) -> Tensor:
        """See `TorchOps.silu_mul`."""
        gate_up = gate_up.contiguous()
        width = gate_up.shape[-1] // 2
        out = gate_up.new_empty(*gate_up.shape[:-1], width)
        grid = (out.numel() // width, triton.cdiv(width, 1024))
        _launch(kernels.silu_mul, grid, gate_up, out, width, BLOCK=1024)
        return out

    def rotate_store(
        self, qkv: Tensor, table: Tensor, position: Tensor, keys: Tensor, values: Tensor
    ) -> Tensor:
        """See `TorchOps.rotate_store`."""
        rows, kv_heads, _, head_dim = keys.shape
        heads = qkv.shape[1] // head_dim - 2 * kv_heads
        q = qkv.new_empty(rows, heads, head_dim)
        _launch(
            kernels.rotate_store, (rows, heads + 2 * kv_heads),
            qkv.contiguous(), table, position, keys, values, q,
            keys.stride(0), keys.stride(1), values.stride(0), values.stride(1),
            HEADS=heads, KV_HEADS=kv_heads, HALF=head_dim // 2, num_warps=1,
        )  # fmt: skip
        return q

    def decode_attention(
        self, q: Tensor, keys: Tensor, values: Tensor, position: Tensor, length: int
    ) -> Tensor:
        """See `TorchOps.decode_attention`; programs past a row's position do nothing."""
        rows, heads, head_dim = q.shape
        kv_heads = keys.shape[1]
        splits = triton.cdiv(length, SPLIT)
        partial = q.new_empty(rows, heads, splits, head_dim, dtype=torch.float32)
        peak = q.new_empty(rows, heads, splits, dtype=torch.float32)
        total = torch.empty_like(peak)
        _launch(
            kernels.split_attention, (rows, kv_heads, splits),
            q, keys, values, position, partial, peak, total,
            keys.stride(0), keys.stride(1), values.stride(0), values.stride(1),
            splits, head_dim**-0.5,
            KV_HEADS=kv_heads, GROUP=heads // kv_heads, HEAD=head_dim, SPLIT=SPLIT, TILE=_TILE,
            num_stages=1 if q.dtype == torch.float32 else 3,  # float32 tiles are twice as large
        )  # fmt: skip
        out = q.new_empty(rows, heads * head_dim)
        _launch(
            kernels.join_attention, (rows, heads), partial, peak, total, position, out, splits,
            HEADS=heads, HEAD=head_dim, SPLIT=SPLIT, BLOCK=triton.next_power_of_2(splits),
        )  # fmt: skip
        return out

    def token_attention(self, qkv: Tensor, queries: int, heads: int, kv_heads: int) -> Tensor:
        """See `TorchOps.token_attention`; for three tokens."""
        tokens, rows, width = qkv.shape
        assert tokens == 3
        head_dim = width // (heads + 2 * kv_heads)
        out = qkv.new_empty(queries, rows, heads * head_dim)
        _launch(
            kernels.token_attention, (rows, heads, queries),
            qkv.contiguous(), out, rows, head_dim**-0.5,
            HEADS=heads, KV_HEADS=kv_heads, HEAD=head_dim, num_warps=1,
        )  # fmt: skip
        return out

    def euler(self, x: Tensor, velocity: Tensor, alpha: float, dt: float) -> Tensor:
        """See `TorchOps.euler`."""
        x = x.contiguous()
        out = torch.empty_like(x)
        grid = (triton.cdiv(x.numel(), 256),)
        _launch(kernels.euler, grid, x, velocity.contiguous(), out, x.numel(), alpha, dt, BLOCK=256)
        return out

    def product(self, x: Tensor, weight: Tensor) -> Tensor:
        """See `TorchOps.product`."""
        if x.numel() > self._own_rows * x.shape[-1]:
            return super().product(x, weight)
        return self._product(x, weight, None)

    def row_scaled(self, x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
        """See `TorchOps.row_scaled`; the sums are rounded once, after scaling."""
        if x.numel() > _WIDEN_FROM * x.shape[-1]:
            return super().row_scaled(x, weight, scale)
        return self._product(x, weight, scale)

    def _product(self, x: Tensor, weight: Tensor, scale: Tensor | None) -> Tensor:
        flat = x.reshape(-1, x.shape[-1])
        outputs, inputs = weight.shape
        out = flat.new_empty(len(flat), outputs)
        tile = row_tile(len(flat), outputs, weight.dtype.itemsize)
        grid = (triton.cdiv(outputs, tile.outputs), triton.cdiv(len(flat), tile.rows))
        _launch(
            kernels.row_scaled, grid,
            flat, weight, weight if scale is None else scale, out, len(flat), outputs, inputs,
            BM=tile.rows, BN=tile.outputs, BK=tile.inputs, SCALED=scale is not None,
            num_warps=tile.warps, num_stages=tile.stages,
        )  # fmt: skip
        return out.view(*x.shape[:-1], outputs)

    def group_scaled(self, x: Tensor, packed: Tensor, scale: Tensor) -> Tensor:
        """See `TorchOps.group_scaled`."""
        flat = x.reshape(-1, x.shape[-1])
        if len(flat) > _WIDEN_FROM:
            return super().group_scaled(x, packed, scale)
        outputs, inputs = len(packed), flat.shape[1]
        group, chunk = int4_layout(inputs)
        out = flat.new_empty(len(flat), outputs)
        tile = group_tile(len(flat), outputs)
        grid = (triton.cdiv(outputs, tile.outputs), triton.cdiv(len(flat), tile.rows))
        _launch(
            kernels.group_scaled, grid, flat, packed, scale, out, len(flat), outputs, inputs,
            BM=tile.rows, BN=tile.outputs, GROUP=group, CHUNK=chunk,
            num_warps=tile.warps, num_stages=tile.stages,
        )  # fmt: skip
        return out.view(*x.shape[:-1], outputs)


class Tile(NamedTuple):
    """What one program of a product computes, and how."""

    rows: int
    outputs: int
    inputs: int
    warps: int
    stages: int


def row_tile(rows: int, outputs: int, itemsize: int) -> Tile:
    """The tile of `kernels.row_scaled` for so many rows.

    With few rows, reading the weights is all there is: narrow tiles make programs enough for
    every multiprocessor, long and deeply staged ones keep some 30 kB under way on each. No tile
    needs more than the 99 kB of shared memory that a program may have on every GPU since Ampere.
    """
    if rows <= 16:
        return Tile(16, 16 if outputs <= 4096 else 32, 256 // itemsize, 4, 5)
    if rows <= 64:
        return Tile(triton.next_power_of_2(rows), 64, 64, 4, 4)
    return Tile(128, 128, 64, 8, 3)


def group_tile(rows: int, outputs: int) -> Tile:
    """The tile of `kernels.group_scaled`, whose inputs are a chunk; see `row_tile`."""
    if rows <= 16:
        return Tile(16, 16 if outputs <= 4096 else 32, 0, 4, 4)
    return Tile(32, 64, 0, 4, 2)


def _launch(kernel: Any, grid: tuple[int, ...], *arguments: object, **constants: object) -> None:
    kernel[grid](*arguments, **constants)
