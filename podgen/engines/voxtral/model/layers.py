"""The transformer layer that the backbone and the acoustic transformer share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from podgen.engines.voxtral.model.checkpoint import Source
from podgen.engines.voxtral.model.config import TransformerArgs
from podgen.engines.voxtral.model.ops import TorchOps
from podgen.engines.voxtral.model.residual import Linear

MakeLinear = Callable[[Tensor], Linear]
"""Makes a projection of a weight [outputs, inputs]."""


@dataclass(frozen=True, slots=True)
class Dense:
    """A projection with its weight as stored."""

    weight: Tensor
    ops: TorchOps

    def __call__(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        return self.ops.product(x, self.weight)

    @property
    def rows(self) -> tuple[Tensor, None]:
        """See `Linear.rows`."""
        return self.weight, None


def dense(ops: TorchOps) -> MakeLinear:
    """Makes projections of weights as they are."""
    return lambda weight: Dense(weight, ops)


@dataclass(frozen=True, slots=True)
class Layer:
    """Pre-norm attention and SwiGLU; queries, keys and values are one product, gate and up too."""

    attention_norm: Tensor
    qkv: Linear
    out: Linear
    ffn_norm: Tensor
    gate_up: Linear
    down: Linear


def load_layer(source: Source, prefix: str, args: TransformerArgs, linear: MakeLinear) -> Layer:
    """The layer whose tensors' names begin with `prefix`."""
    attention, ffn = f"{prefix}attention.", f"{prefix}feed_forward."
    qkv = [
        (f"{attention}wq.weight", args.q_width),
        (f"{attention}wk.weight", args.kv_width),
        (f"{attention}wv.weight", args.kv_width),
    ]
    gate_up = [(f"{ffn}w1.weight", args.hidden_dim), (f"{ffn}w3.weight", args.hidden_dim)]
    return Layer(
        attention_norm=source.get(f"{prefix}attention_norm.weight", args.dim),
        qkv=linear(source.stacked(qkv, args.dim)),
        out=linear(source.get(f"{attention}wo.weight", args.dim, args.q_width)),
        ffn_norm=source.get(f"{prefix}ffn_norm.weight", args.dim),
        gate_up=linear(source.stacked(gate_up, args.dim)),
        down=linear(source.get(f"{ffn}w2.weight", args.dim, args.hidden_dim)),
    )
