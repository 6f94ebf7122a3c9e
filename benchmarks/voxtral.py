"""Checks the Voxtral engine against the goldens on this machine's device, then measures it.

    python benchmarks/voxtral.py --out results.jsonl

Runs from the source tree: torch and safetensors are all it needs (Triton for the fused kernels),
no weights and no tokeniser. Figures go to the file as JSON lines, each with the machine, versions
and date it was measured with, and as a short table to the terminal at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from podgen.engines.voxtral.bench import Line, Plan, bench  # noqa: E402
from podgen.errors import PodgenError  # noqa: E402

SKIPPED = {"what", "machine", "date"}


def main() -> int:
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--batches", default="1,8,16,32,64,128")
    parser.add_argument("--quantised", default="fp8,int8,int4", help="empty for none")
    parser.add_argument("--golden", type=Path, default=ROOT / "tests/voxtral/golden")
    parser.add_argument("--load", action="store_true", help="write and load an 8 GB checkpoint")
    parser.add_argument("--out", type=Path, help="a file to append JSON lines to")
    given = parser.parse_args()
    plan = Plan(
        device=given.device,
        golden=given.golden,
        batches=[int(size) for size in given.batches.split(",")],
        quantised=[kind for kind in given.quantised.split(",") if kind],
        load=given.load,
    )
    lines: list[Line] = []

    def report(line: Line) -> None:
        lines.append(line)
        print(said(line), flush=True)
        if given.out:
            with given.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    try:
        bench(plan, report)
    except PodgenError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"\n{lines[0]['machine']} {lines[0]['date']}\n{table(lines)}")
    return 0


def said(line: Line) -> str:
    """A line's figures as text."""
    figures = (f"{name} {short(value)}" for name, value in line.items() if name not in SKIPPED)
    return f"{line['what']}: {', '.join(figures)}"


def short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def table(lines: list[Line]) -> str:
    """The steps, one row for each batch and kind of weights."""
    names = ["quantise", "own_rows", "batch", "ms", "rtf", "audio_s_per_s", "share_of_floor"]
    rows = [names] + [
        [short(line.get(name, "")) for name in names] for line in lines if line["what"] == "step"
    ]
    return "\n".join("  ".join(cell.rjust(14) for cell in row) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
