"""The codec's encoder: 24 kHz samples to latents, and to frames of codes by the codebooks.

The decoder's mirror image: patches of 240 samples (10 ms), a causal projection, then windowed
transformer layers with convolutions that halve the rate, from 100 to 12.5 frames a second. It is
causal: a frame depends on its own 80 ms and on 1.64 s before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from podgen.engines.voxtral.model.checkpoint import Source
from podgen.engines.voxtral.model.codebooks import PREFIX
from podgen.engines.voxtral.model.codec_layers import CodecTransformer, normed_weight
from podgen.engines.voxtral.model.config import CodecArgs
from podgen.engines.voxtral.model.convolution import causal_conv
from podgen.engines.voxtral.model.ops import TorchOps


@dataclass(frozen=True, slots=True)
class _Stage:
    """Transformer layers and the convolution after them."""

    layers: CodecTransformer
    weight: Tensor
    stride: int


class CodecEncoder:
    """The encoder.

    Args:
        source: the weights.
        args: the sizes.
        ops: the operations between the products.
    """

    def __init__(self, source: Source, args: CodecArgs, ops: TorchOps) -> None:
        self.args = args
        width = args.transformer.dim
        self._input = normed_weight(
            source, f"{PREFIX}input_proj.conv", (width, args.patch_size, args.patch_kernel)
        )
        self._stages: list[_Stage] = []
        for i, stage in enumerate(args.encoder_stages):
            name = f"{PREFIX}encoder_blocks.{2 * i + 1}.conv"
            last = i == len(args.encoder_stages) - 1
            outputs = args.latent_dim if last else width
            self._stages.append(
                _Stage(
                    layers=CodecTransformer(
                        source, f"{PREFIX}encoder_blocks.{2 * i}.", args, stage, ops
                    ),
                    weight=normed_weight(source, name, (outputs, width, stage.kernel)),
                    stride=stage.stride,
                )
            )

    def frames(self, samples: int) -> int:
        """Frames of a clip of so many samples: the last one may be filled in part."""
        return -(-samples // self.args.samples_per_frame)

    def encode(self, waves: Sequence[Tensor]) -> list[Tensor]:
        """Latents [frames, latent] of clips [samples], each as if it were alone."""
        batch = pad_sequence(list(waves), batch_first=True)
        latents = self.latents(batch, [len(wave) for wave in waves])
        return [
            latent[: self.frames(len(wave))] for latent, wave in zip(latents, waves, strict=True)
        ]

    def latents(self, waves: Tensor, lengths: Sequence[int]) -> Tensor:
        """Latents [clips, frames, latent] of clips that were padded with noughts to one length.

        What comes of the padding means nothing, and nothing of it reaches what comes of a clip.

        Args:
            waves: [clips, samples] in [-1, 1].
            lengths: samples of each clip.
        """
        patch = self.args.patch_size
        waves = torch.nn.functional.pad(waves, (0, -waves.shape[1] % patch))
        x = waves.to(self._input.dtype).view(len(waves), -1, patch)
        steps = torch.tensor([-(-length // patch) for length in lengths], device=x.device)
        x = causal_conv(x, self._input, "reflect")
        for stage in self._stages:
            x = _held(stage.layers(x), steps, stage.stride)
            x = causal_conv(x, stage.weight, "replicate", stage.stride)
            steps = -(-steps // stage.stride)
        return x


def _held(x: Tensor, steps: Tensor, stride: int) -> Tensor:
    """Clips [clips, steps, width] with each one's last step held to its end, and to a whole number
    of strides: what a convolution's last output takes beyond a clip."""
    if stride == 1:
        return x
    whole = -(-x.shape[1] // stride) * stride
    at = torch.minimum(torch.arange(whole, device=x.device), steps[:, None] - 1)
    return x.gather(1, at[..., None].expand(-1, -1, x.shape[2]))
