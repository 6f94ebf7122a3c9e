"""The small operations between the matrix products, in plain PyTorch.

`TorchOps` runs anywhere and says what each operation is. `kernels.ops.TritonOps` computes the same
in one kernel each; both are interchangeable up to rounding.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from podgen.engines.voxtral.model.residual import Residual


class TorchOps:
    """Every operation as PyTorch spells it."""

    ragged = False
    """Whether `attend` reads no further than each row's own position. Where it does
    not, its cost grows with `length`, which must then be kept small."""

    def residual(self, x: Tensor, eps: float) -> Residual:
        """The residual stream that begins with x [..., dim]."""
        return Residual(self, x, eps)

    def norm(self, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        """RMS norm over the last dimension, in float32 at least, rounded before the weight."""
        wide = x.to(_wide(x.dtype))
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
        return (wide * scale).to(x.dtype) * weight

    def add_norm(
        self, x: Tensor, delta: Tensor, weight: Tensor, eps: float
    ) -> tuple[Tensor, Tensor]:
        """The residual sum and its RMS norm."""
        x = x + delta
        return x, self.norm(x, weight, eps)

    def silu_mul(self, gate_up: Tensor) -> Tensor:
        """SwiGLU's middle: silu of the first half of the last dimension times the second."""
        gate, up = gate_up.chunk(2, dim=-1)
        return F.silu(gate) * up

    def attend(
        self,
        qkv: Tensor,
        table: Tensor,
        position: Tensor,
        keys: Tensor,
        values: Tensor,
        length: int,
    ) -> Tensor:
        """Attention of one position over all up to it, with rotated queries and keys.

        Args:
            qkv: [rows, (heads + 2 * kv heads) * head_dim].
            table: [positions, head_dim / 2, 2], cosines and sines.
            position: [rows], where each row stands; entries after it are not seen.
            keys: [rows, kv heads, at least length, head_dim], written at `position`.
            values: the same.
            length: above every position.

        Returns:
            [rows, heads * head_dim].
        """
        rows, kv_heads, _, head_dim = keys.shape
        q, k, v = split_heads(qkv, kv_heads, head_dim)
        angles = table[position][:, None]
        at = torch.arange(rows, device=qkv.device)
        keys[at, :, position] = rotate(k, angles)
        values[at, :, position] = v
        seen = torch.arange(length, device=qkv.device) <= position[:, None]
        out = F.scaled_dot_product_attention(
            rotate(q, angles)[:, :, None],
            keys[:, :, :length],
            values[:, :, :length],
            attn_mask=seen[:, None, None],
            enable_gqa=True,
        )
        return out.flatten(1)

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
        """Attention of several positions of each row over all up to them; see `attend`.

        Positions past the end of a slot are computed and mean nothing.

        Args:
            qkv: [rows, tokens, (heads + 2 * kv heads) * head_dim].
            table: [positions, head_dim / 2, 2], cosines and sines.
            start: [rows], the position of each row's first token; earlier ones are stored.
            slots: [rows], where each row is stored.
            keys: [slots, kv heads, positions, head_dim].
            values: the same.
            length: above every position that is wanted.

        Returns:
            [rows, tokens, heads * head_dim].
        """
        rows, tokens = qkv.shape[:2]
        _, kv_heads, room, head_dim = keys.shape
        position = start[:, None] + torch.arange(tokens, device=qkv.device)
        position = position.clamp(max=room - 1)
        q, k, v = (
            torch.unflatten(part, 0, (rows, tokens))
            for part in split_heads(qkv.flatten(0, 1), kv_heads, head_dim)
        )
        angles = table[position][:, :, None]
        keys[slots[:, None], :, position] = rotate(k, angles)
        values[slots[:, None], :, position] = v
        seen = torch.arange(length, device=qkv.device) <= position[:, None, :, None]
        out = F.scaled_dot_product_attention(
            rotate(q, angles).transpose(1, 2),
            keys[slots, :, :length],
            values[slots, :, :length],
            attn_mask=seen,
            enable_gqa=True,
        )
        return out.transpose(1, 2).flatten(2)

    def token_attention(self, qkv: Tensor, queries: int, heads: int, kv_heads: int) -> Tensor:
        """Attention among a handful of tokens without positions or mask.

        Args:
            qkv: [tokens, rows, (heads + 2 * kv_heads) * head_dim].
            queries: how many of the first tokens ask.
            heads: query heads.
            kv_heads: key heads.

        Returns:
            [queries, rows, heads * head_dim].
        """
        tokens, rows, width = qkv.shape
        q, k, v = split_heads(qkv.flatten(0, 1), kv_heads, width // (heads + 2 * kv_heads))
        out = F.scaled_dot_product_attention(
            torch.unflatten(q, 0, (tokens, rows))[:queries].permute(1, 2, 0, 3),
            torch.unflatten(k, 0, (tokens, rows)).permute(1, 2, 0, 3),
            torch.unflatten(v, 0, (tokens, rows)).permute(1, 2, 0, 3),
            enable_gqa=True,
        )
        return out.permute(2, 0, 1, 3).flatten(2)

    def euler(self, x: Tensor, velocity: Tensor, alpha: float, dt: float) -> Tensor:
        """One Euler step along the guided velocity.

        Args:
            x: [rows, levels].
            velocity: [2 * rows, levels], the conditioned half first.
            alpha: guidance; 1 is none.
            dt: the step.
        """
        conditioned, free = velocity.chunk(2)
        return x + dt * (alpha * conditioned + (1 - alpha) * free)

    def product(self, x: Tensor, weight: Tensor) -> Tensor:
        """Projection by a weight [outputs, inputs]."""
        return F.linear(x, weight)

    def row_scaled(self, x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
        """Projection by a quantised weight [outputs, inputs] with a scale for each output."""
        return (F.linear(x, weight.to(x.dtype)) * scale).to(x.dtype)

    def group_scaled(self, x: Tensor, packed: Tensor, scale: Tensor) -> Tensor:
        """Projection by a weight in int4; see `quantise.GroupScaled`."""
        return F.linear(x, unpack_int4(packed, scale, x.dtype))


def rotary_table(positions: int, head_dim: int, theta: float, device: torch.device) -> Tensor:
    """Cosines and sines [positions, head_dim / 2, 2] in float32.

    Pair i turns by theta^(-2i / head_dim) a position (Su et al. 2021, section 3.2.2).
    """
    frequency = theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    angle = torch.arange(positions, dtype=torch.float64)[:, None] * frequency
    return torch.stack([angle.cos(), angle.sin()], dim=-1).to(device, torch.float32)


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Turn adjacent pairs of the last dimension; `angles` broadcasts to [..., pairs, 2]."""
    pairs = torch.unflatten(x.to(_wide(x.dtype)), -1, (-1, 2))
    cos, sin = angles.unbind(-1)
    even, odd = pairs.unbind(-1)
    turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1)
    return turned.flatten(-2).to(x.dtype)


def split_heads(qkv: Tensor, kv_heads: int, head_dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of fused projections [rows, width] as [rows, heads, head_dim]."""
    every = torch.unflatten(qkv, -1, (-1, head_dim))
    heads = every.shape[-2] - 2 * kv_heads
    q, k, v = torch.split(every, [heads, kv_heads, kv_heads], dim=-2)
    return q, k, v


def int4_group(inputs: int) -> int:
    """Inputs that share a scale in int4: 64, or 16 in matrices too narrow for that."""
    return 64 if inputs % 128 == 0 else 16


def unpack_int4(packed: Tensor, scale: Tensor, dtype: torch.dtype) -> Tensor:
    """The weight [outputs, inputs] that `packed` and `scale` stand for."""
    outputs, groups = scale.shape
    pairs = packed.view(outputs, groups // 2, -1).int()
    codes = torch.stack([pairs & 15, pairs >> 4], dim=2).view(outputs, groups, -1) - 8
    return (codes * scale.float()[..., None]).to(dtype).view(outputs, -1)


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.promote_types(dtype, torch.float32)
