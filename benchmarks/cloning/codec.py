"""A small codec of the published architecture, trained end to end: one whose encoder is known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import save_file
from torch import Tensor

from podgen.engines.voxtral.cloning.codec import Codec, open_codec
from podgen.engines.voxtral.cloning.losses import mel_distance, stft_distance
from podgen.engines.voxtral.cloning.quantising import quantised, squashed
from podgen.engines.voxtral.model.backbone import CodeTable
from podgen.engines.voxtral.model.codec import CodecDecoder
from podgen.engines.voxtral.model.config import parse_params
from podgen.engines.voxtral.model.encoder import CodecEncoder
from podgen.engines.voxtral.model.ops import TorchOps
from podgen.engines.voxtral.training.data import Data
from podgen.engines.voxtral.training.weights import Weights
from podgen.files import whole_file

TRUE = "true-encoder.safetensors"
BOOK = "audio_tokenizer.quantizer.semantic_codebook."
_RESTART = 200  # steps between two looks for rows of the codebook that nothing is near


@dataclass(frozen=True, slots=True)
class Size:
    """How large a codec is, and how long it is trained."""

    dim: int
    hidden: int
    heads: int
    codes: int
    semantic: int
    steps: int
    clips: int
    seconds: float

    def params(self) -> dict[str, object]:
        """As params.json has them."""
        codec = {
            "semantic_codebook_size": self.codes, "semantic_dim": self.semantic,
            "acoustic_codebook_size": 21, "acoustic_dim": 36, "dim": self.dim,
            "hidden_dim": self.hidden, "head_dim": self.dim // self.heads,
            "n_heads": self.heads, "n_kv_heads": self.heads,
        }  # fmt: skip
        audio = {
            "semantic_codebook_size": self.codes, "acoustic_codebook_size": 21,
            "n_acoustic_codebook": 36,
            "acoustic_transformer_args": {"input_dim": 64, "dim": 64, "head_dim": 16,
                                          "n_heads": 4, "n_kv_heads": 2, "hidden_dim": 64},
        }  # fmt: skip
        return {
            "model_type": "voxtral_tts", "dim": 64, "n_layers": 1, "head_dim": 16,
            "n_heads": 4, "n_kv_heads": 2, "hidden_dim": 64, "vocab_size": 256,
            "multimodal": {"audio_model_args": audio, "audio_tokenizer_args": codec},
        }  # fmt: skip


def train_codec(folder: Path, speech: Path, size: Size) -> Codec:
    """The codec kept in `folder`, in the published layout; trained where it is not there yet.

    The true encoder lies beside it. Training that was interrupted goes on.
    """
    if (folder / TRUE).exists():
        return open_codec(folder, folder / TRUE)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.json").write_text(json.dumps(size.params(), indent=1))
    params = parse_params(size.params())
    weights = Weights()
    parts = _Parts(weights, size)
    with torch.no_grad():
        weights.get(f"{BOOK}cluster_usage", size.codes).fill_(1.0)
    CodeTable(weights, params)
    parts.build()
    data = Data([speech], params.codec, 0.0)
    fixed = weights.parameter(f"{BOOK}cluster_usage")
    fixed.requires_grad_(False)
    optimiser = torch.optim.AdamW(
        [p for p in weights.parameters() if p.requires_grad], 1e-3, betas=(0.8, 0.99)
    )
    state, first = folder / "unfinished.pt", 0
    if state.exists():
        kept = torch.load(state)
        weights.load_state_dict(kept["weights"])
        optimiser.load_state_dict(kept["optimiser"])
        first = kept["step"]
    begun = perf_counter()
    used = torch.zeros(size.codes)
    for step in range(first, size.steps):
        for group in optimiser.param_groups:
            group["lr"] = 1e-3 * min(1.0, (step + 1) / 100) * (1 - 0.95 * step / size.steps)
        true = data.speech_batch(size.clips, size.seconds, (1, step)).waves
        losses, values, latents = parts.losses(true, step)
        optimiser.zero_grad()
        sum(losses.values()).backward()
        torch.nn.utils.clip_grad_norm_(weights.parameters(), 1.0)
        optimiser.step()
        used.index_add_(0, values, torch.ones(len(values)))
        if (step + 1) % _RESTART == 0 and step < 0.8 * size.steps:
            _restart(weights.parameter(f"{BOOK}embedding_sum"), used, latents)
            used.zero_()
        if (step + 1) % 100 == 0:
            each = losses.items()
            told = ", ".join(f"{name} {float(value.detach()):.3f}" for name, value in each)
            rate = (step + 1 - first) / (perf_counter() - begun)
            print(f"codec {step + 1}/{size.steps}: {told}; {rate:.2f} steps/s", flush=True)
            with whole_file(state) as temporary:
                torch.save(
                    {
                        "weights": weights.state_dict(),
                        "optimiser": optimiser.state_dict(),
                        "step": step + 1,
                    },
                    temporary,
                )
    _write(folder, weights)
    state.unlink(missing_ok=True)
    return open_codec(folder, folder / TRUE)


class _Parts:
    """Encoder and decoder on weights that learn together."""

    def __init__(self, weights: Weights, size: Size) -> None:
        self._weights = weights
        self._args = parse_params(size.params()).codec

    def build(self) -> tuple[CodecEncoder, CodecDecoder]:
        ops = TorchOps()
        return (
            CodecEncoder(self._weights, self._args, ops),
            CodecDecoder(self._weights, self._args, ops),
        )

    def losses(self, true: Tensor, step: int) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Losses, semantic codes [n] and latents [n, semantic]; quantised as in the paper."""
        encoder, decoder = self.build()
        books = decoder.codebooks
        latents = encoder.latents(true, [true.shape[1]] * len(true))
        with torch.no_grad():
            values = books.values(latents.flatten(0, -2))[:, 0]
        draw = torch.Generator().manual_seed(step)
        which = torch.rand(2, len(true), 1, 1, generator=draw)
        served, free = quantised(books, latents), squashed(books, latents)
        noise = torch.rand(free.shape, generator=draw) - 0.5
        noisy = torch.where(which[1] < 0.75, free + noise * 2 / books.steps, free)
        acoustic = torch.where(which[1] < 0.5, served, noisy)
        semantic = torch.where(which[0] < 0.5, served, free)
        mixed = torch.cat([books.split(semantic)[0], books.split(acoustic)[1]], dim=-1)
        made = decoder.waves(mixed)[:, : true.shape[1]]
        flat = books.split(latents)[0].flatten(0, -2)
        rows = books.rows[values]
        losses = {
            "mel": mel_distance(made, true),
            "stft": 0.5 * stft_distance(made, true),
            "wave": 0.1 * F.l1_loss(made, true) / true.abs().mean().clamp_min(1e-3),
            "commit": 0.1 * F.mse_loss(flat, rows.detach()) / rows.detach().var(),
            "book": F.mse_loss(rows, flat.detach()) / rows.detach().var(),
        }
        return losses, values, flat.detach()


@torch.no_grad()
def _restart(rows: Tensor, used: Tensor, latents: Tensor) -> None:
    """Put rows that were not chosen where latents are."""
    idle = (used == 0).nonzero()[:, 0]
    at = torch.randint(len(latents), (len(idle),))
    rows[idle] = latents[at] + 0.01 * torch.randn_like(latents[at])


def _write(folder: Path, weights: Weights) -> None:
    named = {name: t.to(torch.bfloat16).contiguous() for name, t in weights.named().items()}
    encoder = {n: t for n, t in named.items() if ".encoder_blocks." in n or ".input_proj." in n}
    rest = {n: t for n, t in named.items() if n not in encoder}
    save_file(rest, folder / "consolidated.safetensors")
    save_file(encoder, folder / TRUE)
