"""Continuous batching: one device works through turns, refilling each slot as it frees up.

The turns in work always stand in the first slots, so that a step runs on a view of as many rows
as are needed. Every few frames the host looks which are done; while the device computes those
frames, the host starts decodes and draws the noise of the turns that are next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from podgen.engines.voxtral.batch.decoding import Chunk, Cut, Decoding, Generated
from podgen.engines.voxtral.batch.graphs import Stepper
from podgen.engines.voxtral.batch.slots import (
    Noise,
    Progress,
    Slots,
    Turn,
    slot_bytes,
    turn_noise,
)
from podgen.engines.voxtral.batch.work import Work
from podgen.engines.voxtral.model.codec import CONTEXT
from podgen.engines.voxtral.model.whole import Model
from podgen.errors import MachineError

LOOK_EVERY = 4
"""Frames between two looks at what is done. A turn runs on for half of them on average."""
PREFILL_TOKENS = 2048
"""Most padded prompt tokens in one prefill."""
LENGTH_STEP = 64
"""Attention that cannot stop at each row's position stops at a multiple of this."""
LONGEST_CHUNK = 32
"""Most frames of a chunk. The first is as long as the host looks; each further one is as long as
all before it, so that a player that keeps up with one has time for the next."""
_SPARE = 3 << 29
"""Device memory left for activations, graphs and the codec."""


@dataclass(frozen=True, slots=True)
class Batching:
    """How a device is used.

    Attributes:
        slots: turns at once.
        positions: most positions of one turn.
        graphs: whether steps are replayed as CUDA graphs.
        alone: whether each turn is computed by itself, so that not even rounding depends on what
            else is in the batch. Several turns then cost as much as one after the other.
        may_end: whether END_AUDIO can be picked.
    """

    slots: int
    positions: int
    graphs: bool = False
    alone: bool = False
    may_end: bool = True


def fitting_slots(model: Model, wanted: int, positions: int) -> int:
    """How many slots of so many positions fit the free memory, at most `wanted`, at least one."""
    if model.device.type != "cuda":
        return wanted
    free, _ = torch.cuda.mem_get_info(model.device)
    free += torch.cuda.memory_reserved(model.device) - torch.cuda.memory_allocated(model.device)
    return max(1, min(wanted, (free - _SPARE) // slot_bytes(model, positions)))


def bucket(rows: int, slots: int) -> int:
    """The power of two from `rows` on, or all `slots`: the sizes that steps are captured for."""
    return min(slots, 1 << (rows - 1).bit_length())


@dataclass(slots=True)
class _Active:
    turn: Turn
    position: int
    """Above every position it has filled."""
    cut: int = 0
    """Frames handed to the codec."""


class Batcher:
    """Generates turns on one device.

    Attributes:
        frames: frames generated so far.
    """

    def __init__(self, model: Model, batching: Batching) -> None:
        self._model = model
        self._how = batching
        self._slots = Slots(model, batching.slots, batching.positions, may_end=batching.may_end)
        self._stepper = Stepper(self._slots, graphs=batching.graphs)
        self._decoding = Decoding(model.codec, model.device)
        self._active: list[_Active] = []
        self._next: list[tuple[Turn, Noise]] = []
        self._cuts: list[Cut] = []
        self._made: Any = None
        self._finished_frames = 0
        self.frames = 0

    def run(self, work: Work) -> Iterator[Chunk | Generated]:
        """Generate until `work` is closed. Each turn comes as its samples arrive."""
        while not work.closed:
            self._refill(work)
            if not self._active:
                self._decode()
                yield from self._decoding.ready(wait=True)
                self._prepare(work, 1, wait=True)
                continue
            self._launch()
            self._decode()
            self._prepare(work, min(4, self._how.slots))
            self._look(work)
            yield from self._decoding.ready()

    def unfinished(self) -> list[Turn]:
        """Every turn taken that has not come out of `run` whole."""
        cuts = [*self._cuts, *self._decoding.cuts]
        return [
            *(active.turn for active in self._active),
            *(turn for turn, _ in self._next),
            *(cut.turn for cut in cuts if cut.ended is not None),
        ]

    def _prepare(self, work: Work, ahead: int, *, wait: bool = False) -> None:
        """Take turns and draw their noise, until so many are at hand."""
        levels = len(self._model.params.acoustic_codebook_sizes)
        for turn in work.take(ahead - len(self._next), wait=wait and not self._next):
            self._next.append((turn, turn_noise(turn.seed, turn.limit, levels)))

    def _refill(self, work: Work) -> None:
        room = self._how.slots - len(self._active)
        self._next = [(turn, noise) for turn, noise in self._next if work.wants(turn)]
        self._prepare(work, room)
        fresh, self._next = self._next[:room], self._next[room:]
        placing: list[tuple[int, Turn, Noise]] = []
        for turn, noise in fresh:
            placing.append((len(self._active), turn, noise))
            begin = self._model.voice_rows(turn.voice) + 3
            self._active.append(_Active(turn, begin + len(turn.ids) - 1))
        for group in self._groups(placing):
            self._slots.place(group)

    def _groups(
        self, placing: list[tuple[int, Turn, Noise]]
    ) -> Iterator[list[tuple[int, Turn, Noise]]]:
        """Turns to be prefilled together: as many as PREFILL_TOKENS hold, or each alone."""
        group: list[tuple[int, Turn, Noise]] = []
        widest = 0
        for item in sorted(placing, key=lambda item: len(item[1].ids)):
            widest = max(widest, len(item[1].ids))
            if group and (self._how.alone or widest * (len(group) + 1) > PREFILL_TOKENS):
                yield group
                group, widest = [], len(item[1].ids)
            group.append(item)
        if group:
            yield group

    def _launch(self) -> None:
        """Queue a few frames of all the turns in work."""
        rows = bucket(len(self._active), self._how.slots)
        for active in self._active:
            active.position = min(active.position + LOOK_EVERY, self._how.positions)
        length = self._length(max(active.position for active in self._active))
        sampled = any(active.turn.temperature for active in self._active)
        for _ in range(LOOK_EVERY):
            if not self._how.alone:
                self._stepper(rows, length, sampled=sampled)
                continue
            for slot, active in enumerate(self._active):
                self._slots.step(
                    slot,
                    slot + 1,
                    self._length(active.position),
                    sampled=active.turn.temperature > 0,
                )

    def _length(self, position: int) -> int:
        if self._model.ops.ragged:
            return self._how.positions
        return min(-(-position // LENGTH_STEP) * LENGTH_STEP, self._how.positions)

    def _look(self, work: Work) -> None:
        """See which turns are done or given up, and close the gaps they leave."""
        progress = self._slots.progress(len(self._active))
        if any(state.overflowed for state in progress):
            raise MachineError(
                "float16 cannot hold what the model computes", "set dtype: bfloat16 or float32"
            )
        self.frames = self._finished_frames + sum(state.frames for state in progress)
        for slot in reversed(range(len(progress))):
            state, active = progress[slot], self._active[slot]
            wanted = work.wants(active.turn)
            if wanted and (state.done or self._worth_a_chunk(active, state.frames)):
                self._cut(slot, state)
            if wanted and not state.done:
                continue
            self._finished_frames += state.frames
            last = self._active.pop()
            if slot < len(self._active):
                self._slots.move(len(self._active), slot, last.position)
                self._active[slot] = last
            elif not state.done:
                self._slots.idle(slot)
        if self._cuts:
            self._made = self._decoding.mark()

    def _worth_a_chunk(self, active: _Active, frames: int) -> bool:
        fresh = frames - active.cut
        return active.turn.in_parts and fresh >= min(max(1, active.cut), LONGEST_CHUNK)

    def _cut(self, slot: int, state: Progress) -> None:
        """Have the frames decoded that have not been."""
        active = self._active[slot]
        context = min(active.cut, CONTEXT)
        codes = self._slots.codes(slot, state.frames, active.cut - context)
        ended = state.ended if state.done else None
        self._cuts.append(Cut(active.turn, codes, context, state.frames, ended))
        active.cut = state.frames

    def _decode(self) -> None:
        while self._cuts:
            self._decoding.submit(self._cuts[0], self._made)
            del self._cuts[0]
