"""How far one model strays from another, frame by frame on the same past.

Running free, a single rounding makes another reading; under teacher forcing both models see the
same frames, and what differs is what the change (a dtype, quantised weights) does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from podgen.engines.voxtral.batch.slots import Turn, turn_noise
from podgen.engines.voxtral.model.backbone import KeyValues
from podgen.engines.voxtral.model.whole import Model


@dataclass(frozen=True, slots=True)
class Drift:
    """How a model compares with the one it should follow.

    Attributes:
        frames: frames compared.
        semantic_agreement: share of frames with the same semantic code.
        levels_off: share of acoustic levels that differ.
        hidden_error: |h - h_reference| / |h_reference|, over all frames.
    """

    frames: int
    semantic_agreement: float
    levels_off: float
    hidden_error: float


def teacher_forced(reference: Model, model: Model, turns: Sequence[tuple[Turn, Tensor]]) -> Drift:
    """Compare the next frames of two models along given codes [frames, codebooks].

    Every frame gets its turn's noise. The semantic code is picked without END_AUDIO.
    """
    same = levels = wrong = frames = 0
    apart = norm = 0.0
    for turn, codes in turns:
        expected_h, expected = _next_frames(reference, turn, codes)
        h, made = _next_frames(model, turn, codes)
        frames += len(codes)
        same += int((made[:, 0] == expected[:, 0]).sum())
        wrong += int((made[:, 1:] != expected[:, 1:]).sum())
        levels += made[:, 1:].numel()
        apart += float((h - expected_h).square().sum())
        norm += float(expected_h.square().sum())
    return Drift(frames, same / frames, wrong / levels, (apart / norm) ** 0.5)


def _next_frames(model: Model, turn: Turn, codes: Tensor) -> tuple[Tensor, Tensor]:
    """h [frames, dim] and codes [frames, codebooks] that follow each past, on the CPU."""
    device, table = model.device, model.backbone.text_table
    start = model.voice_start(turn.voice)
    begin, prompt = start.keys.shape[3], len(turn.ids)
    positions = begin + prompt + len(codes)
    stored = KeyValues.empty(model.backbone.args, 1, positions, table)
    stored.copy_start(0, start)
    at = torch.tensor([begin], device=device)
    slot = torch.zeros(1, dtype=torch.long, device=device)
    ids = torch.tensor([turn.ids[:-1]], device=device)
    model.backbone.prefill(table[ids], at, slot, stored, begin + prompt - 1)
    past = model.backbone.embed_codes(codes.to(device).long())
    inputs = torch.cat([table[turn.ids[-1]][None], past[:-1]])
    noise = turn_noise(turn.seed, len(codes), codes.shape[1] - 1).levels.to(device, model.dtype)
    hidden, made = [], []
    for frame in range(len(codes)):
        position = at + prompt - 1 + frame
        h = model.backbone.step(inputs[frame : frame + 1], position, stored, positions)
        hidden.append(h)
        made.append(model.acoustic.frame(h, noise[frame : frame + 1], may_end=False))
    return torch.cat(hidden).cpu().double(), torch.cat(made).cpu()
