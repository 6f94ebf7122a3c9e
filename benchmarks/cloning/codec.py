"""A small codec of the published architecture, trained end to end: one whose encoder is known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import save_file
from torch import Tensor

from podgen.engines.voxtral.cloning.codec import Codec, open_codec
from podgen.engines.voxtral.cloning.losses import Spectra, mel_distance, stft_distance
from podgen.engines.voxtral.cloning.quantising import quantised, squashed
from podgen.engines.voxtral.model.backbone import CodeTable
from podgen.engines.voxtral.model.codec import CodecDecoder
from podgen.engines.voxtral.model.config import parse_params
from podgen.engines.voxtral.model.encoder import CodecEncoder
from podgen.engines.voxtral.model.ops import TorchOps
from podgen.engines.voxtral.training.data import Data
from podgen.engines.voxtral.training.filters import filterbank
from podgen.engines.voxtral.training.weights import Weights
from podgen.files import whole_file

TRUE = "true-encoder.safetensors"
BOOK = "audio_tokenizer.quantizer.semantic_codebook."
_DECAY = 0.97  # of the codebook's running means
_RESTART = 20  # steps between two looks for rows of the codebook that nothing is near
_IDLE = 0.05  # parts of a row's fair share
_KEEP = 25  # steps between two writings of the state
_BAND, _HOPS, _PARTS = (512, 40), 15, 3  # mels, their hops in a frame, and parts of a frame
_RATE = 2e-3
_FASTER = 5  # the matrix of the envelope learns
_GAIN = 0.05  # of it for gains: at the whole the last one, of 0.04, would double within 20 steps
_LAYER_SCALE = 0.7
_GAINS = {
    "encoder_blocks.7": 0.35,
    "decoder_blocks.0": 1.0,
    "output_proj": 0.04,
}
"""First gains, so that layers' numbers are neither lost beside what passes them by nor drown it."""


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


def train_codec(folder: Path, speech: Path, size: Size, device: torch.device) -> Codec:
    """The codec kept in `folder`, in the published layout; trained where it is not there yet.

    The true encoder lies beside it. Training that was interrupted goes on.
    """
    if (folder / TRUE).exists():
        return open_codec(folder, folder / TRUE, device)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.json").write_text(json.dumps(size.params(), indent=1))
    params = parse_params(size.params())
    data = Data([speech], params.codec, 0.0)
    weights, parts = _begun(size, data.speech_batch(size.clips, size.seconds, (0, 0)).waves)
    usage, total = (weights.parameter(f"{BOOK}{n}") for n in ("cluster_usage", "embedding_sum"))
    weights.to(device)
    parts.envelope.to(device)
    learning = weights.learning()
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for n, p in learning.items() if not n.endswith("original0")], "times": 1},
            {"params": [p for n, p in learning.items() if n.endswith("original0")], "times": _GAIN},
            {"params": list(parts.envelope.parameters()), "times": _FASTER},
        ],
        _RATE,
        betas=(0.8, 0.99),
        weight_decay=0.0,
    )
    state, first = folder / "unfinished.pt", 0
    if state.exists():
        kept = torch.load(state, map_location=device)
        weights.load_state_dict(kept["weights"])
        parts.envelope.load_state_dict(kept["envelope"])
        optimiser.load_state_dict(kept["optimiser"])
        first = kept["step"]
    begun = process_time()
    sums: dict[str, float] = {}
    for step in range(first, size.steps):
        for group in optimiser.param_groups:
            left = (size.steps - step) / (0.4 * size.steps)
            group["lr"] = group["times"] * _RATE * min(1.0, (step + 1) / 50, left)
        true = data.speech_batch(size.clips, size.seconds, (1, step)).waves.to(device)
        losses, values, latents = parts.losses(true, step)
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(weights.parameters(), 1.0)
        optimiser.step()
        _follow(usage, total, values, latents)
        if step % _RESTART == 0 and step < 0.6 * size.steps:
            _restart(usage, total, latents)
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach()) / _KEEP
        if (step + 1) % _KEEP == 0:
            told = ", ".join(f"{name} {value:.3f}" for name, value in sums.items())
            sums.clear()
            rate = (step + 1 - first) / (process_time() - begun)
            rows = int((usage > _IDLE * len(latents) / size.codes).sum())
            print(
                f"codec {step + 1}/{size.steps}: {told}; {rows} rows in use; {rate:.2f} steps a "
                "second of CPU",
                flush=True,
            )
            with whole_file(state) as temporary:
                torch.save(
                    {
                        "weights": weights.state_dict(),
                        "envelope": parts.envelope.state_dict(),
                        "optimiser": optimiser.state_dict(),
                        "step": step + 1,
                    },
                    temporary,
                )
    _write(folder, weights)
    state.unlink(missing_ok=True)
    return open_codec(folder, folder / TRUE, device)


def _begun(size: Size, heard: Tensor) -> tuple[Weights, _Parts]:
    """First weights: filters at both ends, gains as `_GAINS` has them, an empty codebook.

    Args:
        size: how large.
        heard: some speech [clips, samples].
    """
    weights = Weights(layer_scale=_LAYER_SCALE)
    parts, params = _Parts(weights, size), parse_params(size.params())
    CodeTable(weights, params)
    parts.build()
    codec = params.codec
    weights.begin_with_bands(heard, codec)
    atoms = filterbank(size.dim, codec.patch_kernel, codec.patch_size, codec.sampling_rate)
    last = weights.parameter("audio_tokenizer.output_proj.conv.parametrizations.weight.original1")
    with torch.no_grad():
        last.copy_(atoms.transpose(0, 1).flip(0))  # played backwards from a patch on
        for name in ("cluster_usage", "embedding_sum"):
            weights.parameter(f"{BOOK}{name}").requires_grad_(False).zero_()
        for name, gain in _GAINS.items():
            gains = f"audio_tokenizer.{name}.conv.parametrizations.weight.original0"
            weights.parameter(gains).fill_(gain)
    return weights, parts


class _Parts:
    """Encoder and decoder on weights that learn together."""

    def __init__(self, weights: Weights, size: Size) -> None:
        self._weights = weights
        self._args = parse_params(size.params()).codec
        # Codes begin as noise to the decoder, which learns to pass them over. Held to say how loud
        # each band is, through a matrix that is thrown away, they mean something from the start.
        torch.manual_seed(0)
        self.envelope = torch.nn.Linear(self._args.latent_dim, _PARTS * _BAND[1])
        torch.nn.init.constant_(self.envelope.bias, -0.7)  # speech's mean

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
        which = torch.rand(2, len(true), 1, 1, generator=draw).to(true.device)
        served, free = quantised(books, latents), squashed(books, latents)
        noise = torch.rand(free.shape, generator=draw).to(true.device) - 0.5
        noisy = torch.where(which[1] < 0.75, free + noise * 2 / books.steps, free)
        acoustic = torch.where(which[1] < 0.5, served, noisy)
        semantic = torch.where(which[0] < 0.5, served, free)
        mixed = torch.cat([books.split(semantic)[0], books.split(acoustic)[1]], dim=-1)
        made = decoder.waves(mixed)[:, : true.shape[1]]
        flat = books.split(latents)[0].flatten(0, -2)
        rows = books.rows[values]
        ours, theirs = Spectra(made), Spectra(true)
        frames = mixed.shape[1]
        bands = theirs.mels(*_BAND)[..., : frames * _HOPS]
        parts = bands.reshape(len(true), _BAND[1], frames, _PARTS, -1).mean(4)
        wanted = parts.permute(0, 2, 3, 1).flatten(2)
        losses = {
            "envelope": F.l1_loss(self.envelope(mixed), wanted),
            "mel": mel_distance(ours, theirs),
            "stft": 0.5 * stft_distance(ours, theirs),
            "wave": 0.1 * F.l1_loss(made, true) / true.abs().mean().clamp_min(1e-3),
            # Where tanh is flat, nothing is learned.
            "flat": 0.3 * F.relu(books.split(latents)[1].abs() - 1).square().mean(),
            "commit": 0.1 * F.mse_loss(flat, rows) / rows.var().clamp_min(1e-4),
        }
        return losses, values, flat.detach()


@torch.no_grad()
def _follow(usage: Tensor, total: Tensor, values: Tensor, latents: Tensor) -> None:
    """Move each row towards the mean of the latents that chose it (van den Oord 2017)."""
    usage.mul_(_DECAY).index_add_(0, values, torch.full_like(latents[:, 0], 1 - _DECAY))
    total.mul_(_DECAY).index_add_(0, values, (1 - _DECAY) * latents)


@torch.no_grad()
def _restart(usage: Tensor, total: Tensor, latents: Tensor) -> None:
    """Put rows that few latents choose where latents are."""
    share = len(latents) / len(usage)
    idle = (usage < _IDLE * share).nonzero()[:, 0]
    draw = torch.Generator().manual_seed(0)
    at = torch.randint(len(latents), (len(idle),), generator=draw).to(latents.device)
    apart = torch.randn(len(at), latents.shape[1], generator=draw).to(latents.device)
    rows = latents[at] + 0.02 * latents.std() * apart
    usage[idle], total[idle] = share, share * rows


def _write(folder: Path, weights: Weights) -> None:
    named = {name: t.to("cpu", torch.bfloat16).contiguous() for name, t in weights.named().items()}
    encoder = {n: t for n, t in named.items() if ".encoder_blocks." in n or ".input_proj." in n}
    rest = {n: t for n, t in named.items() if n not in encoder}
    save_file(rest, folder / "consolidated.safetensors")
    save_file(encoder, folder / TRUE)
