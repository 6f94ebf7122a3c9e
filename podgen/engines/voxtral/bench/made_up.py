"""Checkpoints, prompts and dialogues made up for measuring."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from podgen.engines.voxtral.batch.slots import Turn
from podgen.engines.voxtral.model.checkpoint import RandomWeights
from podgen.engines.voxtral.model.config import MAX_POSITIONS, Params
from podgen.engines.voxtral.model.files import WEIGHTS
from podgen.engines.voxtral.model.whole import Make, Model

PUBLISHED: Mapping[str, object] = {"model_type": "voxtral_tts"}
"""A params.json whose missing fields are the published model's."""
VOICE = "made up"
VOICE_ROWS = 150
"""Rows of the voice that is measured with; the presets have 67 to 218, 147 in the middle."""


class _Names(RandomWeights):
    """Keeps what is asked for, by name and as it is stored."""

    def __init__(self) -> None:
        super().__init__(torch.device("cpu"), torch.bfloat16)
        self.tensors: dict[str, Tensor] = {}

    def get(self, name: str, *shape: int) -> Tensor:
        self.tensors[name] = super().get(name, *shape)
        return self.tensors[name]

    def stacked(self, parts: Sequence[tuple[str, int]], columns: int) -> Tensor:
        return torch.cat([self.get(name, rows, columns) for name, rows in parts])


def write_random_checkpoint(folder: Path, params: Params) -> None:
    """A checkpoint of random weights in the published layout, for sizes as published."""
    names = _Names()
    Model(names, params, Make(dtype=torch.bfloat16))
    save_file(names.tensors, folder / WEIGHTS)
    (folder / "params.json").write_text(json.dumps(PUBLISHED), encoding="utf-8")


def made_up_model(device: str, params: Params, make: Make) -> Model:
    """A model of random weights with one voice, built on the device."""
    model = Model(RandomWeights(torch.device(device), make.computes), params, make)
    generator = torch.Generator().manual_seed(1)
    rows = torch.randn(VOICE_ROWS, params.backbone.dim, generator=generator)
    model.add_voice(VOICE, rows * 0.08)
    return model


def made_up_turn(name: object, params: Params, frames: int, characters: int, seed: int) -> Turn:
    """A turn of so many frames with a prompt as long as that of so many characters."""
    generator = torch.Generator().manual_seed(seed)
    count = max(1, characters // 4)
    ids = torch.randint(1000, params.vocab_size, (count,), generator=generator)
    return Turn(str(name), VOICE, (*ids.tolist(), 35, 25), seed, frames)


def dialogue(turns: int, frames: int, seed: int = 0) -> list[int]:
    """Frames of each turn: log-normal, as lengths of utterances are, adding up to `frames`.

    The spread (sigma 0.6) has half the turns between two thirds and one and a half times the
    median, and one in a hundred four times as long.
    """
    draw = random.Random(seed)
    lengths = [math.exp(draw.gauss(0.0, 0.6)) for _ in range(turns)]
    scale = frames / sum(lengths)
    most = MAX_POSITIONS // 2
    return [min(most, max(4, round(length * scale))) for length in lengths]
