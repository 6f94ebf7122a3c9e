"""The acoustic transformer: from h to one frame of codes.

A linear head picks the semantic code, or says how likely each is. Three bidirectional layers over
the tokens [x_t, time, h] turn noise into 36 acoustic levels by Euler steps with classifier-free
guidance.

Whatever does not change from step to step is computed once: the time tokens when the model is
loaded, and of the first layer the projections of all but the token x_t. The last layer computes
its output for that token alone, since nothing reads the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from podgen.engines.voxtral.model.backbone import padded
from podgen.engines.voxtral.model.checkpoint import Source
from podgen.engines.voxtral.model.config import END_AUDIO, SPECIAL_CODES, Params
from podgen.engines.voxtral.model.layers import Layer, MakeLinear, dense, load_layer
from podgen.engines.voxtral.model.ops import TorchOps

_PREFIX = "acoustic_transformer."


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the semantic codes of a frame are drawn.

    Attributes:
        temperature: [rows], float32; a row at 0 takes its likeliest code.
        chance: [rows], float32, where in [0, 1) of all codes' shares the one to take lies.
    """

    temperature: Tensor
    chance: Tensor


class AcousticTransformer:
    """Semantic head and flow-matching net.

    Args:
        source: the weights.
        params: the sizes.
        ops: the operations between the products.
        steps: Euler steps.
        cfg_alpha: guidance: 1 is none, more follows h and thus the voice harder.
        packed: makes the layers' projections, the head and h's; None leaves weights as they are.
    """

    def __init__(
        self,
        source: Source,
        params: Params,
        ops: TorchOps,
        steps: int,
        cfg_alpha: float,
        packed: MakeLinear | None = None,
    ) -> None:
        args = params.acoustic
        self.args = args
        self._ops = ops
        self._alpha = cfg_alpha
        self._semantic_codes = params.semantic_codes
        self._levels = params.acoustic_codebook_sizes[0]
        width = len(params.acoustic_codebook_sizes)

        def matrix(name: str, rows: int, columns: int) -> Tensor:
            return source.get(f"{_PREFIX}{name}.weight", rows, columns)

        self._input = matrix("input_projection", args.dim, width)
        large = packed or _plain
        self._llm = large(matrix("llm_projection", args.dim, args.dim))
        self._semantic = large(
            matrix("semantic_codebook_output", padded(params.semantic_codes), args.dim)
        )
        self._output = matrix("acoustic_codebook_output", width, args.dim)
        self._norm = source.get(f"{_PREFIX}norm.weight", args.dim)
        self._layers: Sequence[Layer] = [
            load_layer(source, f"{_PREFIX}layers.{i}.", args, packed or dense(ops))
            for i in range(args.n_layers)
        ]
        # The reference keeps grid, steps and state in the model's dtype.
        grid = torch.linspace(0, 1, steps + 1).to(source.dtype)
        self._dt: list[float] = (grid[1:] - grid[:-1]).tolist()
        time = F.linear(
            time_features(grid[:-1], args.dim).to(source.device),
            matrix("time_projection", args.dim, args.dim),
        )
        self._time = time.unbind(0)
        self._time_qkv = self._first_qkv(time).unbind(0)

    def _first_qkv(self, x: Tensor) -> Tensor:
        first = self._layers[0]
        return first.qkv(self._ops.norm(x, first.attention_norm, self.args.norm_eps))

    def frame(
        self,
        h: Tensor,
        noise: Tensor,
        *,
        may_end: bool = True,
        sampling: Sampling | None = None,
    ) -> Tensor:
        """Codes of one frame.

        Args:
            h: [rows, dim], the backbone's output.
            noise: [rows, acoustic codebooks], standard normal.
            may_end: whether END_AUDIO can be picked.
            sampling: how semantic codes are drawn; None takes the likeliest.

        Returns:
            [rows, codebooks], specials' offset included; the semantic code comes first. Where it
            is END_AUDIO the others mean nothing.
        """
        semantic = self.semantic(h, END_AUDIO if may_end else SPECIAL_CODES, sampling)
        x = self.flow(h, noise.to(h.dtype))
        if x.dtype == torch.float16:
            x = x.nan_to_num()  # h tells of the overflow; the codes must stay codes
        x = x.clamp(-1, 1)
        levels = ((x + 1) / 2 * (self._levels - 1)).round().long()  # halves go to even
        return torch.cat([semantic[:, None], levels + SPECIAL_CODES], dim=1)

    def semantic(
        self, h: Tensor, first: int = END_AUDIO, sampling: Sampling | None = None
    ) -> Tensor:
        """A semantic code [rows] from `first` on; EMPTY_AUDIO and padding never."""
        logits = self.semantic_logits(h)[:, first : self._semantic_codes]
        codes = logits.argmax(-1)
        if sampling is not None:
            codes = torch.where(sampling.temperature > 0, drawn(logits, sampling), codes)
        return codes + first

    def semantic_logits(self, h: Tensor) -> Tensor:
        """Logits of the whole table, [rows, padded codes]."""
        return self._semantic(h)

    def flow(self, h: Tensor, x: Tensor) -> Tensor:
        """Noise `x` [rows, acoustic codebooks] carried to t = 1 under h [rows, dim]."""
        condition = self._llm(h)
        condition_qkv = self._first_qkv(condition)
        # Unconditioned, h is nought; its projection and all the first layer makes of it too.
        condition = torch.cat([condition, torch.zeros_like(condition)])
        condition_qkv = torch.cat([condition_qkv, torch.zeros_like(condition_qkv)])
        rows = condition.shape[0]
        for time, time_qkv, dt in zip(self._time, self._time_qkv, self._dt, strict=True):
            state = F.linear(x, self._input)
            state_qkv = self._first_qkv(state)
            tokens = torch.cat([state, state, time.expand(rows, -1), condition])
            qkv = torch.cat([state_qkv, state_qkv, time_qkv.expand(rows, -1), condition_qkv])
            tokens, qkv = torch.unflatten(tokens, 0, (3, rows)), torch.unflatten(qkv, 0, (3, rows))
            velocity = F.linear(self._transform(tokens, qkv), self._output)
            x = self._ops.euler(x, velocity, self._alpha, dt)
        return x

    def _transform(self, tokens: Tensor, qkv: Tensor) -> Tensor:
        """All layers and the last norm; of [tokens, rows, dim] the first token comes back.

        `qkv` is what the first layer's projections make of the tokens.
        """
        args, ops = self.args, self._ops
        stream = ops.residual(tokens, args.norm_eps)
        asking = len(tokens)
        for i, layer in enumerate(self._layers):
            if i:
                qkv = stream.project(layer.attention_norm, layer.qkv)
            if i + 1 == len(self._layers):
                asking = 1
                stream.narrow(asking)
            attended = ops.token_attention(qkv, asking, args.n_heads, args.n_kv_heads)
            stream.add(layer.out, attended)
            stream.add(layer.down, stream.gate(layer.ffn_norm, layer.gate_up))
        return stream.normed(self._norm)[0]


def _plain(weight: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: F.linear(x, weight)


def drawn(logits: Tensor, sampling: Sampling) -> Tensor:
    """Codes [rows] as likely as softmax(logits / temperature) of [rows, codes] says.

    The shares are laid end to end, and the code taken is the one at `chance` of the way: one
    number a frame, drawn beforehand, decides. Rows at temperature 0 mean nothing.
    """
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    tempered = wide / sampling.temperature.clamp(min=1e-6)[:, None]
    ends = tempered.softmax(-1).cumsum(-1)
    at = sampling.chance * ends[:, -1]
    return (ends <= at[:, None]).sum(-1).clamp(max=logits.shape[1] - 1)


def time_features(t: Tensor, dim: int) -> Tensor:
    """[cos(t f), sin(t f)] for times [n], f_j = 10000^(-j / (dim / 2)); [n, dim], dtype of `t`."""
    frequency = 10000.0 ** (
        -torch.arange(dim // 2, device=t.device, dtype=torch.float32) / (dim // 2)
    )
    angle = t.to(torch.promote_types(t.dtype, torch.float32))[:, None] * frequency
    return torch.cat([angle.cos(), angle.sin()], dim=-1).to(t.dtype)
