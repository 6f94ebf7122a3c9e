"""The state of a batch: one slot a turn, all of it in buffers that never move.

`Slots.step` advances slots by one frame and touches the host nowhere, so it can be captured in a
CUDA graph as it stands. A row that is done goes on computing and changes nothing that is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from podgen.engines.voxtral.model.acoustic import Sampling
from podgen.engines.voxtral.model.backbone import KeyValues, position_bytes
from podgen.engines.voxtral.model.config import END_AUDIO, MAX_POSITIONS
from podgen.engines.voxtral.model.whole import Model


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be generated: a voice, the ids from the text on, a seed, and a frame limit.

    `in_parts` has its sound decoded while it is generated, not only when it is done. At a
    `temperature` of 0 the likeliest semantic codes are taken.
    """

    id: str
    voice: str
    ids: tuple[int, ...]
    seed: int
    limit: int
    in_parts: bool = False
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a slot stands: frames so far, whether it is done, and whether END_AUDIO came.

    `overflowed` says that float16 could not hold what it computed.
    """

    frames: int
    done: bool
    ended: bool
    overflowed: bool = False


@dataclass(frozen=True, slots=True)
class Noise:
    """All that is random about a turn, on the CPU: row i for frame i, whatever the batch.

    Attributes:
        levels: what the acoustic levels come from, standard normal [frames, levels].
        chances: what a semantic code is drawn by, even in [0, 1), [frames].
    """

    levels: Tensor
    chances: Tensor


def turn_noise(seed: int, frames: int, levels: int) -> Noise:
    """A turn's noise; its first rows do not depend on how many there are."""
    generator = torch.Generator("cpu").manual_seed(seed)
    normal = torch.randn(MAX_POSITIONS, levels, generator=generator)
    even = torch.rand(MAX_POSITIONS, generator=generator)
    return Noise(normal[:frames], even[:frames])


def slot_bytes(model: Model, positions: int) -> int:
    """Bytes that one slot of so many positions takes."""
    per_frame = model.params.codebooks * (model.dtype.itemsize + 4) + 4
    return positions * (position_bytes(model.backbone.args, model.dtype) + per_frame)


class Slots:
    """A batch of up to `slots` turns of up to `positions` each.

    Args:
        model: the model.
        slots: turns at once.
        positions: most positions of one turn, prompt and frames together.
        may_end: whether END_AUDIO can be picked; measuring suppresses it.
    """

    def __init__(self, model: Model, slots: int, positions: int, *, may_end: bool = True) -> None:
        self._model = model
        self._may_end = may_end
        self.count = slots
        self.positions = positions
        self.device = model.device
        device, args, params = model.device, model.backbone.args, model.params
        levels = len(params.acoustic_codebook_sizes)
        table = model.backbone.text_table
        self._stored = KeyValues.empty(args, slots, positions, table)
        self._x = table.new_zeros(slots, args.dim)
        self._noise = table.new_zeros(slots, positions + 1, levels)
        self._chance = torch.zeros(slots, positions + 1, device=device)
        self._temperature = torch.zeros(slots, device=device)
        self._codes = torch.zeros(
            slots, positions + 1, params.codebooks, dtype=torch.int32, device=device
        )
        self._position = torch.zeros(slots, dtype=torch.long, device=device)
        self._frame = torch.zeros(slots, dtype=torch.long, device=device)
        self._limit = torch.zeros(slots, dtype=torch.long, device=device)
        self._done = torch.ones(slots, dtype=torch.bool, device=device)
        self._ended = torch.zeros(slots, dtype=torch.bool, device=device)
        self._overflowed = torch.zeros(slots, dtype=torch.bool, device=device)

    def place(self, turns: Sequence[tuple[int, Turn, Noise]]) -> None:
        """Put turns with their noise (see `turn_noise`) into slots, and prefill their prompts.

        All but the last prompt id is prefilled; the first step feeds that one.

        Raises:
            ValueError: where a turn has more positions than a slot.
        """
        model, device = self._model, self._model.device
        starts = [model.voice_start(turn.voice) for _, turn, _ in turns]
        begins = [start.keys.shape[3] for start in starts]
        widest = max(len(turn.ids) for _, turn, _ in turns) - 1
        ids = torch.zeros(len(turns), widest, dtype=torch.long)
        for row, (slot, turn, noise) in enumerate(turns):
            ids[row, : len(turn.ids) - 1] = torch.tensor(turn.ids[:-1])
            self._stored.copy_start(slot, starts[row])
            self._noise[slot, : len(noise.levels)].copy_(noise.levels, non_blocking=True)
            self._chance[slot, : len(noise.chances)].copy_(noise.chances, non_blocking=True)
        slots = torch.tensor([slot for slot, _, _ in turns], device=device)
        begin = torch.tensor(begins, device=device)
        lengths = [at + len(turn.ids) - 1 for at, (_, turn, _) in zip(begins, turns, strict=True)]
        for length, (_, turn, _) in zip(lengths, turns, strict=True):
            if length + turn.limit > self.positions:
                raise ValueError(f"turn {turn.id} may outgrow the {self.positions} positions")
        table = model.backbone.text_table
        model.backbone.prefill(table[ids.to(device)], begin, slots, self._stored, max(lengths))
        last = torch.tensor([turn.ids[-1] for _, turn, _ in turns], device=device)
        self._x[slots] = table[last]
        self._position[slots] = torch.tensor(lengths, device=device)
        self._limit[slots] = torch.tensor([turn.limit for _, turn, _ in turns], device=device)
        self._temperature[slots] = torch.tensor(
            [turn.temperature for _, turn, _ in turns], device=device
        )
        self._frame[slots] = 0
        self._ended[slots] = False
        self._overflowed[slots] = False
        self._done[slots] = False

    def step(self, first: int, end: int, length: int, *, sampled: bool = False) -> None:
        """One frame of the slots from `first` to before `end`.

        Args:
            first: the first slot.
            end: the slot after the last.
            length: above the position of every slot that is not done.
            sampled: whether any of them has a temperature.
        """
        model, rows = self._model, slice(first, end)
        at = torch.arange(end - first, device=model.device)
        stored = KeyValues(self._stored.keys[:, rows], self._stored.values[:, rows])
        position, frame = self._position[rows], self._frame[rows]
        h = model.backbone.step(self._x[rows], position, stored, length)
        sampling = None
        if sampled:
            sampling = Sampling(self._temperature[rows], self._chance[rows][at, frame])
        codes = model.acoustic.frame(
            h, self._noise[rows][at, frame], may_end=self._may_end, sampling=sampling
        )
        self._codes[rows][at, frame] = codes.int()
        self._x[rows] = model.backbone.embed_codes(codes)

        ending = codes[:, 0] == END_AUDIO
        live = ~self._done[rows]
        self._ended[rows] |= live & ending
        if h.dtype == torch.float16:
            self._overflowed[rows] |= live & ~h.isfinite().all(-1)
        frame += live & ~ending
        self._done[rows] |= ending | (frame >= self._limit[rows])
        position += ~self._done[rows]

    def rehearse(self, first: int, end: int, length: int, *, sampled: bool = False) -> None:
        """Run `step` and leave no trace of it, so that what it needs is compiled and allocated.

        A row that is done writes only where its next real step writes again.
        """
        rows = slice(first, end)
        x, done = self._x[rows].clone(), self._done[rows].clone()
        ended = self._ended[rows].clone()
        self._done[rows] = True
        self.step(first, end, length, sampled=sampled)
        self._x[rows], self._done[rows], self._ended[rows] = x, done, ended

    def progress(self, count: int) -> list[Progress]:
        """Where the first `count` slots stand. Waits for the device."""
        flags = [flag.long() for flag in (self._done, self._ended, self._overflowed)]
        state = torch.stack([self._frame, *flags])[:, :count]
        return [Progress(f, bool(d), bool(e), bool(o)) for f, d, e, o in state.T.tolist()]

    def codes(self, slot: int, end: int, first: int = 0) -> Tensor:
        """A copy of a slot's codes of frames `first` to `end`, int32 [frames, codebooks]."""
        return self._codes[slot, first:end].clone()

    def idle(self, slot: int) -> None:
        """Give up the turn of a slot."""
        self._done[slot] = True

    def move(self, source: int, target: int, positions: int) -> None:
        """Put the turn of one slot, so many positions long, into another and idle the first."""
        self._stored.move(source, target, positions)
        for state in (
            self._x,
            self._noise,
            self._chance,
            self._temperature,
            self._codes,
            self._position,
            self._frame,
            self._limit,
            self._done,
            self._ended,
            self._overflowed,
        ):
            state[target] = state[source]
        self._done[source] = True
