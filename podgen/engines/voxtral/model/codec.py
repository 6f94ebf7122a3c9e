"""The codec's decoder: frames of codes to 24 kHz samples.

Causal convolutions that upsample from 12.5 to 100 Hz, with windowed transformer layers between
them; the last projection makes 240 samples of each 10 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from podgen.engines.voxtral.model.checkpoint import Source
from podgen.engines.voxtral.model.config import SPECIAL_CODES, CodecArgs, CodecStage
from podgen.engines.voxtral.model.convolution import causal_conv, causal_upsample, upsampling_weight
from podgen.engines.voxtral.model.layers import Layer, dense, load_layer
from podgen.engines.voxtral.model.ops import TorchOps

_PREFIX = "audio_tokenizer."

CONTEXT = 21
"""Frames before a frame that its samples depend on: convolutions and windows reach 1.64 s back."""
CHUNK = 1024
"""Most frames decoded in one pass; longer ones go in passes with context before them."""
_BLOCK = 64
"""Queries that attend to one run of keys together."""


@dataclass(frozen=True, slots=True)
class _CodecLayer:
    """A layer with normed queries and keys and a learnt scale on each of its two sums."""

    layer: Layer
    q_norm: Tensor
    k_norm: Tensor
    attention_scale: Tensor
    ffn_scale: Tensor


@dataclass(frozen=True, slots=True)
class _Stage:
    """A convolution and the transformer layers after it."""

    weight: Tensor
    stride: int
    window: int
    layers: Sequence[_CodecLayer]


class CodecDecoder:
    """The decoder.

    Args:
        source: the weights.
        args: the sizes.
        ops: the operations between the products.
    """

    def __init__(self, source: Source, args: CodecArgs, ops: TorchOps) -> None:
        self.args = args
        self._ops = ops
        width = args.transformer.dim
        book = f"{_PREFIX}quantizer.semantic_codebook."
        usage = source.get(f"{book}cluster_usage", args.semantic_codebook_size)
        total = source.get(f"{book}embedding_sum", args.semantic_codebook_size, args.semantic_dim)
        self._codebook = total / usage.clamp(min=1e-5)[:, None]

        self._stages: list[_Stage] = []
        inputs = args.latent_dim
        for i, stage in enumerate(args.stages):
            name = f"{_PREFIX}decoder_blocks.{2 * i}.conv"
            shape = (inputs, width) if stage.stride > 1 else (width, inputs)
            weight = _normed_weight(source, name, (*shape, stage.kernel))
            if stage.stride > 1:
                weight = upsampling_weight(weight, stage.stride)
            self._stages.append(
                _Stage(
                    weight=weight,
                    stride=stage.stride,
                    window=stage.window,
                    layers=_load_layers(
                        source, f"{_PREFIX}decoder_blocks.{2 * i + 1}.", args, stage, ops
                    ),
                )
            )
            inputs = width
        output = _normed_weight(
            source, f"{_PREFIX}output_proj.conv", (args.patch_size, width, args.patch_kernel)
        )
        # In bfloat16 a sample would keep eight bits; this one product is cheap in float32.
        self._output = output.to(torch.promote_types(output.dtype, torch.float32))
        heads = args.transformer.n_heads
        slopes = 2.0 ** (-8.0 * torch.arange(heads, dtype=torch.float64) / heads)
        self._slopes = slopes.to(source.device, source.dtype)

    def decode(self, codes: Tensor, chunk: int = CHUNK, *, context: int = 0) -> Tensor:
        """Samples of one utterance, or of its frames from one on.

        Args:
            codes: [frames, codebooks] with the specials' offset, END_AUDIO's frame left out.
            chunk: most frames to decode in one pass, each after `CONTEXT` frames of the last.
            context: how many of the first frames only stand before those that are wanted;
                `CONTEXT`, or all there are from the utterance's start, for exact samples.

        Returns:
            Float samples [(frames - context) * samples_per_frame], neither clipped nor normalised.
        """
        parts = []
        for start in range(context, len(codes), chunk):
            before = min(start, CONTEXT)
            part = self._decode(codes[start - before : start + chunk])
            parts.append(part[before * self.args.samples_per_frame :])
        return torch.cat(parts) if parts else self._output.new_zeros(0)

    def _decode(self, codes: Tensor) -> Tensor:
        x = self._latents(codes.long() - SPECIAL_CODES)
        for stage in self._stages:
            if stage.stride > 1:
                x = causal_upsample(x, stage.weight, stage.stride)
            else:
                x = causal_conv(x, stage.weight, "replicate")
            bias = self._bias(len(x), stage.window)
            for layer in stage.layers:
                x = self._layer(layer, x, bias, stage.window)
        return causal_conv(x.to(self._output.dtype), self._output, "reflect").flatten()

    def _latents(self, values: Tensor) -> Tensor:
        """Codebook rows and levels in [-1, 1] of values [frames, codebooks]: [frames, latent]."""
        levels = values[:, 1:].to(self._codebook.dtype)
        scaled = 2 * levels / (self.args.acoustic_codebook_size - 1) - 1
        return torch.cat([self._codebook[values[:, 0]], scaled], dim=1)

    def _layer(self, this: _CodecLayer, x: Tensor, bias: Tensor, window: int) -> Tensor:
        args, ops, layer = self.args, self._ops, this.layer
        eps = args.transformer.norm_eps
        qkv = layer.qkv(ops.norm(x, layer.attention_norm, eps))
        q, k, v = qkv.chunk(3, dim=-1)
        q = ops.norm(q.contiguous(), this.q_norm, args.qk_norm_eps)
        k = ops.norm(k.contiguous(), this.k_norm, args.qk_norm_eps)
        attended = window_attention(q, k, v, bias, window, args.transformer.n_heads)
        x = x + this.attention_scale * layer.out(attended)
        n = ops.norm(x, layer.ffn_norm, eps)
        return x + this.ffn_scale * layer.down(ops.silu_mul(layer.gate_up(n)))

    def _bias(self, steps: int, window: int) -> Tensor:
        """What is added to the logits [blocks, heads, _BLOCK, window + _BLOCK].

        slope * (j - i) for the keys j of a block's run that query i sees, i - window <= j <= i
        (ALiBi, Press et al. 2022), minus infinity for the others and for those before the start.
        """
        device = self._slopes.device
        blocks = -(-steps // _BLOCK)
        query = torch.arange(_BLOCK, device=device)[:, None] + window
        key = torch.arange(_BLOCK + window, device=device)
        distance = key - query
        bias = self._slopes[:, None, None] * distance
        hidden = (distance > 0) | (distance < -window)
        start = torch.arange(blocks, device=device)[:, None, None] * _BLOCK + key - window < 0
        return bias.masked_fill((hidden | start)[:, None], -torch.inf)


def _load_layers(
    source: Source, prefix: str, args: CodecArgs, stage: CodecStage, ops: TorchOps
) -> list[_CodecLayer]:
    dim = args.transformer.dim
    layers = []
    for i in range(stage.layers):
        name = f"{prefix}layers.{i}."
        layers.append(
            _CodecLayer(
                layer=load_layer(source, name, args.transformer, dense(ops)),
                q_norm=source.get(f"{name}attention.q_norm.weight", args.transformer.q_width),
                k_norm=source.get(f"{name}attention.k_norm.weight", args.transformer.kv_width),
                attention_scale=source.get(f"{name}attention_scale", dim),
                ffn_scale=source.get(f"{name}ffn_scale", dim),
            )
        )
    return layers


def _normed_weight(source: Source, name: str, shape: tuple[int, int, int]) -> Tensor:
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
        q: [steps, width].
        k: the same.
        v: the same.
        bias: see `CodecDecoder._bias`.
        window: how far back a position sees.
        heads: heads in the width.

    Returns:
        [steps, width].
    """
    steps = len(q)
    pad = bias.shape[0] * _BLOCK - steps

    def runs(x: Tensor) -> Tensor:  # [blocks, heads, window + _BLOCK, head_dim]
        spread = F.pad(x, (0, 0, window, pad)).unfold(0, window + _BLOCK, _BLOCK)
        return torch.unflatten(spread, 1, (heads, -1)).transpose(2, 3)

    queries = F.pad(q, (0, 0, 0, pad)).view(bias.shape[0], _BLOCK, heads, -1)
    out = F.scaled_dot_product_attention(queries.transpose(1, 2), runs(k), runs(v), attn_mask=bias)
    return out.transpose(1, 2).flatten(2).flatten(0, 1)[:steps]
