"""Codes of one recording found through the frozen decoder, without an encoder.

The latents of its frames are moved, by a gradient through what the decoder makes of their nearest
codes, until that sounds like the recording. What comes out is codes, so rows that the language
model knows; whether their semantic part carries the words as the model's own codes do is not
certain.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from podgen.engines.voxtral.cloning import saving
from podgen.engines.voxtral.cloning.codec import Codec
from podgen.engines.voxtral.cloning.losses import (
    Spectra,
    Voices,
    mel_distance,
    stft_distance,
    voice_distance,
)
from podgen.engines.voxtral.cloning.quantising import quantised
from podgen.engines.voxtral.model.config import SPECIAL_CODES
from podgen.errors import EngineError
from podgen.files import whole_file

_KEEP_EVERY = 50  # steps between two writings of the state
_PATIENCE = 200  # steps without progress after which it ends
_PROGRESS = 2e-3  # of the loss, that counts as progress
_RATE = 0.05  # at the start, of Adam (Kingma and Ba 2015), in parts of a latent's usual size


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is: steps done of at most so many, the loss, and the least so far."""

    number: int
    most: int
    loss: float
    best: float


@dataclass(frozen=True, slots=True)
class Optimised:
    """Codes [frames, codebooks], specials' offset included, their loss, and the steps taken."""

    codes: Tensor
    loss: float
    steps: int


def optimise(
    codec: Codec,
    samples: Tensor,
    *,
    steps: int,
    start: Tensor | None = None,
    voices: Voices | None = None,
    state: Path | None = None,
    tell: Callable[[Step], None] = lambda step: None,
) -> Optimised:
    """Find the codes of a recording.

    Args:
        codec: decoder and codebooks; on any device, in float32.
        samples: mono at 24 kHz.
        steps: most steps.
        start: codes [frames, codebooks] to begin with, as an encoder's; else as good as none.
        voices: keeps the voice's identity, where it is there.
        state: where an unfinished run is kept, and taken up again.
        tell: told of each step.

    Raises:
        EngineError: the recording is shorter than the longest window, or the state is damaged.
    """
    books, args = codec.decoder.codebooks, codec.params.codec
    frames = -(-len(samples) // args.samples_per_frame)
    true = F.pad(samples, (0, frames * args.samples_per_frame - len(samples)))[None]
    true = true.to(books.rows.device, torch.float32)
    scale = torch.cat(
        [books.rows.float().std().expand(args.semantic_dim), true.new_ones(args.acoustic_dim)]
    )
    latent = _first(codec, frames, start).to(true.device) / scale
    run = _Run(latent.requires_grad_(), steps)
    if state is not None and state.exists():
        run.load(state)

    wanted = Spectra(true)

    def loss_of(served: Tensor) -> Tensor:
        made = codec.decoder.waves(served)[None].float()
        spectra = Spectra(made)
        loss = mel_distance(spectra, wanted) + 0.5 * stft_distance(spectra, wanted)
        loss = loss + 0.5 * F.l1_loss(made, true) / true.abs().mean()
        return loss if voices is None else loss + 0.5 * voice_distance(made, true, voices)

    while not run.done:
        served = quantised(books, run.latent * scale)
        # What lies far from every row is drawn to the nearest, as in training (van den Oord 2017).
        drawn = F.mse_loss(run.latent * scale, served.detach()) / scale.square().mean()
        loss = loss_of(served)
        values = books.values((run.latent * scale).detach())
        run.step(loss, drawn, values)
        tell(Step(run.number, steps, float(loss.detach()), run.best))
        if state is not None and run.number % _KEEP_EVERY == 0:
            run.save(state)
    if state is not None:
        run.save(state)
    assert run.codes is not None
    return Optimised(run.codes + SPECIAL_CODES, run.best, run.number)


class _Run:
    """The state of an optimisation."""

    def __init__(self, latent: Tensor, steps: int) -> None:
        self.latent = latent
        self.codes: Tensor | None = None
        self.best = math.inf
        self.number = 0
        self._progress = 0  # step of the last progress
        self._marked = math.inf  # the loss then
        self._steps = steps
        self._adam = torch.optim.Adam([latent], _RATE, betas=(0.8, 0.99))

    @property
    def done(self) -> bool:
        return self.number >= self._steps or self.number - self._progress >= _PATIENCE

    def step(self, loss: Tensor, drawn: Tensor, values: Tensor) -> None:
        found = float(loss.detach())
        if found < self.best:
            self.best, self.codes = found, values
        if found < self._marked * (1 - _PROGRESS):
            self._marked, self._progress = found, self.number
        for group in self._adam.param_groups:
            group["lr"] = _RATE * (
                0.05 + 0.95 * (1 + math.cos(math.pi * self.number / self._steps)) / 2
            )
        self._adam.zero_grad()
        (loss + 0.05 * drawn).backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        self.number += 1

    def save(self, path: Path) -> None:
        values = {
            "latent": self.latent.detach(),
            "codes": self.codes,
            "adam": self._adam.state_dict(),
            "figures": (self.best, self.number, self._progress, self._marked),
        }
        with whole_file(path) as temporary:
            saving.save(values, temporary)

    def load(self, path: Path) -> None:
        try:
            values = torch.load(path, map_location=self.latent.device, weights_only=True)
            if values["latent"].shape != self.latent.shape:
                raise ValueError("it is of another recording")
            self.codes = values["codes"]
            self._adam.load_state_dict(values["adam"])
            self.best, self.number, self._progress, self._marked = values["figures"]
        except (OSError, RuntimeError, ValueError, KeyError, EOFError, TypeError) as error:
            raise EngineError(
                f"{path} cannot be taken up again ({str(error).splitlines()[0]})", "remove it"
            ) from None
        with torch.no_grad():
            self.latent.copy_(values["latent"])


def _first(codec: Codec, frames: int, start: Tensor | None) -> Tensor:
    """Latents [frames, latent] to begin with; acoustic numbers before their tanh."""
    books = codec.decoder.codebooks
    if start is None:
        generator = torch.Generator().manual_seed(0)
        semantic = books.rows.float().mean(0).expand(frames, -1).cpu()
        spread = 0.1 * float(books.rows.float().std())
        semantic = semantic + spread * torch.randn(semantic.shape, generator=generator)
        acoustic = 0.1 * torch.randn(frames, codec.params.codec.acoustic_dim, generator=generator)
        return torch.cat([semantic, acoustic], dim=-1)
    semantic, acoustic = books.split(books.latents(start - SPECIAL_CODES).float())
    return torch.cat([semantic, acoustic.clamp(-0.97, 0.97).atanh()], dim=-1)
