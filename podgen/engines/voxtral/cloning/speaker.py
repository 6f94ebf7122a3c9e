"""A frozen speaker encoder: who is speaking, as a vector (Wan et al. 2018).

The network and weights of the package resemblyzer (Apache 2.0), in PyTorch throughout, so that a
gradient passes; the package itself, which needs several others, is not imported.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from podgen.engines.voxtral.cloning.losses import RATE, mel_bank
from podgen.errors import MachineError

_RATE = 16000
_WINDOW, _HOP, _BANDS, _SIZE = 400, 160, 40, 256
_LEVEL = 10 ** (-30 / 20)  # RMS that it knows voices at
_SPAN, _STEP = 160, 80  # frames heard at once, and from one such to the next


class SpeakerEncoder(nn.Module):
    """Unit vectors of voices.

    Raises:
        MachineError: the package with the weights is not installed.
    """

    def __init__(self, weights: Path | None = None) -> None:
        super().__init__()
        self.lstm = nn.LSTM(_BANDS, _SIZE, 3, batch_first=True)
        self.linear = nn.Linear(_SIZE, _SIZE)
        stored = torch.load(weights or packaged_weights(), map_location="cpu", weights_only=True)
        self.load_state_dict(stored["model_state"], strict=False)
        self.requires_grad_(False)

    def forward(self, waves: Tensor) -> Tensor:
        """Vectors [clips, 256] of waves [clips, samples] at 24 kHz, the mean of 1.6 s each."""
        waves = waves.float()
        level = waves.square().mean(-1, keepdim=True).sqrt().clamp_min(1e-5)
        frames = self._frames(_resampled(waves * (_LEVEL / level)))
        if frames.shape[1] < _SPAN:
            frames = F.pad(frames, (0, 0, 0, _SPAN - frames.shape[1]))
        spans = frames.unfold(1, _SPAN, _STEP).transpose(2, 3)  # clips, spans, frames, bands
        clips, count = spans.shape[:2]
        _, (last, _) = self.lstm(spans.reshape(clips * count, _SPAN, _BANDS))
        each = F.normalize(F.relu(self.linear(last[-1])), dim=-1)
        return F.normalize(each.view(clips, count, _SIZE).mean(1), dim=-1)

    def _frames(self, waves: Tensor) -> Tensor:
        """Mel powers [clips, frames, bands] at 16 kHz."""
        window = torch.hann_window(_WINDOW, device=waves.device)
        found = torch.stft(
            waves, _WINDOW, _HOP, window=window, pad_mode="constant", return_complex=True
        )
        power = torch.view_as_real(found).square().sum(-1)
        bank = mel_bank(_RATE, _WINDOW, _BANDS, slaney=True).to(waves.device)
        return (bank @ power).transpose(1, 2)


def packaged_weights() -> Path:
    """The weights that the package resemblyzer holds.

    Raises:
        MachineError: it is not installed.
    """
    spec = find_spec("resemblyzer")
    if spec is None or spec.origin is None:
        raise MachineError(
            "the speaker encoder's weights are not installed", "pip install --no-deps resemblyzer"
        )
    return Path(spec.origin).parent / "pretrained.pt"


def _resampled(waves: Tensor) -> Tensor:
    """24 to 16 kHz: every third of twice as many samples, under a windowed sinc."""
    up, down, half = 2, 3, 48
    at = torch.arange(-half, half + 1, device=waves.device, dtype=waves.dtype)
    kernel = (
        torch.sinc(at / down)
        * torch.hann_window(2 * half + 3, periodic=False, device=waves.device, dtype=waves.dtype)[
            1:-1
        ]
    )
    kernel = kernel / kernel.sum() * up
    spread = waves.new_zeros(*waves.shape, up)
    spread = torch.cat([waves[..., None], spread[..., 1:]], dim=-1).flatten(-2)
    return F.conv1d(spread[:, None], kernel[None, None], padding=half)[:, 0, ::down]


assert RATE * 2 == _RATE * 3
