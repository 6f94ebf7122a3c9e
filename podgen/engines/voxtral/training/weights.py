"""Weights that learn, handed to the model's own modules under their published names.

A module that reads a checkpoint reads these as well, so what is trained is what is served: encoder
and decoder are built anew of them for each step, which costs a hundred small products.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from podgen.engines.voxtral.model.codebooks import PREFIX, Codebooks
from podgen.engines.voxtral.model.config import CodecArgs
from podgen.engines.voxtral.model.convolution import causal_conv
from podgen.engines.voxtral.model.encoder import CodecEncoder
from podgen.engines.voxtral.model.ops import TorchOps
from podgen.engines.voxtral.training.filters import filterbank

LAYER_SCALE = 0.01
"""Of the published recipe (arXiv 2603.25551)."""
_ACOUSTIC = 0.6  # RMS before their tanh
_BAND = 0.15  # RMS of a band: the norms' epsilon of 0.01 leaves loud and soft apart


class Weights(nn.Module):
    """A `Source` whose tensors are parameters, made when they are first asked for.

    Args:
        dtype: what modules get them as; they are kept in float32.
        seed: of their first values.
        layer_scale: of both sums of a layer at the beginning.
    """

    def __init__(
        self, dtype: torch.dtype = torch.float32, seed: int = 0, layer_scale: float = LAYER_SCALE
    ) -> None:
        super().__init__()
        self.dtype = dtype
        self._layer_scale = layer_scale
        self._kept = nn.ParameterList()
        self._places: dict[str, int] = {}
        self._generator = torch.Generator().manual_seed(seed)

    @property
    def device(self) -> torch.device:
        """See `Source.device`."""
        return self._kept[0].device if len(self._kept) else torch.device("cpu")

    def get(self, name: str, *shape: int) -> Tensor:
        """See `Source.get`."""
        if name not in self._places:
            self._places[name] = len(self._kept)
            self._kept.append(nn.Parameter(self._first(name, shape)))
        tensor: Tensor = self._kept[self._places[name]]
        return tensor.to(self.dtype)

    def stacked(self, parts: Sequence[tuple[str, int]], columns: int) -> Tensor:
        """See `Source.stacked`."""
        return torch.cat([self.get(name, rows, columns) for name, rows in parts])

    def parameter(self, name: str) -> nn.Parameter:
        """One tensor itself, to be set or frozen."""
        found: nn.Parameter = self._kept[self._places[name]]
        return found

    @torch.no_grad()
    def begin_with_bands(self, waves: Tensor, args: CodecArgs) -> None:
        """Make the encoder's first layer a filterbank whose bands are alike loud in `waves`."""
        name = f"{PREFIX}input_proj.conv.parametrizations.weight.original"
        filters = self.parameter(f"{name}1")
        made = filterbank(filters.shape[0], args.patch_kernel, args.patch_size, args.sampling_rate)
        filters.copy_(made)
        whole = waves[:, : waves.shape[1] // args.patch_size * args.patch_size]
        patches = whole.view(len(whole), -1, args.patch_size)
        unit = filters / filters.flatten(1).norm(dim=1)[:, None, None]
        heard = causal_conv(patches, unit, "reflect").flatten(0, 1)
        gains = self.parameter(f"{name}0")
        gains.copy_((_BAND / heard.square().mean(0).sqrt().clamp_min(1e-4))[:, None, None])

    def learning(self) -> dict[str, nn.Parameter]:
        """Those that learn, by name."""
        found = {name: self.parameter(name) for name in self._places}
        return {name: each for name, each in found.items() if each.requires_grad}

    def named(self) -> dict[str, Tensor]:
        """All tensors by name, in float32."""
        return {name: self._kept[at].detach() for name, at in self._places.items()}

    def _first(self, name: str, shape: Sequence[int]) -> Tensor:
        if name.endswith("_scale"):
            return torch.full(tuple(shape), self._layer_scale)
        inputs = torch.Size(shape[1:]).numel()
        if len(shape) == 1 or inputs == 1:  # norms, and gains of weight norms
            return torch.ones(tuple(shape))
        drawn = torch.randn(tuple(shape), generator=self._generator)
        return drawn / math.sqrt(inputs)


class TrainedEncoder(nn.Module):
    """The encoder with weights that learn.

    Args:
        args: the codec's sizes.
        dtype: what is computed in.
        seed: of the first values.
        layer_scale: see `Weights`.
        heard: width of a speech recogniser's states that the semantic codes are held to, or 0.

    Attributes:
        head: makes such states of semantic rows; no part of the encoder that is served.
    """

    def __init__(
        self,
        args: CodecArgs,
        dtype: torch.dtype,
        seed: int = 0,
        layer_scale: float = LAYER_SCALE,
        heard: int = 0,
    ) -> None:
        super().__init__()
        self.args = args
        self.weights = Weights(dtype, seed, layer_scale)
        self._made()
        torch.manual_seed(seed)
        self.head = nn.Linear(args.semantic_dim, heard, bias=False) if heard else None

    def _made(self) -> CodecEncoder:
        return CodecEncoder(self.weights, self.args, TorchOps())

    @torch.no_grad()
    def fit(self, waves: Tensor, books: Codebooks) -> None:
        """Begin with a filterbank, and with gains that bring its bands to one scale and latents to
        that of the codebook's rows and of the levels, on waves [clips, samples] (after Mishkin and
        Matas 2015).

        A weight norm's gain moves by about the rate of learning with a step: from one to the
        thirteen of the published codebook that is tens of thousands of steps.
        """
        self.weights.begin_with_bands(waves, self.args)
        latents = self(waves, [waves.shape[1]] * len(waves))
        last = f"{PREFIX}encoder_blocks.{2 * len(self.args.encoder_stages) - 1}"
        gains = self.weights.parameter(f"{last}.conv.parametrizations.weight.original0")[:, 0, 0]
        rows = books.rows.float()
        wanted = float((rows - rows.mean(0)).square().mean().sqrt()), _ACOUSTIC
        for part, gain, size in zip(books.split(latents), books.split(gains), wanted, strict=True):
            gain.mul_(size / part.square().mean().sqrt())

    def forward(self, waves: Tensor, lengths: Sequence[int]) -> Tensor:
        """See `CodecEncoder.latents`; the latents come back in float32."""
        return self._made().latents(waves, lengths).float()


class Average:
    """The running mean of a module's parameters."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._decay = decay
        self.kept = [parameter.detach().clone() for parameter in module.parameters()]

    @torch.no_grad()
    def add(self, module: nn.Module, step: int) -> None:
        """Take the parameters in; early ones count for less."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for mean, now in zip(self.kept, module.parameters(), strict=True):
            mean.lerp_(now.detach(), 1 - decay)

    def into(self, module: nn.Module) -> None:
        """Give the module the means as its parameters."""
        self.put(module, self.kept)

    @staticmethod
    @torch.no_grad()
    def put(module: nn.Module, values: Sequence[Tensor]) -> None:
        """Give a module parameters in their order."""
        Average.copy(list(module.parameters()), values)

    @staticmethod
    @torch.no_grad()
    def copy(into: Sequence[Tensor], values: Sequence[Tensor]) -> None:
        """Copy tensors one by one."""
        for tensor, value in zip(into, values, strict=True):
            tensor.copy_(value)
