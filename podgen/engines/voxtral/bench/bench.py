"""Measures the engine at the model's full size with random weights; no files are needed.

END_AUDIO is suppressed, so that turns are as long as they are meant to be, and their lengths come
from a distribution like a dialogue's. Every figure is a line with what, where, when and on which
versions it was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch

from podgen.engines.voxtral.batch.batching import Batching
from podgen.engines.voxtral.batch.devices import out_of_memory
from podgen.engines.voxtral.bench import measure, turns
from podgen.engines.voxtral.bench.frames import Measurements, Plan
from podgen.engines.voxtral.bench.goldens import compare, generate_all, read_goldens
from podgen.engines.voxtral.bench.made_up import PUBLISHED
from podgen.engines.voxtral.model.config import parse_params
from podgen.engines.voxtral.model.residual import FEW
from podgen.engines.voxtral.model.whole import Make, load_model
from podgen.errors import EngineError, MachineError

__all__ = ["Line", "Plan", "bench", "check_goldens"]

Line = dict[str, object]
Report = Callable[[Line], None]


def bench(plan: Plan, report: Report) -> None:
    """Check the goldens, then measure everything in `plan`, each figure told to `report`.

    Raises:
        EngineError: where a golden case comes out otherwise; nothing is measured then.
        Exception: the first of those that measurements ended with, when all are done. What the
            device cannot take (memory, fp8) is a line with an error and none of them.
    """
    device = torch.device(plan.device)
    params = plan.params or parse_params(PUBLISHED)

    def tell(what: str, **figures: object) -> None:
        told = measure.machine(device)
        report({"what": what, **figures, "machine": told, "date": f"{datetime.now(UTC):%Y-%m-%d}"})

    failures: list[Exception] = []

    @contextmanager
    def told(what: str, **figures: object) -> Iterator[None]:
        """Lets the other measurements go on where one fails, and keeps why."""
        try:
            yield
        except Exception as error:
            first = str(error).partition("\n")[0]
            tell(what, **figures, error=f"{type(error).__name__}: {first}")
            if not (out_of_memory(error) or isinstance(error, MachineError)):
                failures.append(error)
        if device.type == "cuda":
            torch.cuda.empty_cache()

    if plan.golden:
        check_goldens(plan.golden, plan.device)
        tell("goldens", passed=True, dtype="float32")
    copy = measure.copy_rate(device, plan.copy_size)
    product = measure.product_rate(
        device, torch.float32 if plan.packs else plan.dtype, plan.product_size
    )
    tell("device", copy_GB_per_s=copy / 1e9, product_TFLOP_per_s=product / 1e12)
    run = Measurements(plan, params, copy, product, tell)
    with told("products"):
        run.products()
    model = run.build("none")
    for batch in plan.batches:
        with told("step", batch=batch):
            run.step(model, batch, "none")
    with told("turn_alone"):
        turns.turn_alone(run, model)
    with told("prefill"):
        run.prefill(model)
    if device.type == "cuda":
        with told("other_kernels"):
            run.other_kernels()
    with told("parts"):
        run.parts(model)
    with told("kernels"):
        run.kernels(model)
    with told("first_audio"):
        turns.first_audio(run, model)
    for batch in plan.episode_batches:
        with told("episode", batch=batch):
            turns.episode(run, model, batch)
    with told("invariance"):
        turns.invariance(run, model)
    for kind in plan.quantised:
        with told("quantised", quantise=kind):
            turns.quantised(run, model, kind)
    del model
    if plan.load:
        with told("load"):
            turns.load(run)
    if failures:
        raise failures[0]


def check_goldens(folder: Path, device: str) -> None:
    """Generate the golden cases on a device in every way that it can.

    Raises:
        EngineError: naming the way and the case that differs.
    """
    goldens = read_goldens(folder)
    turns = [golden.turn for golden in goldens]
    makes = [Make(device=device)]
    hows = [Batching(slots, 128, alone=alone) for alone in (False, True) for slots in (1, 3, 8)]
    if device.startswith("cuda"):
        makes += [Make(device=device, triton=False), Make(device=device, own_rows=FEW)]
        hows = [replace(how, graphs=True) for how in hows if not how.alone] + hows
    for make in makes:
        model = load_model(folder / "checkpoint", make)
        for how in hows:
            done = generate_all(model, turns, how)
            for golden, generated in zip(goldens, done, strict=True):
                fault = compare(golden, generated)
                if fault:
                    raise EngineError(
                        f"golden case {golden.turn.id} of {make} with {how}: {fault}",
                        "nothing measured on this device would mean anything",
                    )
