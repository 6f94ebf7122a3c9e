"""What an encoder is worth, measured on whole clips through exactly the path that is served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from podgen.engines.voxtral.cloning.codec import Codec
from podgen.engines.voxtral.cloning.losses import (
    Spectra,
    Voices,
    mel_distance,
    stft_distance,
    voice_distance,
)

Encode = Callable[[Tensor], Tensor]
"""Makes values [frames, codebooks], without the specials' offset, of samples at 24 kHz."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Means over clips.

    `codes` is the number of distinct semantic codes of a clip; `lowest` and `highest` are the ends
    of the levels between which all but a hundredth of the acoustic codes lie. `same` is the share
    of semantic codes equal to those of a known encoder.
    """

    mel: float
    stft: float
    speaker: float | None
    codes: float
    lowest: float
    highest: float
    same: float | None


@torch.inference_mode()
def measure(
    codec: Codec,
    encode: Encode,
    clips: Sequence[Tensor],
    voices: Voices | None,
    known: Encode | None = None,
) -> tuple[Measured, list[Tensor]]:
    """The figures, and what each clip [samples] became."""
    rows: list[list[float]] = []
    made: list[Tensor] = []
    levels: list[Tensor] = []
    for clip in clips:
        values = encode(clip)
        true = clip[None]
        sound = codec.decoder.waves(codec.decoder.codebooks.latents(values))[None].float()
        sound = sound[:, : len(clip)]
        made.append(sound[0].cpu())
        levels.append(values[:, 1:].float().flatten())
        ours, theirs = Spectra(sound), Spectra(true)
        row = [float(mel_distance(ours, theirs)), float(stft_distance(ours, theirs))]
        row.append(1 - float(voice_distance(sound, true, voices)) if voices else float("nan"))
        row.append(float(len(set(values[:, 0].tolist()))))
        same = (known(clip)[:, 0] == values[:, 0]).float().mean() if known else float("nan")
        row.append(float(same))
        rows.append(row)
    mel, stft, speaker, codes, share = torch.tensor(rows).mean(0).tolist()
    ends = torch.cat(levels).quantile(torch.tensor([0.005, 0.995], device=levels[0].device))
    return (
        Measured(
            mel=mel,
            stft=stft,
            speaker=speaker if voices else None,
            codes=codes,
            lowest=float(ends[0]),
            highest=float(ends[1]),
            same=share if known else None,
        ),
        made,
    )
