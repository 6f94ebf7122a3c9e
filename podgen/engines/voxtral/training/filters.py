"""A filterbank for the encoder to begin with, in place of noise.

Random filters over 70 ms all hear the same, how loud it is, and band-pass filters are long in the
learning (Zeghidour et al. 2021). The encoder's first layer begins as pairs of them, a quarter of a
period apart.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_LOWEST, _HIGHEST = 60.0, 0.45  # centres, in Hz and in parts of the rate
_PERIODS = 8.0  # of its centre that a filter is long, as far as there is room


def filterbank(width: int, taps: int, patch: int, rate: int) -> Tensor:
    """Filters [width, patch, taps] over the last `taps` patches of samples.

    Centres lie evenly on the mel scale; windows are Hann's, and end with the last patch.
    """
    samples = patch * taps
    bands = -(-width // 2)
    low, high = (2595 * math.log10(1 + hertz / 700) for hertz in (_LOWEST, _HIGHEST * rate))
    centres = 700 * (10 ** (torch.linspace(low, high, bands) / 2595) - 1)
    at = torch.arange(samples, dtype=torch.float32) - samples
    made = torch.zeros(bands, 2, samples)
    for band, hertz in enumerate(centres.tolist()):
        length = min(samples, max(2 * patch, round(_PERIODS * rate / hertz)))
        window = torch.zeros(samples)
        window[-length:] = torch.hann_window(length)
        turn = 2 * math.pi * hertz / rate * at
        made[band] = torch.stack([turn.cos(), turn.sin()]) * window
    return made.flatten(0, 1)[:width].view(width, taps, patch).transpose(1, 2).contiguous()
