"""The benchmark's measurements of what a frame consists of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from podgen.engines.voxtral.batch.graphs import Stepper
from podgen.engines.voxtral.batch.slots import Slots, Turn, turn_noise
from podgen.engines.voxtral.bench import measure
from podgen.engines.voxtral.bench.made_up import VOICE_ROWS, made_up_model, made_up_turn
from podgen.engines.voxtral.model.config import Params
from podgen.engines.voxtral.model.quantise import RowScaled, projection
from podgen.engines.voxtral.model.residual import FEW, Linear
from podgen.engines.voxtral.model.whole import Make, Model, choose_ops
from podgen.engines.voxtral.text.pace import FRAME_RATE

_KERNELS = 12
"""Kernels that are told of, those that take longest."""
EPISODE = (240, 45000)
"""Turns and frames of an hour of dialogue."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure.

    Attributes:
        device: a torch device.
        dtype: of everything that is not quantised.
        packs: see `Make`.
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
    packs: bool = False
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

    def build(self, quantise: str, own_rows: int = 0, *, triton: bool = True) -> Model:
        """A model of random weights, and how long it takes to make."""
        begun = perf_counter()
        make = Make(
            device=self.plan.device,
            dtype=self.plan.dtype,
            quantise=quantise,
            own_rows=own_rows,
            triton=triton,
            packs=self.plan.packs,
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

    def step(self, model: Model, batch: int, quantise: str, kernels: str = "chosen") -> None:
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
            kernels=kernels,
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

    def prefill(self, model: Model, kernels: str = "chosen") -> None:
        """Prompts of 240 characters, so many turns of one voice at once."""
        figures = {}
        for count in (1, 4, 16):
            slots = Slots(model, count, 512, may_end=False)
            levels = len(self.params.acoustic_codebook_sizes)
            turns = [
                (i, self.turn(i, 100, 240, i), turn_noise(i, 100, levels)) for i in range(count)
            ]
            figures[f"ms_{count}"] = measure.seconds(partial(slots.place, turns), self.device) * 1e3
        self.tell("prefill", kernels=kernels, **figures)

    def other_kernels(self) -> None:
        """Steps and prompts by other kernels than are chosen: few rows' products by our own in
        the library's place, and PyTorch's operations in the place of all of ours."""
        own = self.build("none", own_rows=FEW)
        for batch in (1, 2, 8):
            self.step(own, batch, "none", kernels="own")
        del own
        torch_only = self.build("none", triton=False)
        for batch in (1, 64):
            self.step(torch_only, batch, "none", kernels="torch")
        self.prefill(torch_only, kernels="torch")

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

    def kernels(self, model: Model) -> None:
        """What a frame's time is spent in, by kernel, without the gaps between them."""
        on_gpu = self.device.type == "cuda"
        activity = ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU
        for batch in sorted({1, max(self.plan.batches)}):
            slots = self.slots(model, batch, 512)
            slots.step(0, batch, 512)
            measure.synchronise(self.device)
            with profile(activities=[activity]) as profiler:
                slots.step(0, batch, 512)
                measure.synchronise(self.device)
            spent = [
                (row.self_device_time_total if on_gpu else row.self_cpu_time_total, row)
                for row in profiler.key_averages()
            ]
            for taken, row in sorted(spent, key=lambda pair: -pair[0])[:_KERNELS]:
                self.tell("kernel", batch=batch, name=row.key, calls=row.count, us=taken)

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
