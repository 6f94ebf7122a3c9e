"""The language model: 26 causal layers over prompt and frames, without its text head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from podgen.engines.voxtral.model.checkpoint import Source
from podgen.engines.voxtral.model.config import MAX_POSITIONS, Params, TransformerArgs
from podgen.engines.voxtral.model.layers import Layer, MakeLinear, dense, load_layer
from podgen.engines.voxtral.model.ops import TorchOps, rotary_table


@dataclass(frozen=True, slots=True)
class KeyValues:
    """Stored keys and values, each [layers, slots, kv heads, positions, head_dim]."""

    keys: Tensor
    values: Tensor

    @classmethod
    def empty(cls, args: TransformerArgs, slots: int, positions: int, like: Tensor) -> KeyValues:
        """Room for `slots` sequences of `positions`, on the device and in the dtype of `like`.

        Zeroed: attention by PyTorch multiplies what it masks by nought, and must find numbers.
        """
        shape = (args.n_layers, slots, args.n_kv_heads, positions, args.head_dim)
        return cls(like.new_zeros(shape), like.new_zeros(shape))

    def first(self, slots: int) -> KeyValues:
        """The first slots, as views."""
        return KeyValues(self.keys[:, :slots], self.values[:, :slots])

    def one(self, slot: int) -> KeyValues:
        """A single slot, as views that keep its dimension."""
        return KeyValues(self.keys[:, slot : slot + 1], self.values[:, slot : slot + 1])

    def copy_start(self, slot: int, start: KeyValues) -> None:
        """Put the positions of `start` (one slot) at the beginning of `slot`."""
        length = start.keys.shape[3]
        self.keys[:, slot, :, :length] = start.keys[:, 0]
        self.values[:, slot, :, :length] = start.values[:, 0]

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first `length` positions of one slot to another."""
        self.keys[:, target, :, :length] = self.keys[:, source, :, :length]
        self.values[:, target, :, :length] = self.values[:, source, :, :length]


def position_bytes(args: TransformerArgs, dtype: torch.dtype) -> int:
    """Bytes of the keys and values of one position."""
    return 2 * args.n_layers * args.kv_width * dtype.itemsize


class CodeTable:
    """The embeddings of the codes, a block of rows for each codebook."""

    def __init__(self, source: Source, params: Params) -> None:
        used = params.codebook_offsets[-1] + params.acoustic_codebook_sizes[-1] + 2
        self.weight = source.get(
            "mm_audio_embeddings.audio_codebook_embeddings.embeddings.weight",
            padded(used),
            params.backbone.dim,
        )
        self._offsets = torch.tensor(params.codebook_offsets, device=source.device)

    def rows(self, codes: Tensor) -> Tensor:
        """The input that frames of codes [..., codebooks] make: the sum of their rows."""
        return self.weight[codes + self._offsets].sum(-2)


class Backbone:
    """The layers with the two embedding tables.

    Args:
        source: the weights.
        params: the sizes.
        ops: the operations between the products.
        linear: makes the layers' projections; quantised ones, if wanted.
    """

    def __init__(
        self, source: Source, params: Params, ops: TorchOps, linear: MakeLinear | None = None
    ) -> None:
        args = params.backbone
        self.args = args
        self._ops = ops
        prefix = "mm_audio_embeddings."
        self.text_table = source.get(f"{prefix}tok_embeddings.weight", params.vocab_size, args.dim)
        self.codes = CodeTable(source, params)
        self._layers: Sequence[Layer] = [
            load_layer(source, f"layers.{i}.", args, linear or dense(ops))
            for i in range(args.n_layers)
        ]
        self._norm = source.get("norm.weight", args.dim)
        self._rotary = rotary_table(MAX_POSITIONS, args.head_dim, params.rope_theta, source.device)

    def embed_codes(self, codes: Tensor) -> Tensor:
        """The input that frames of codes [..., codebooks] make; see `CodeTable.rows`."""
        return self.codes.rows(codes)

    def step(self, x: Tensor, position: Tensor, stored: KeyValues, length: int) -> Tensor:
        """One position of each row: store its keys and values, return h.

        Args:
            x: [rows, dim], the inputs.
            position: [rows], where they stand.
            stored: of as many slots as rows.
            length: above every position.

        Returns:
            h [rows, dim], after the last norm.
        """
        ops = self._ops
        stream = ops.residual(x, self.args.norm_eps)
        for layer, keys, values in zip(self._layers, stored.keys, stored.values, strict=True):
            qkv = stream.project(layer.attention_norm, layer.qkv)
            attended = ops.attend(qkv, self._rotary, position, keys, values, length)
            stream.add(layer.out, attended)
            stream.add(layer.down, stream.gate(layer.ffn_norm, layer.gate_up))
        return stream.normed(self._norm)

    def prefill(
        self, x: Tensor, start: Tensor, slots: Tensor, stored: KeyValues, length: int
    ) -> None:
        """Store the keys and values of many positions of several sequences.

        Rows shorter than the longest are padded on the right with anything: what they store past
        their end is overwritten before it is seen.

        Args:
            x: [rows, tokens, dim], the inputs.
            start: [rows], the position of each row's first token; earlier ones are stored.
            slots: [rows], where each row is stored.
            stored: the slots.
            length: above every position that is wanted.
        """
        ops = self._ops
        stream = ops.residual(x, self.args.norm_eps)
        for layer, keys, values in zip(self._layers, stored.keys, stored.values, strict=True):
            qkv = stream.project(layer.attention_norm, layer.qkv)
            attended = ops.attend_many(qkv, self._rotary, start, slots, keys, values, length)
            if layer is self._layers[-1]:
                return  # what the last layer would add, nothing stored depends on
            stream.add(layer.out, attended)
            stream.add(layer.down, stream.gate(layer.ffn_norm, layer.gate_up))


def padded(rows: int) -> int:
    """Rows of a table as stored: rounded up to a multiple of 128."""
    return -(-rows // 128) * 128
