"""What a checkpoint's own voices are like: the codes behind their rows, and how loud they are."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from podgen.engines.voxtral.cloning.codec import Codec
from podgen.engines.voxtral.cloning.recording import LOUDNESS, RATE
from podgen.engines.voxtral.model.checkpoint import read_voice
from podgen.engines.voxtral.model.config import SPECIAL_CODES
from podgen.engines.voxtral.model.files import voice_files

_PASSES = 4
_CLOSE = 0.1
"""Largest part of the rows that their codes may leave unexplained; rounding to bfloat16 leaves
0.014 of the published ones."""
_FEW = 4
"""Voices whose level is measured."""


@torch.inference_mode()
def codes_of_rows(codec: Codec, rows: Tensor) -> Tensor | None:
    """The codes [frames, codebooks] whose table rows add up to a voice's rows [frames, dim].

    Coordinate descent: codebook by codebook the row is taken that leaves least, given the others.
    None where no codes come close: the rows were not made of codes.
    """
    offsets = [*codec.params.codebook_offsets, None]
    table = codec.table.weight.float()
    sizes = (codec.params.semantic_codebook_size, *codec.params.acoustic_codebook_sizes)
    blocks = [
        table[start + SPECIAL_CODES : start + SPECIAL_CODES + size]
        for start, size in zip(offsets, sizes, strict=False)
        if start is not None
    ]
    wanted = rows.to(table.device, torch.float32)
    # Begin with each codebook's mean, so that the first picks are not led astray by the others.
    means = torch.stack([block.mean(0) for block in blocks])
    parts = means[:, None].repeat(1, len(wanted), 1)
    codes = torch.zeros(len(wanted), len(blocks), dtype=torch.long, device=table.device)
    rest = wanted - parts.sum(0)
    for _ in range(_PASSES):
        for i, block in enumerate(blocks):
            aim = rest + parts[i]
            codes[:, i] = (aim @ block.T - block.square().sum(-1) / 2).argmax(-1)
            rest = aim - block[codes[:, i]]
            parts[i] = block[codes[:, i]]
    left = float(rest.norm() / wanted.norm())
    return codes + SPECIAL_CODES if left < _CLOSE else None


def usual_codes(codec: Codec, folder: Path) -> float | None:
    """Distinct semantic codes of a voice that a checkpoint comes with, on average over them all.

    None where no codes are found behind their rows.
    """
    found = []
    for path in voice_files(folder).values():
        codes = codes_of_rows(codec, read_voice(path, codec.params.backbone.dim)[:-1])
        if codes is not None:
            found.append(len(set(codes[:, 0].tolist())))
    return sum(found) / len(found) if found else None


@torch.inference_mode()
def usual_loudness(codec: Codec, folder: Path) -> float:
    """LUFS of the voices that a checkpoint comes with, as its own decoder sounds them.

    The level that the language model knows references at; `LOUDNESS` where none can be heard.
    """
    import pyloudnorm

    found: list[float] = []
    for path in list(voice_files(folder).values()):
        rows = read_voice(path, codec.params.backbone.dim)[:-1]
        codes = codes_of_rows(codec, rows)
        if codes is None:
            continue
        sound = codec.decoder.decode(codes).float().cpu().double().numpy()
        if len(sound) > 0.4 * RATE:
            found.append(float(pyloudnorm.Meter(RATE).integrated_loudness(sound)))
        if len(found) == _FEW:
            break
    heard = sorted(level for level in found if level > -70)
    return heard[len(heard) // 2] if heard else LOUDNESS
