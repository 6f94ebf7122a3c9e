"""The codec's codebooks: what a frame's codes stand for between encoder and decoder.

A frame's latent has `semantic_dim` numbers that one row of the codebook stands for, and
`acoustic_dim` numbers in [-1, 1] of so many evenly spaced levels each (Mentzer et al. 2023).
"""

from __future__ import annotations

import torch
from torch import Tensor

from podgen.engines.voxtral.model.checkpoint import Source
from podgen.engines.voxtral.model.config import CodecArgs

PREFIX = "audio_tokenizer."
"""What the names of all the codec's tensors begin with."""
_FRAMES = 4096
"""Frames whose distances to all rows are held at once."""


class Codebooks:
    """The semantic codebook and the acoustic levels.

    Args:
        source: the weights.
        args: the sizes.

    Attributes:
        rows: the semantic codebook [codes, semantic_dim].
    """

    def __init__(self, source: Source, args: CodecArgs) -> None:
        book = f"{PREFIX}quantizer.semantic_codebook."
        usage = source.get(f"{book}cluster_usage", args.semantic_codebook_size)
        total = source.get(f"{book}embedding_sum", args.semantic_codebook_size, args.semantic_dim)
        self.rows = total / usage.clamp(min=1e-5)[:, None]
        self._args = args

    @property
    def steps(self) -> int:
        """Steps between the lowest and the highest acoustic level."""
        return self._args.acoustic_codebook_size - 1

    def latents(self, values: Tensor) -> Tensor:
        """Codebook rows and levels in [-1, 1] of values [..., codebooks]: [..., latent]."""
        levels = values[..., 1:].to(self.rows.dtype)
        return torch.cat([self.rows[values[..., 0]], 2 * levels / self.steps - 1], dim=-1)

    def split(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """The semantic and the acoustic part of latents [..., latent]."""
        return latent[..., : self._args.semantic_dim], latent[..., self._args.semantic_dim :]

    def closeness(self, semantic: Tensor) -> Tensor:
        """Of each row to latents [..., semantic_dim]: [..., codes], larger the closer.

        Minus half the squared distance, but for half the latent's own square, which is the same
        for all rows.
        """
        return semantic @ self.rows.T - self.rows.square().sum(-1) / 2

    def values(self, latent: Tensor) -> Tensor:
        """The values, int64 [frames, codebooks], that stand for latents [frames, latent].

        The nearest row, and of an acoustic number the level nearest to its tanh, halves to even.
        In float32 at least: in bfloat16 distances to rows that lie close together come out equal.
        """
        wide = latent.to(torch.promote_types(latent.dtype, torch.float32))
        semantic, acoustic = self.split(wide)
        rows = self.rows.to(wide.dtype)
        half = rows.square().sum(-1) / 2
        nearest = [(part @ rows.T - half).argmax(-1) for part in torch.split(semantic, _FRAMES)]
        levels = ((acoustic.tanh() + 1) / 2 * self.steps).round().long()
        return torch.cat([torch.cat(nearest)[:, None], levels], dim=-1)
