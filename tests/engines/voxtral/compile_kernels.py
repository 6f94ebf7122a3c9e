"""Compiles whatever a frame and a decode launch, for GPUs that need not be there.

The model runs on tensors without data, and every launch goes to Triton as it is, but for a target
of each compute capability and no further than machine code. Each must fit its shared memory, and
in bfloat16 its registers; one line for each. Hopper has most of them; Ada, with the least shared
memory, what is likeliest not to fit; with `--all` every capability has all of them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.runtime import driver

from podgen.engines.voxtral.batch.slots import Noise, Slots
from podgen.engines.voxtral.bench.made_up import PUBLISHED, VOICE, made_up_turn
from podgen.engines.voxtral.model import whole as models
from podgen.engines.voxtral.model.config import parse_params
from podgen.engines.voxtral.model.kernels import attention, matrix, ops, products, small
from podgen.engines.voxtral.model.whole import Make, Model
from tests.engines.voxtral.weights import NoData
from tests.support.places import GOLDEN

# Shared memory that one program may have: Ampere, Ada, Hopper (CUDA programming guide, table of
# technical specifications per compute capability).
MEMORY = {80: 163 << 10, 89: 99 << 10, 90: 227 << 10}
# Bytes that do not fit a thread's registers: a few with some versions of Triton.
SPILL = 128


class Elsewhere:
    """A driver of devices that are only compiled for; each is named by its capability."""

    capability = 0

    def get_current_device(self) -> int:
        return self.capability

    def get_current_stream(self, device: int) -> int:
        return 0

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", self.capability, 32)


elsewhere = Elsewhere()
driver.set_active(elsewhere)
made: dict[tuple[int, str], Any] = {}


def launch(kernel: Any, grid: tuple[int, ...], *arguments: object, **constants: object) -> None:
    assert all(grid)
    compiled = kernel.warmup(*arguments, grid=grid, **constants)
    made[elsewhere.capability, compiled.hash] = compiled


ops.launch = products.launch = launch


def run(params: object, dtype: torch.dtype, rows: int, own_rows: int, quantise: str) -> None:
    """Prompts and a frame of so many rows, and a decode."""
    models.choose_ops = lambda device, make: ops.TritonOps(make.own_rows)
    make = Make(device="meta", dtype=dtype, quantise=quantise, own_rows=own_rows)
    model = Model(NoData(dtype), parse_params(params), make)
    model.add_voice(VOICE, torch.zeros(150, model.params.backbone.dim))
    slots = Slots(model, rows, 1024)
    turn = made_up_turn(0, model.params, 200, 240, 0)
    noise = Noise(torch.zeros(200, 36), torch.zeros(200))
    slots.place([(i, turn, noise) for i in range(rows)])
    slots.step(0, rows, 1024)
    model.codec.decode(slots.codes(0, 40))


def registers(cubin: bytes) -> tuple[int, int]:
    """Registers of a thread, and bytes of its stack: what did not fit them."""
    tool = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        told = subprocess.run(
            [tool, "--dump-resource-usage", file.name], capture_output=True, text=True, check=True
        ).stdout
    found = re.search(r"REG:(\d+) STACK:(\d+)", told)
    assert found, told
    return int(found[1]), int(found[2])


golden = json.loads((GOLDEN / "checkpoint/params.json").read_text())
everything = "--all" in sys.argv
for elsewhere.capability in MEMORY if everything else (89, 90):
    most = everything or elsewhere.capability == 90
    for rows in (1, 3, 8) if everything else (8,) if most else ():
        run(golden, torch.float32, rows, 0, "none")
    for rows in (1, 12, 64) if most else (64,):
        for quantise in ("none", "int8", "fp8", "int4"):
            if quantise == "fp8" and elsewhere.capability < 89:
                continue
            if everything or rows != 12 or quantise == "none":
                run(PUBLISHED, torch.bfloat16, rows, 16, quantise)
for (capability, _), kernel in made.items():
    shared, (count, stack) = kernel.metadata.shared, registers(kernel.asm["cubin"])
    told = f"{kernel.name} {capability}: {shared} shared, {count} registers, {stack} stack"
    print(told)
    assert shared <= MEMORY[capability], told
    assert stack < SPILL or "*bf16" not in kernel.src.signature.values(), told
every = {
    name
    for module in (attention, matrix, small)
    for name, value in vars(module).items()
    if isinstance(value, triton.JITFunction)
}
assert {kernel.name for kernel in made.values()} == every - {"turned"}, "some were not launched"
