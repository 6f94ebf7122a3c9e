"""Losses balanced by their gradients at the wave: weights are shares (Defossez et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_DECAY = 0.999


class Balance:
    """Keeps the mean norm of each loss's gradient.

    Attributes:
        norms: by loss.
    """

    def __init__(self) -> None:
        self.norms: dict[str, float] = {}

    def gradient(
        self, wave: Tensor, losses: Mapping[str, Tensor], weights: Mapping[str, float]
    ) -> Tensor:
        """The sum of the losses' gradients at `wave`, each of its weight's share in a norm of 1."""
        whole = sum(weights.values()) or 1.0
        total = torch.zeros_like(wave)
        for name, loss in losses.items():
            [pull] = torch.autograd.grad(loss, [wave], retain_graph=True)
            norm = float(pull.norm())
            mean = self.norms.get(name, norm)
            self.norms[name] = _DECAY * mean + (1 - _DECAY) * norm
            total += pull * (weights[name] / whole / max(self.norms[name], 1e-12))
        return total.detach()
