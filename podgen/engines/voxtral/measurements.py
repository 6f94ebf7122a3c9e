"""The single measurements of the benchmark."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter, sleep

import torch
from torch import Tensor

from podgen.engines.voxtral import measure
from podgen.engines.voxtral.batching import Batching, fitting_slots
from podgen.engines.voxtral.checkpoint import WEIGHTS
from podgen.engines.voxtral.config import Params
from podgen.engines.voxtral.decoding import Chunk, Generated
from podgen.engines.voxtral.devices import check_quantise
from podgen.engines.voxtral.drift import teacher_forced
from podgen.engines.voxtral.goldens import generate_all
from podgen.engines.voxtral.graphs import Stepper
from podgen.engines.voxtral.job import generate
from podgen.engines.voxtral.made_up import (
    VOICE,
    VOICE_ROWS,
    dialogue,
    made_up_model,
    made_up_turn,
    write_random_checkpoint,
)
from podgen.engines.voxtral.model import Make, Model, choose_ops, load_model
from podgen.engines.voxtral.pace import FRAME_RATE
from podgen.engines.voxtral.quantise import RowScaled, projection
from podgen.engines.voxtral.residual import Linear
from podgen.engines.voxtral.slots import Slots, Turn, turn_noise
from podgen.engines.voxtral.work import Work

EPISODE = (240, 45000)
"""Turns and frames of an hour of dialogue."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure.

    Attributes:
        device: a torch device.
        dtype: of everything that is not quantised.
        golden: the folder of recorded outputs to check first; None for no check.
        params: the model's sizes.
        batches: turns at once.
        quantised: kinds of quantised weights.
        frames: frames that a step is timed over.
        episode: turns and frames of the episode.
        episode_batches: turns at once in it.
        load: whether to write a checkpoint of random weights, 8 GB, and time reading it.
        copy_size: bytes of the copy, and the side of the square product, that rate the device.
        product_size: see there.
    """

    device: str = "cuda"
    dtype: torch.dtype = torch.bfloat16
    golden: Path | None = None
    params: Params | None = None
    batches: Sequence[int] = (1, 8, 16, 32, 64, 128)
    quantised: Sequence[str] = ("fp8", "int8", "int4")
    frames: int = 64
    episode: tuple[int, int] = EPISODE
    episode_batches: Sequence[int] = (64, 128)
    load: bool = False
    copy_size: int = 4 << 30
    product_size: int = 8192


class Measurements:
    """The measurements of one plan on one device; each tells its own figures."""

    def __init__(
        self,
        plan: Plan,
        params: Params,
        copy: float,
        product: float,
        tell: Callable[..., None],
    ) -> None:
        self.plan, self.params, self.device = plan, params, torch.device(plan.device)
        self.copy, self.product, self.tell = copy, product, tell
        self.graphs = self.device.type == "cuda"

    def build(self, quantise: str, own_rows: int = 0) -> Model:
        """A model of random weights, and how long it takes to make."""
        begun = perf_counter()
        make = Make(
            device=self.plan.device, dtype=self.plan.dtype, quantise=quantise, own_rows=own_rows
        )
        model = made_up_model(self.plan.device, self.params, make)
        measure.synchronise(self.device)
        taken = torch.cuda.memory_allocated(self.device) if self.graphs else None
        self.tell("build", quantise=quantise, s=perf_counter() - begun, weight_bytes=taken)
        return model

    def turn(self, name: object, frames: int, characters: int, seed: int = 0) -> Turn:
        """See `made_up.made_up_turn`."""
        return made_up_turn(name, self.params, frames, characters, seed)

    def slots(self, model: Model, batch: int, positions: int) -> Slots:
        """A full batch, placed."""
        slots = Slots(model, batch, positions, may_end=False)
        frames = positions - VOICE_ROWS - 3 - 82
        levels = len(self.params.acoustic_codebook_sizes)
        for first in range(0, batch, 16):
            turns = [
                (i, self.turn(i, frames, 240, i), turn_noise(i, frames, levels))
                for i in range(first, min(batch, first + 16))
            ]
            slots.place(turns)
        return slots

    def step(self, model: Model, batch: int, quantise: str, own_rows: int = 0) -> None:
        """One frame of a full batch, at positions as of a turn of 240 characters."""
        measure.reset_peak(self.device)
        frames = self.plan.frames
        positions = -(-(VOICE_ROWS + 85 + 7 * frames) // 64) * 64
        slots = self.slots(model, batch, positions)
        stepper = Stepper(slots, graphs=self.graphs)
        begun = perf_counter()
        stepper(batch, positions)
        measure.synchronise(self.device)
        first = perf_counter() - begun

        def some() -> None:
            for _ in range(frames):
                stepper(batch, positions)

        taken = measure.seconds(some, self.device, 4) / frames
        position = VOICE_ROWS + 63 + 3 * frames
        cost = measure.frame_cost(
            self.params, batch, position, self.params.decoding_steps, self.plan.dtype, quantise
        )
        floor = cost.floor(self.copy, self.product)
        self.tell(
            "step",
            batch=batch,
            quantise=quantise,
            own_rows=own_rows,
            ms=taken * 1e3,
            frames_per_s=batch / taken,
            rtf=taken * FRAME_RATE,
            audio_s_per_s=batch / taken / FRAME_RATE,
            floor_ms=floor * 1e3,
            share_of_floor=floor / taken,
            first_step_s=first,
            position=position,
            peak_bytes=measure.peak_bytes(self.device),
        )

    def own_products(self) -> None:
        """Steps of few rows with our kernel in the library's place."""
        model = self.build("none", own_rows=16)
        for batch in (1, 2):
            self.step(model, batch, "none", own_rows=16)

    def parts(self, model: Model) -> None:
        """Where a frame's time goes."""
        for batch in sorted({1, min(32, max(self.plan.batches)), max(self.plan.batches)}):
            positions = 512 if self.graphs else 256
            slots = self.slots(model, batch, positions)
            x = model.backbone.text_table[:batch].clone()
            position = torch.full((batch,), VOICE_ROWS + 100, device=self.device)
            stored = slots._stored.first(batch)
            noise = torch.randn(batch, len(self.params.acoustic_codebook_sizes), device=self.device)
            step = partial(model.backbone.step, x, position, stored, positions)
            backbone = measure.graphed_seconds(step, self.device)
            acoustic = measure.graphed_seconds(partial(model.acoustic.frame, x, noise), self.device)
            self.tell("parts", batch=batch, backbone_ms=backbone * 1e3, acoustic_ms=acoustic * 1e3)

    def products(self) -> None:
        """Each matrix product of the model by the library and by our kernels."""
        ops = choose_ops(self.device, Make())
        args = self.params.backbone
        shapes = {
            "qkv": (args.q_width + 2 * args.kv_width, args.dim),
            "out": (args.dim, args.q_width),
            "gate_up": (2 * args.hidden_dim, args.dim),
            "down": (args.dim, args.hidden_dim),
        }
        # "own" is the weight as it is through the kernel that reads the quantised ones.
        kinds = ["none", "own", *self.plan.quantised]
        for name, (outputs, inputs) in shapes.items():
            # Several copies, that no cache holds them.
            copies = 8 if self.graphs else 1
            weights = [
                torch.randn(outputs, inputs, device=self.device, dtype=self.plan.dtype)
                for _ in range(copies)
            ]
            for kind in kinds:
                layers: list[Linear]
                if kind == "own":
                    layers = [RowScaled(w, torch.ones_like(w[:, 0].float()), ops) for w in weights]
                else:
                    layers = [projection(kind, ops)(weight) for weight in weights]
                figures: dict[str, float] = {}
                for rows in (1, 6, 16, 64, 192):
                    x = torch.randn(rows, inputs, device=self.device, dtype=self.plan.dtype)

                    def run(x: Tensor = x, layers: Sequence[Linear] = layers) -> None:
                        for layer in layers:
                            layer(x)

                    taken = measure.graphed_seconds(run, self.device, 4) / copies
                    figures[f"us_{rows}"] = taken * 1e6
                self.tell("product", name=name, quantise=kind, **figures)

    def first_audio(self, model: Model) -> None:
        """From a turn's coming to an idle batch to its first samples on the host."""
        how = Batching(1, 512, graphs=self.graphs, may_end=False)
        heard: set[str] = set()
        work = Work(wants=lambda turn: turn.id not in heard)
        results = generate([model], work, how)
        known: list[float] = []
        fresh: list[float] = []
        for number in range(10):
            turn = replace(self.turn(number, 200, 500), in_parts=True)
            times = fresh if number % 2 else known
            if times is fresh:
                model.add_voice(VOICE, model._voices[VOICE])
            begun = perf_counter()
            work.add([turn])
            chunk = next(c for c in results if isinstance(c, Chunk) and c.turn == turn)
            times.append(perf_counter() - begun)
            heard.add(turn.id)
            sleep(0.2)  # the batch gives the turn up and waits
        results.close()
        self.tell(
            "first_audio",
            ms=statistics.median(known[1:]) * 1e3,
            new_voice_ms=statistics.median(fresh[1:]) * 1e3,
            frames=len(chunk.samples) // self.params.codec.samples_per_frame,
        )

    def episode(self, model: Model, batch: int) -> None:
        """An episode of turns as a dialogue has them, codec included, from a cold batch."""
        count, frames = self.plan.episode
        turns = [
            self.turn(i, length, round(length / FRAME_RATE * 14.5), i)
            for i, length in enumerate(dialogue(count, frames))
        ]
        longest = max(VOICE_ROWS + 3 + len(turn.ids) + turn.limit for turn in turns)
        positions = -(-longest // 64) * 64
        slots = fitting_slots(model, min(batch, count), positions)
        how = Batching(slots, positions, graphs=self.graphs, may_end=False)
        measure.reset_peak(self.device)
        begun = perf_counter()
        work, left, first = Work(turns), count, 0.0
        samples = 0
        for result in generate([model], work, how):
            first = first or perf_counter() - begun
            samples += len(result.samples) if isinstance(result, Generated) else 0
            left -= 1
            if not left:
                work.close()
        taken = perf_counter() - begun
        audio = samples / self.params.codec.sampling_rate
        self.tell(
            "episode",
            batch=slots,
            turns=count,
            audio_s=audio,
            s=taken,
            audio_s_per_s=audio / taken,
            first_turn_s=first,
            positions=positions,
            peak_bytes=measure.peak_bytes(self.device),
        )

    def invariance(self, model: Model) -> None:
        """How often a turn's codes depend on the batch it was in."""
        count = min(32, self.plan.episode[0])
        turns = [
            self.turn(i, length, length, i) for i, length in enumerate(dialogue(count, count * 60))
        ]
        positions = -(-max(VOICE_ROWS + 3 + len(t.ids) + t.limit for t in turns) // 64) * 64
        alone = Batching(1, positions, graphs=self.graphs, may_end=False)
        one = generate_all(model, turns, alone)
        many = generate_all(model, turns, replace(alone, slots=count))
        shuffled = generate_all(model, turns[::-1], replace(alone, slots=count))[::-1]
        self.tell(
            "invariance",
            dtype=str(self.plan.dtype).removeprefix("torch."),
            turns=count,
            same_alone_and_in_batch=_same(one, many),
            same_in_another_order=_same(many, shuffled),
            frames_until_apart=_until_apart(one, many),
        )

    def quantised(self, model: Model, kind: str) -> None:
        """Steps with quantised weights, and how far they lead from the whole ones."""
        check_quantise(kind, self.plan.device)
        other = self.build(kind)
        for batch in [b for b in self.plan.batches if b in (1, 8, 32, 64)]:
            self.step(other, batch, kind)
        turns = [self.turn(i, 48, 240, i) for i in range(4)]
        done = generate_all(model, turns, Batching(4, 512, graphs=self.graphs, may_end=False))
        drift = teacher_forced(model, other, [(g.turn, g.codes) for g in done])
        self.tell("drift", quantise=kind, weights="random", **asdict(drift))

    def load(self) -> None:
        """Reading a checkpoint of the true size and layout from a file that is in memory."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_random_checkpoint(folder, self.params)
            begun = perf_counter()
            make = Make(device=self.plan.device, dtype=self.plan.dtype)
            load_model(folder, make)
            measure.synchronise(self.device)
            size = (folder / WEIGHTS).stat().st_size
            self.tell("load", s=perf_counter() - begun, file_bytes=size)


def _same(one: Iterable[Generated], other: Iterable[Generated]) -> float:
    """The share of turns with equal codes."""
    pairs = list(zip(one, other, strict=True))
    return sum(torch.equal(a.codes, b.codes) for a, b in pairs) / len(pairs)


def _until_apart(one: Iterable[Generated], other: Iterable[Generated]) -> float | None:
    """Frames before the first that differs, on average over the turns where one does."""
    firsts = []
    for a, b in zip(one, other, strict=True):
        differs = (a.codes != b.codes).any(dim=1).nonzero()
        if len(differs):
            firsts.append(int(differs[0]))
    return sum(firsts) / len(firsts) if firsts else None
