"""What the codec's encoder and decoder are made of: windowed transformer layers with normed queries
and keys, and the weights of their convolutions.

Everything takes one clip [steps, width] or several of one length [clips, steps, width]; a clip
attends to itself alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from podgen.engines.voxtral.model.checkpoint import Source
from podgen.engines.voxtral.model.config import CodecArgs, CodecStage
from podgen.engines.voxtral.model.layers import Layer, dense, load_layer
from podgen.engines.voxtral.model.ops import TorchOps

_BLOCK = 64
"""Queries that attend to one run of keys together."""


@dataclass(frozen=True, slots=True)
class CodecLayer:
    """A layer with normed queries and keys and a learnt scale on each of its two sums."""

    layer: Layer
    q_norm: Tensor
    k_norm: Tensor
    attention_scale: Tensor
    ffn_scale: Tensor


class CodecTransformer:
    """The layers of one stage, which share its window.

    Args:
        source: the weights.
        prefix: what their names begin with, up to `layers.`.
        args: the sizes.
        stage: how many layers, and their window.
        ops: the operations between the products.
    """

    def __init__(
        self, source: Source, prefix: str, args: CodecArgs, stage: CodecStage, ops: TorchOps
    ) -> None:
        self._args = args
        self._ops = ops
        self._window = stage.window
        self._layers = [
            _load_layer(source, f"{prefix}layers.{i}.", args, ops) for i in range(stage.layers)
        ]
        heads = args.transformer.n_heads
        slopes = 2.0 ** (-8.0 * torch.arange(heads, dtype=torch.float64) / heads)
        self._slopes = slopes.to(source.device, source.dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """x [..., steps, width] after all layers."""
        bias = self._bias(x.shape[-2])
        for layer in self._layers:
            x = self._layer(layer, x, bias)
        return x

    def _layer(self, this: CodecLayer, x: Tensor, bias: Tensor) -> Tensor:
        args, ops, layer = self._args, self._ops, this.layer
        eps = args.transformer.norm_eps
        qkv = layer.qkv(ops.norm(x, layer.attention_norm, eps))
        q, k, v = qkv.chunk(3, dim=-1)
        q = ops.norm(q.contiguous(), this.q_norm, args.qk_norm_eps)
        k = ops.norm(k.contiguous(), this.k_norm, args.qk_norm_eps)
        attended = window_attention(q, k, v, bias, self._window, args.transformer.n_heads)
        x = x + this.attention_scale * layer.out(attended)
        n = ops.norm(x, layer.ffn_norm, eps)
        return x + this.ffn_scale * layer.down(ops.silu_mul(layer.gate_up(n)))

    def _bias(self, steps: int) -> Tensor:
        """What is added to the logits [blocks, heads, _BLOCK, window + _BLOCK].

        slope * (j - i) for the keys j of a block's run that query i sees, i - window <= j <= i
        (ALiBi, Press et al. 2022), minus infinity for the others and for those before the start.
        """
        device, window = self._slopes.device, self._window
        blocks = -(-steps // _BLOCK)
        query = torch.arange(_BLOCK, device=device)[:, None] + window
        key = torch.arange(_BLOCK + window, device=device)
        distance = key - query
        bias = self._slopes[:, None, None] * distance
        hidden = (distance > 0) | (distance < -window)
        start = torch.arange(blocks, device=device)[:, None, None] * _BLOCK + key - window < 0
        return bias.masked_fill((hidden | start)[:, None], -torch.inf)


def _load_layer(source: Source, name: str, args: CodecArgs, ops: TorchOps) -> CodecLayer:
    dim = args.transformer.dim
    return CodecLayer(
        layer=load_layer(source, name, args.transformer, dense(ops)),
        q_norm=source.get(f"{name}attention.q_norm.weight", args.transformer.q_width),
        k_norm=source.get(f"{name}attention.k_norm.weight", args.transformer.kv_width),
        attention_scale=source.get(f"{name}attention_scale", dim),
        ffn_scale=source.get(f"{name}ffn_scale", dim),
    )


def normed_weight(source: Source, name: str, shape: Sequence[int]) -> Tensor:
    """g * v / |v|, the norm over all dimensions but the first (Salimans and Kingma 2016).

    The first dimension of a transposed convolution's weight is its input.
    """
    stored = f"{name}.parametrizations.weight.original"
    gain, direction = source.get(f"{stored}0", shape[0], 1, 1), source.get(f"{stored}1", *shape)
    wide = direction.to(torch.promote_types(direction.dtype, torch.float32))
    norm = wide.square().sum(dim=(1, 2), keepdim=True).sqrt()
    return (gain * wide / norm).to(direction.dtype)


def window_attention(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor, window: int, heads: int
) -> Tensor:
    """Attention over the last `window` positions and one's own, in blocks of queries.

    Args:
        q: [..., steps, width].
        k: the same.
        v: the same.
        bias: see `CodecTransformer._bias`.
        window: how far back a position sees.
        heads: heads in the width.

    Returns:
        [..., steps, width].
    """
    *clips, steps, width = q.shape
    blocks = bias.shape[0]
    pad = blocks * _BLOCK - steps

    def runs(x: Tensor) -> Tensor:  # [clips * blocks, heads, window + _BLOCK, head_dim]
        spread = F.pad(x, (0, 0, window, pad)).unfold(-2, window + _BLOCK, _BLOCK)
        return spread.reshape(-1, heads, width // heads, window + _BLOCK).transpose(2, 3)

    queries = F.pad(q, (0, 0, 0, pad)).reshape(-1, _BLOCK, heads, width // heads)
    if clips:
        bias = bias.repeat(len(queries) // blocks, 1, 1, 1)
    out = F.scaled_dot_product_attention(queries.transpose(1, 2), runs(k), runs(v), attn_mask=bias)
    return out.transpose(1, 2).reshape(*clips, -1, width)[..., :steps, :]
