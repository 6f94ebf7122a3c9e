"""How far one sound is from another, for a gradient to follow."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

RATE = 24000
STFT_SIZES = (2048, 1024, 512, 256, 128)
"""Windows in samples at 24 kHz."""
MEL_SIZES = ((2048, 128), (1024, 80), (512, 40))
"""Windows and bands."""
_FLOOR = 1e-2
"""Of magnitudes: white noise of about -69 dBFS under the largest window. What lies below is not
heard, yet differences of logarithms are largest there."""


class Voices(Protocol):
    """What says how alike two voices are; see `speaker.SpeakerEncoder`."""

    def __call__(self, waves: Tensor) -> Tensor:
        """Unit vectors [clips, size] of waves [clips, samples] at 24 kHz."""
        ...


class Spectra:
    """What distances are measured on, each spectrum made once, when it is first asked for.

    Args:
        waves: [clips, samples], longer than the largest window.
    """

    def __init__(self, waves: Tensor) -> None:
        self.waves = waves
        self._made: dict[int, Tensor] = {}

    def magnitudes(self, size: int) -> Tensor:
        """STFT magnitudes [clips, bins, frames], a quarter window apart."""
        if size not in self._made:
            window = torch.hann_window(size, device=self.waves.device, dtype=self.waves.dtype)
            found = torch.stft(self.waves, size, size // 4, window=window, return_complex=True)
            # The root's slope at nought is infinite.
            power = found.real.square() + found.imag.square()
            self._made[size] = power.clamp_min(1e-12).sqrt()
        return self._made[size]

    def mels(self, size: int, bands: int) -> Tensor:
        """Logarithms (base 10) of mel magnitudes [clips, bands, frames]."""
        bank = mel_bank(RATE, size, bands).to(self.waves.device, self.waves.dtype)
        return (bank @ self.magnitudes(size)).clamp_min(_FLOOR).log10()


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # what is kept must serve a gradient, whoever asked for it first
def mel_bank(rate: int, size: int, bands: int, *, slaney: bool = False) -> Tensor:
    """Triangles [bands, bins] on the mel scale, of unit height.

    With `slaney` on Slaney's scale (linear to 1 kHz) and of unit area, as librosa has them.
    """

    def to_mel(hertz: Tensor) -> Tensor:
        if not slaney:
            return 2595 * torch.log10(1 + hertz / 700)
        above = 15 + 27 * torch.log(hertz.clamp_min(1e-9) / 1000) / torch.log(torch.tensor(6.4))
        return torch.where(hertz < 1000, hertz * 3 / 200, above)

    def to_hertz(mel: Tensor) -> Tensor:
        if not slaney:
            return 700 * (10 ** (mel / 2595) - 1)
        above = 1000 * torch.exp((mel - 15) / 27 * torch.log(torch.tensor(6.4)))
        return torch.where(mel < 15, mel * 200 / 3, above)

    top = to_mel(torch.tensor(rate / 2.0))
    edges = to_hertz(torch.linspace(0, float(top), bands + 2))
    bins = torch.linspace(0, rate / 2, size // 2 + 1)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    bank = torch.minimum(rising, falling).clamp_min(0)
    return bank * (2 / (edges[2:] - edges[:-2]))[:, None] if slaney else bank


def mel_distance(made: Spectra, true: Spectra) -> Tensor:
    """Mean absolute difference of log mels over three windows."""
    parts = [F.l1_loss(made.mels(*each), true.mels(*each)) for each in MEL_SIZES]
    return torch.stack(parts).mean()


def stft_distance(made: Spectra, true: Spectra) -> Tensor:
    """Spectral convergence and difference of logs over five windows (Arik et al. 2019)."""
    parts = []
    for size in STFT_SIZES:
        ours, theirs = made.magnitudes(size), true.magnitudes(size)
        convergence = (ours - theirs).norm() / theirs.norm().clamp_min(1e-6)
        logs = F.l1_loss(ours.clamp_min(_FLOOR).log10(), theirs.clamp_min(_FLOOR).log10())
        parts.append(convergence + logs)
    return torch.stack(parts).mean()


def voice_distance(made: Tensor, true: Tensor, voices: Voices) -> Tensor:
    """One minus the cosine between the voices of clips and of what was made of them."""
    with torch.no_grad():
        wanted = voices(true)
    return 1 - (voices(made) * wanted).sum(-1).mean()
