# mypy: disable-error-code="import-not-found, import-untyped, no-any-return"
"""The operations of `ops` as Triton kernels: one launch each, and attention without padding."""

from __future__ import annotations

import torch
import triton
from torch import Tensor

from podgen.engines.voxtral.model.kernels import attention, small
from podgen.engines.voxtral.model.kernels.few_rows import FewRows
from podgen.engines.voxtral.model.kernels.products import grouped, launch, product
from podgen.engines.voxtral.model.ops import TorchOps
from podgen.engines.voxtral.model.residual import FEW, Residual

SPLIT = 128
"""Stored positions that one program of the decoding attention reads."""
_TILE = 64
"""Positions it reads at once."""
_TOKENS = 16
"""Tokens whose queries one program of a prompt's attention has."""
_WIDEN_FROM = 256
"""Rows from which a quantised weight is widened once and multiplied by the library."""


class TritonOps(TorchOps):
    """See `TorchOps`, which says what each operation computes."""

    ragged = True

    def __init__(self, own_rows: int = 0) -> None:
        """`own_rows`: most rows of a product with a weight as it is that our kernel computes
        rather than the library."""
        self._own_rows = own_rows

    def residual(self, x: Tensor, eps: float) -> Residual:
        """See `TorchOps.residual`."""
        rows = _rows(x)
        if rows > FEW:
            return super().residual(x, eps)
        return FewRows(self, x, eps, whole=rows <= self._own_rows)

    def norm(self, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        """See `TorchOps.norm`."""
        x = x.contiguous()
        out = torch.empty_like(x)
        width = x.shape[-1]
        launch(
            small.norm, (x.numel() // width,), x, x, weight, x, out, eps, width,
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
        launch(
            small.norm, (x.numel() // width,), x, delta, weight, total, out, eps, width,
            ADD=True, BLOCK=triton.next_power_of_2(width), num_warps=8,
        )  # fmt: skip
        return total, out

    def silu_mul(self, gate_up: Tensor) -> Tensor:
        """See `TorchOps.silu_mul`."""
        gate_up = gate_up.contiguous()
        width = gate_up.shape[-1] // 2
        out = gate_up.new_empty(*gate_up.shape[:-1], width)
        grid = (out.numel() // width, triton.cdiv(width, 1024))
        launch(small.silu_mul, grid, gate_up, out, width, BLOCK=1024)
        return out

    def attend(
        self,
        qkv: Tensor,
        table: Tensor,
        position: Tensor,
        keys: Tensor,
        values: Tensor,
        length: int,
    ) -> Tensor:
        """See `TorchOps.attend`; programs past a row's position do nothing."""
        rows, kv_heads, _, head_dim = keys.shape
        heads = qkv.shape[1] // head_dim - 2 * kv_heads
        splits = triton.cdiv(length, SPLIT)
        partial = qkv.new_empty(rows, heads, splits, head_dim, dtype=torch.float32)
        peak = qkv.new_empty(rows, heads, splits, dtype=torch.float32)
        total = torch.empty_like(peak)
        launch(
            attention.split_attention, (rows, kv_heads, splits),
            qkv.contiguous(), table, position, keys, values, partial, peak, total,
            keys.stride(0), keys.stride(1), values.stride(0), values.stride(1),
            splits, head_dim**-0.5,
            KV_HEADS=kv_heads, GROUP=heads // kv_heads, HEAD=head_dim, SPLIT=SPLIT, TILE=_TILE,
            num_stages=_stages(qkv),
        )  # fmt: skip
        out = qkv.new_empty(rows, heads * head_dim)
        launch(
            attention.join_attention, (rows, heads), partial, peak, total, position, out, splits,
            HEADS=heads, HEAD=head_dim, SPLIT=SPLIT, BLOCK=triton.next_power_of_2(splits),
        )  # fmt: skip
        return out

    def attend_many(
        self,
        qkv: Tensor,
        table: Tensor,
        start: Tensor,
        slots: Tensor,
        keys: Tensor,
        values: Tensor,
        length: int,
    ) -> Tensor:
        """See `TorchOps.attend_many`; no row reads further than its own positions."""
        rows, tokens, width = qkv.shape
        _, kv_heads, room, head_dim = keys.shape
        heads = width // head_dim - 2 * kv_heads
        q = qkv.new_empty(rows, tokens, heads * head_dim)
        strides = keys.stride(0), keys.stride(1), values.stride(0), values.stride(1)
        launch(
            attention.rotate_store, (rows, tokens),
            qkv.contiguous(), table, start, slots, keys, values, q, tokens, room, len(table) - 1,
            *strides, HEADS=heads, KV_HEADS=kv_heads, HEAD=head_dim,
        )  # fmt: skip
        out = torch.empty_like(q)
        group = heads // kv_heads
        launch(
            attention.many_attention, (rows, kv_heads, triton.cdiv(tokens, _TOKENS)),
            q, start, slots, keys, values, out, tokens, room, *strides, head_dim**-0.5,
            KV_HEADS=kv_heads, GROUP=group, PADDED=triton.next_power_of_2(group), HEAD=head_dim,
            TOKENS=_TOKENS, TILE=_TILE, num_warps=8, num_stages=_stages(qkv),
        )  # fmt: skip
        return out

    def token_attention(self, qkv: Tensor, queries: int, heads: int, kv_heads: int) -> Tensor:
        """See `TorchOps.token_attention`; for three tokens."""
        tokens, rows, width = qkv.shape
        assert tokens == 3
        head_dim = width // (heads + 2 * kv_heads)
        out = qkv.new_empty(queries, rows, heads * head_dim)
        launch(
            attention.token_attention, (rows, heads, queries),
            qkv.contiguous(), out, rows, head_dim**-0.5,
            HEADS=heads, KV_HEADS=kv_heads, HEAD=head_dim, num_warps=1,
        )  # fmt: skip
        return out

    def euler(self, x: Tensor, velocity: Tensor, alpha: float, dt: float) -> Tensor:
        """See `TorchOps.euler`."""
        x = x.contiguous()
        out = torch.empty_like(x)
        grid = (triton.cdiv(x.numel(), 256),)
        launch(small.euler, grid, x, velocity.contiguous(), out, x.numel(), alpha, dt, BLOCK=256)
        return out

    def product(self, x: Tensor, weight: Tensor) -> Tensor:
        """See `TorchOps.product`."""
        if _rows(x) > self._own_rows:
            return super().product(x, weight)
        return product(x, weight, None)[0]

    def row_scaled(self, x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
        """See `TorchOps.row_scaled`; the sums are rounded once, after scaling."""
        if _rows(x) > _WIDEN_FROM:
            return super().row_scaled(x, weight, scale)
        return product(x, weight, scale)[0]

    def group_scaled(self, x: Tensor, packed: Tensor, scale: Tensor) -> Tensor:
        """See `TorchOps.group_scaled`."""
        if _rows(x) > _WIDEN_FROM:
            return super().group_scaled(x, packed, scale)
        return grouped(x, packed, scale)


def _rows(x: Tensor) -> int:
    return x.numel() // x.shape[-1]


def _stages(x: Tensor) -> int:
    """How deeply keys and values are read ahead: float32 ones fill the shared memory at once."""
    return 1 if x.dtype == torch.float32 else 3
