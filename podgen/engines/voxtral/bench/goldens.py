"""Recorded outputs of the reference implementation, and the check against them.

A golden folder holds a small `checkpoint/` in the published layout, `expected.json` (text, voice,
seed, prompt ids, frame limit of each case) and `expected.safetensors` (codes and waveforms).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.torch import load_file
from torch import Tensor

from podgen.engines.base import Samples
from podgen.engines.voxtral.batch.batching import Batching
from podgen.engines.voxtral.batch.decoding import Generated
from podgen.engines.voxtral.batch.job import generate
from podgen.engines.voxtral.batch.slots import Turn
from podgen.engines.voxtral.batch.work import Work
from podgen.engines.voxtral.model.config import NEXT_AUDIO_TEXT
from podgen.engines.voxtral.model.whole import Model


@dataclass(frozen=True, slots=True)
class Golden:
    """One case: a turn, the whole prompt it comes from, and what the reference makes of it."""

    text: str
    tokens: tuple[int, ...]
    turn: Turn
    ended: bool
    codes: Tensor
    waveform: Samples


def read_goldens(folder: Path) -> list[Golden]:
    """The cases of a golden folder."""
    tensors = load_file(folder / "expected.safetensors")
    cases = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return [
        Golden(
            text=case["text"],
            tokens=tuple(case["tokens"]),
            turn=Turn(
                id=str(number),
                voice=case["voice"],
                ids=tuple(case["tokens"][case["tokens"].index(NEXT_AUDIO_TEXT) + 1 :]),
                seed=case["seed"],
                limit=case["max_frames"],
            ),
            ended=case["ended"],
            codes=tensors[f"{number}.codes"],
            waveform=tensors[f"{number}.waveform"].numpy(),
        )
        for number, case in enumerate(cases)
    ]


def generate_all(model: Model, turns: Sequence[Turn], how: Batching) -> list[Generated]:
    """Every turn generated, in the order given; their ids must differ."""
    work = Work(turns)
    done: dict[str, Generated] = {}
    for result in generate([model], work, how):
        if isinstance(result, Generated):
            done[result.turn.id] = result
        if len(done) == len(turns):
            work.close()
    return [done[turn.id] for turn in turns]


def compare(golden: Golden, generated: Generated, tolerance: float = 1e-5) -> str | None:
    """How a generated turn differs from its golden case, or None."""
    codes = generated.codes.cpu()
    if codes.shape != golden.codes.shape:
        return f"{len(codes)} frames for {len(golden.codes)}"
    wrong = int((codes != golden.codes).any(dim=1).sum())
    if wrong:
        return f"{wrong} of {len(codes)} frames have other codes"
    if generated.ended != golden.ended:
        return f"ended is {generated.ended}"
    apart = float(np.abs(generated.samples - golden.waveform).max(initial=0.0))
    return f"waveforms are {apart:.1e} apart" if apart > tolerance else None
