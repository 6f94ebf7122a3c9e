"""The codec's decoder: frames of codes to 24 kHz samples.

Causal convolutions that upsample from 12.5 to 100 Hz, with windowed transformer layers between
them; the last projection makes 240 samples of each 10 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from podgen.engines.voxtral.model.checkpoint import Source
from podgen.engines.voxtral.model.codebooks import PREFIX, Codebooks
from podgen.engines.voxtral.model.codec_layers import CodecTransformer, normed_weight
from podgen.engines.voxtral.model.config import SPECIAL_CODES, CodecArgs
from podgen.engines.voxtral.model.convolution import causal_conv, causal_upsample, upsampling_weight
from podgen.engines.voxtral.model.ops import TorchOps

CONTEXT = 21
"""Frames before a frame that its samples depend on: convolutions and windows reach 1.64 s back."""
CHUNK = 1024
"""Most frames decoded in one pass; longer ones go in passes with context before them."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """A convolution and the transformer layers after it."""

    weight: Tensor
    stride: int
    layers: CodecTransformer


class CodecDecoder:
    """The decoder.

    Args:
        source: the weights.
        args: the sizes.
        ops: the operations between the products.

    Attributes:
        codebooks: what the codes stand for.
    """

    def __init__(self, source: Source, args: CodecArgs, ops: TorchOps) -> None:
        self.args = args
        self.codebooks = Codebooks(source, args)
        width = args.transformer.dim
        self._stages: list[_Stage] = []
        inputs = args.latent_dim
        for i, stage in enumerate(args.stages):
            name = f"{PREFIX}decoder_blocks.{2 * i}.conv"
            shape = (inputs, width) if stage.stride > 1 else (width, inputs)
            weight = normed_weight(source, name, (*shape, stage.kernel))
            if stage.stride > 1:
                weight = upsampling_weight(weight, stage.stride)
            self._stages.append(
                _Stage(
                    weight=weight,
                    stride=stage.stride,
                    layers=CodecTransformer(
                        source, f"{PREFIX}decoder_blocks.{2 * i + 1}.", args, stage, ops
                    ),
                )
            )
            inputs = width
        output = normed_weight(
            source, f"{PREFIX}output_proj.conv", (args.patch_size, width, args.patch_kernel)
        )
        # In bfloat16 a sample would keep eight bits; this one product is cheap in float32.
        self._output = output.to(torch.promote_types(output.dtype, torch.float32))

    def decode(self, codes: Tensor, chunk: int = CHUNK, *, context: int = 0) -> Tensor:
        """Samples of one utterance, or of its frames from one on.

        Args:
            codes: [frames, codebooks] with the specials' offset, END_AUDIO's frame left out.
            chunk: most frames to decode in one pass, each after `CONTEXT` frames of the last.
            context: how many of the first frames only stand before those that are wanted;
                `CONTEXT`, or all there are from the utterance's start, for exact samples.

        Returns:
            Float samples [(frames - context) * samples_per_frame], neither clipped nor normalised.
        """
        parts = []
        for start in range(context, len(codes), chunk):
            before = min(start, CONTEXT)
            values = codes[start - before : start + chunk].long() - SPECIAL_CODES
            part = self.waves(self.codebooks.latents(values))
            parts.append(part[before * self.args.samples_per_frame :])
        return torch.cat(parts) if parts else self._output.new_zeros(0)

    def waves(self, x: Tensor) -> Tensor:
        """Samples [..., frames * samples_per_frame] of latents [..., frames, latent], in one pass.

        Gradients pass through to the latents.
        """
        for stage in self._stages:
            if stage.stride > 1:
                x = causal_upsample(x, stage.weight, stage.stride)
            else:
                x = causal_conv(x, stage.weight, "replicate")
            x = stage.layers(x)
        return causal_conv(x.to(self._output.dtype), self._output, "reflect").flatten(-2)
