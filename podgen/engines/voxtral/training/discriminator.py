"""Discriminators on spectrograms of eight windows, whose activations tell real speech from made.

Hinge loss for them; for the encoder the difference of their activations, which in the published
recipe (arXiv 2603.25551) takes the adversarial loss's place.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

SIZES = (2296, 1418, 876, 542, 334, 206, 126, 76)
"""Windows of the published recipe, in samples at 24 kHz."""


class Discriminators(nn.Module):
    """One for each window.

    Args:
        channels: of the layers; 256 in the published recipe.
        sizes: windows in samples.
    """

    def __init__(self, channels: int, sizes: Sequence[int] = SIZES) -> None:
        super().__init__()
        self._sizes = tuple(sizes)
        self._each = nn.ModuleList(_stack(channels) for _ in sizes)

    def forward(self, waves: Tensor) -> list[list[Tensor]]:
        """Activations of each layer of each discriminator for waves [clips, samples]."""
        found = []
        for size, stack in zip(self._sizes, self._each, strict=True):
            window = torch.hann_window(size, device=waves.device)
            x = torch.stft(waves, size, size // 4, window=window, return_complex=True)
            x = torch.view_as_real(x).permute(0, 3, 2, 1) / size**0.5  # clips, 2, frames, bins
            layers = []
            for layer in stack.children():
                x = layer(x)
                layers.append(x)
            found.append(layers)
        return found


def _stack(channels: int) -> nn.Sequential:
    def layer(inputs: int, stride: int) -> nn.Sequential:
        conv = nn.Conv2d(inputs, channels, (3, 9), (1, stride), (1, 4))
        return nn.Sequential(nn.utils.parametrizations.weight_norm(conv), nn.LeakyReLU(0.2))

    last = nn.utils.parametrizations.weight_norm(nn.Conv2d(channels, 1, 3, padding=1))
    return nn.Sequential(
        layer(2, 1), layer(channels, 2), layer(channels, 2), layer(channels, 2), last
    )


def hinge(real: list[list[Tensor]], made: list[list[Tensor]]) -> Tensor:
    """The discriminators' own loss."""
    parts = [
        F.relu(1 - r[-1]).mean() + F.relu(1 + m[-1]).mean() for r, m in zip(real, made, strict=True)
    ]
    return torch.stack(parts).mean()


def feature_distance(real: list[list[Tensor]], made: list[list[Tensor]]) -> Tensor:
    """Mean absolute difference of activations, in parts of the real ones'."""
    parts = [
        F.l1_loss(m, r.detach()) / r.detach().abs().mean().clamp_min(1e-4)
        for theirs, ours in zip(real, made, strict=True)
        for r, m in zip(theirs[:-1], ours[:-1], strict=True)
    ]
    return torch.stack(parts).mean()
