"""What the benchmark prints and keeps: each figure as it comes, and a table of the steps."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from podgen.engines.voxtral.batch.devices import LARGE, choose_packs
from podgen.engines.voxtral.bench.bench import Line, Plan, bench
from podgen.errors import MachineError, ScriptError

SKIPPED = {"what", "machine", "date"}


def measure(
    device: str, batches: str, quantised: str, *, golden: Path | None, load: bool, out: Path | None
) -> None:
    """Measure, printing every line.

    Args:
        device: a torch device.
        batches: turns at once, parted by commas.
        quantised: kinds of quantised weights, parted by commas; none if empty.
        golden: the folder of recorded outputs to check first.
        load: whether to time reading a checkpoint, too.
        out: a file that JSON lines are appended to.

    Raises:
        ScriptError: a batch is no number.
        MachineError: there is no such device.
        EngineError: the goldens do not come out.
    """
    try:
        sizes = [int(size) for size in batches.split(",")]
    except ValueError:
        raise ScriptError(f"'{batches}' are no batches", "write numbers parted by commas") from None
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise MachineError("there is no CUDA device", "try --device cpu, which takes long")
    packs = choose_packs(device, torch.bfloat16, LARGE)
    plan = Plan(
        device=device,
        packs=packs,
        golden=golden,
        batches=sizes,
        quantised=[kind for kind in quantised.split(",") if kind],
        load=load,
    )
    lines: list[Line] = []

    def report(line: Line) -> None:
        lines.append(line)
        print(said(line), flush=True)
        if out:
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    bench(plan, report)
    print(f"\n{lines[0]['machine']} {lines[0]['date']}\n{table(lines)}")


def said(line: Line) -> str:
    """A line's figures as text."""
    figures = (f"{name} {short(value)}" for name, value in line.items() if name not in SKIPPED)
    return f"{line['what']}: {', '.join(figures)}"


def short(value: object) -> str:
    """A figure with four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def table(lines: list[Line]) -> str:
    """The steps, one row for each batch and kind of weights."""
    names = ["quantise", "kernels", "batch", "ms", "rtf", "audio_s_per_s", "share_of_floor"]
    rows = [names] + [
        [short(line.get(name, "")) for name in names] for line in lines if line["what"] == "step"
    ]
    return "\n".join("  ".join(cell.rjust(14) for cell in row) for row in rows)
