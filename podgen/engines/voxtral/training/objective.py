"""The losses of a recipe, on pairs of codes and sound and on speech alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from podgen.engines.voxtral.cloning.codec import Codec
from podgen.engines.voxtral.cloning.losses import (
    Spectra,
    Voices,
    mel_distance,
    stft_distance,
    voice_distance,
)
from podgen.engines.voxtral.cloning.quantising import quantised, squashed
from podgen.engines.voxtral.training.balance import Balance
from podgen.engines.voxtral.training.discriminator import Discriminators, feature_distance
from podgen.engines.voxtral.training.listening import Tokens, distance
from podgen.engines.voxtral.training.recipe import Recipe

_SHARPNESS = 16.0
"""Of the choice among codes: so many nats lie between a row and one as far from it as two rows are
on average."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The losses by name, unweighted, and their weighted sum with its way to the encoder."""

    total: Tensor
    each: dict[str, Tensor]


class Objective:
    """What the encoder is held to.

    Args:
        recipe: weights and quantisation.
        codec: the frozen decoder and codebooks.
        voices: the frozen speaker encoder, where the recipe has a term for it.
        head: makes a speech recogniser's states of semantic rows, where it has one for them.
    """

    def __init__(
        self,
        recipe: Recipe,
        codec: Codec,
        voices: Voices | None,
        head: torch.nn.Module | None = None,
    ) -> None:
        self._recipe, self._codec, self._voices, self._head = recipe, codec, voices, head
        self._books = codec.decoder.codebooks
        rows = self._books.rows.float()
        self._spread = (rows - rows.mean(0)).square().mean()  # of a number of a row
        self._balance = Balance()

    def pairs(self, latents: Tensor, values: Tensor, mask: Tensor) -> Parts:
        """Losses of clips whose codes are known.

        Args:
            latents: [clips, frames, latent].
            values: [clips, frames, codebooks] without the specials' offset.
            mask: [clips, frames], where there is a frame.
        """
        semantic, acoustic = self._books.split(latents[mask])
        wanted = values[mask]
        rows = self._books.rows.float()
        target, levels = self._books.split(self._books.latents(wanted).float())
        size = self._spread * rows.shape[1]
        logits = (semantic @ rows.T - rows.square().sum(-1) / 2) * (_SHARPNESS / size)
        chosen = F.cross_entropy(logits, wanted[:, 0], label_smoothing=0.01)
        near = F.mse_loss(semantic, target) / self._spread
        each = {
            "codes_semantic": chosen + near,
            "codes_levels": 3 * F.mse_loss(acoustic.tanh(), levels),
        }
        return Parts(self._sum(each), each)

    def speech(
        self,
        latents: Tensor,
        true: Tensor,
        step: int,
        generator: torch.Generator,
        discriminators: Discriminators | None = None,
        tokens: list[Tokens] | None = None,
    ) -> tuple[Parts, Tensor]:
        """Losses of speech [clips, samples] alone, and what the decoder made of it."""
        recipe, loss = self._recipe, self._recipe.loss
        if recipe.inner_tanh:
            semantic, acoustic = self._books.split(latents)
            latents = torch.cat([semantic, (recipe.inner_tanh * acoustic).tanh()], dim=-1)
        made = self._codec.decoder.waves(self._mixed(latents, generator)).float()
        made = made[:, : true.shape[1]]
        # A balance of gradients needs them at the wave, each by itself.
        wave = made.detach().requires_grad_() if recipe.balanced else made
        heard: dict[str, Tensor] = {}
        spectra, wanted = Spectra(wave), Spectra(true)
        if loss.mel:
            heard["mel"] = mel_distance(spectra, wanted)
        if loss.stft:
            heard["stft"] = stft_distance(spectra, wanted)
        if loss.wave:
            heard["wave"] = F.l1_loss(wave, true) / true.abs().mean().clamp_min(1e-4)
        if loss.speaker and self._voices is not None and step % recipe.speaker_every == 0:
            heard["speaker"] = voice_distance(wave, true, self._voices)
        if loss.feature and discriminators is not None:
            heard["feature"] = feature_distance(discriminators(true), discriminators(wave))
        faded = recipe.fade**step
        weights = {name: getattr(loss, name) for name in heard}
        for name in ("mel", "stft", "wave"):
            if name in weights:
                weights[name] *= faded
        each = {**heard, **self._of_latents(latents)}
        if loss.asr and tokens is not None and self._head is not None:
            rows = self._books.split(quantised(self._books, latents))[0]
            each["asr"] = distance(rows, tokens, self._head)
        total = self._sum({name: each[name] for name in each if name not in heard})
        if recipe.balanced:
            pull = self._balance.gradient(wave, heard, weights)
            total = total + (made * pull).sum()
        else:
            for name, weight in weights.items():
                total = total + weight * each[name]
        return Parts(total, each), made

    def state(self) -> dict[str, float]:
        """What a balance has learnt of the gradients, to be kept with the weights."""
        return dict(self._balance.norms)

    def load(self, state: dict[str, float]) -> None:
        """The inverse of `state`."""
        self._balance.norms = dict(state)

    def _sum(self, each: dict[str, Tensor]) -> Tensor:
        weighted = [getattr(self._recipe.loss, name) * value for name, value in each.items()]
        return torch.stack(weighted).sum() if weighted else self._books.rows.new_zeros(())

    def _of_latents(self, latents: Tensor) -> dict[str, Tensor]:
        loss = self._recipe.loss
        semantic, acoustic = self._books.split(latents)
        flat = semantic.flatten(0, -2)
        each: dict[str, Tensor] = {}
        if loss.commit:
            rows = self._books.rows.float()
            with torch.no_grad():
                nearest = rows[self._books.values(latents.flatten(0, -2))[:, 0]]
            each["commit"] = F.mse_loss(flat, nearest) / self._spread
        if loss.diversity:
            size = self._spread * flat.shape[1]
            logits = self._books.closeness(flat) * (_SHARPNESS / size)
            usage = logits.softmax(-1).mean(0)
            entropy = -(usage * usage.clamp_min(1e-9).log()).sum()
            each["diversity"] = 1 - entropy / math.log(len(usage))
        if loss.acoustic_shape:
            each["acoustic_shape"] = acoustic.mean().abs() + (acoustic.std() - 0.55).abs()
        if loss.semantic_spread:
            each["semantic_spread"] = (flat.std() / self._spread.sqrt() - 1).abs()
        return each

    def _mixed(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Latents as the decoder hears them in training: part of the clips rounded, part noised."""
        recipe, books = self._recipe, self._books
        clips = len(latents)
        draw = torch.rand(2, clips, 1, 1, generator=generator).to(latents.device)
        served, free = quantised(books, latents), squashed(books, latents)
        semantic = torch.where(
            draw[0] < recipe.semantic_quantised, books.split(served)[0], books.split(free)[0]
        )
        rounded, smooth = books.split(served)[1], books.split(free)[1]
        noise = torch.rand(smooth.shape, generator=generator).to(latents.device) - 0.5
        noisy = smooth + noise * 2 / books.steps
        kept = torch.where(draw[1] < recipe.quantised + recipe.noised, noisy, smooth)
        acoustic = torch.where(draw[1] < recipe.quantised, rounded, kept)
        return torch.cat([semantic, acoustic], dim=-1).to(books.rows.dtype)
