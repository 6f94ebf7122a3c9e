"""A frame of the Voxtral engine on this CPU at full size, with random weights, against what the
memory can do: the share of its copy bandwidth, and how batch 4 compares with batch 1.

    python -m benchmarks.voxtral_cpu --out results.jsonl

Takes five minutes and 10 GB of memory; needs torch and safetensors, no weights and no tokeniser.
"""

from __future__ import annotations

import argparse
import json
import statistics
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import torch

from podgen.engines.voxtral.batch.devices import LARGE, choose_packs
from podgen.engines.voxtral.bench import measure
from podgen.engines.voxtral.bench.frames import Measurements, Plan
from podgen.engines.voxtral.bench.made_up import PUBLISHED
from podgen.engines.voxtral.bench.results import said
from podgen.engines.voxtral.model.config import parse_params
from podgen.engines.voxtral.model.whole import Model
from podgen.engines.voxtral.text.pace import FRAME_RATE

COPY, PRODUCT = 1 << 28, 1536
"""Bytes of the copy, and the side of the square product in float32."""
FRAMES, POSITION = 9, 224
"""Frames that are timed, and where the turns stand on average meanwhile."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quantise", default="none,int8", help="parted by commas")
    parser.add_argument("--batches", default="1,4", help="parted by commas")
    parser.add_argument("--out", type=Path, help="a file to append JSON lines to")
    given = parser.parse_args()
    device = torch.device("cpu")

    def tell(what: str, **figures: object) -> None:
        line = {"what": what, **figures, "machine": measure.machine(device)}
        line["date"] = f"{datetime.now(UTC):%Y-%m-%d}"
        print(said(line), flush=True)
        if given.out:
            with given.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    torch.set_grad_enabled(False)
    packs = choose_packs("cpu", torch.bfloat16, LARGE)
    copy = measure.copy_rate(device, COPY)
    product = measure.product_rate(device, torch.float32, PRODUCT)
    tell(
        "device",
        threads=torch.get_num_threads(),
        packs=packs,
        copy_GB_per_s=copy / 1e9,
        product_GFLOP_per_s=product / 1e9,
    )
    plan = Plan(device="cpu", packs=packs)
    run = Measurements(plan, parse_params(PUBLISHED), copy, product, tell)
    for kind in given.quantise.split(","):
        model = run.build(kind)
        for batch in map(int, given.batches.split(",")):
            step(run, model, batch, kind)
        del model


def step(run: Measurements, model: Model, batch: int, kind: str) -> None:
    """Frames of a full batch, each beside a copy: what else the machine does slows both."""
    slots = run.slots(model, batch, 256)
    slots.step(0, batch, 256)
    times, shares = [], []
    for _ in range(FRAMES):
        copy = measure.copy_rate(run.device, COPY)
        begun = perf_counter()
        slots.step(0, batch, 256)
        times.append(perf_counter() - begun)
        cost = measure.frame_cost(run.params, batch, POSITION, 7, torch.bfloat16, kind)
        shares.append((cost.backbone_bytes + cost.acoustic_bytes) / times[-1] / copy)
    floor = cost.floor(run.copy, run.product)
    run.tell(
        "frame",
        quantise=kind,
        batch=batch,
        ms=statistics.median(times) * 1e3,
        best_ms=min(times) * 1e3,
        share_of_copy=statistics.median(shares),
        best_share=max(shares),
        floor_ms=floor * 1e3,
        rtf=statistics.median(times) * FRAME_RATE,
    )


if __name__ == "__main__":
    main()
