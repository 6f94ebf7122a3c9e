"""Codes that a gradient passes: forwards what is served, backwards as if nothing were rounded.

Straight-through estimates (Bengio et al. 2013) for both kinds of codes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from podgen.engines.voxtral.model.codebooks import Codebooks


def quantised(books: Codebooks, latent: Tensor) -> Tensor:
    """Latents [..., latent] as the decoder is served them: the nearest row, and the level nearest
    to the tanh of each acoustic number. There is no other tanh."""
    flat = latent.detach().float().flatten(0, -2)
    served = books.latents(books.values(flat)).view(latent.shape).to(latent.dtype)
    bounded = squashed(books, latent)
    return bounded + (served - bounded).detach()


def squashed(books: Codebooks, latent: Tensor) -> Tensor:
    """Latents without rounding: the semantic part as it is, the tanh of the acoustic one."""
    semantic, acoustic = books.split(latent)
    return torch.cat([semantic, acoustic.tanh()], dim=-1)
