"""Checks the Voxtral engine against the goldens on this machine's device, then measures it.

    python benchmarks/voxtral.py --out results.jsonl

Runs from the source tree: torch and safetensors are all it needs (Triton for the fused kernels),
no weights and no tokeniser. Figures go to the file as JSON lines, each with the machine, versions
and date it was measured with, and as a short table to the terminal at the end.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from podgen.engines.voxtral.bench.results import measure  # noqa: E402
from podgen.errors import PodgenError  # noqa: E402


def main() -> int:
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--batches", default="1,8,16,32,64,128")
    parser.add_argument("--quantised", default="fp8,int8,int4", help="empty for none")
    parser.add_argument("--golden", type=Path, default=ROOT / "podgen/engines/voxtral/golden")
    parser.add_argument("--load", action="store_true", help="write and load an 8 GB checkpoint")
    parser.add_argument("--out", type=Path, help="a file to append JSON lines to")
    given = parser.parse_args()
    try:
        measure(
            given.device,
            given.batches,
            given.quantised,
            golden=given.golden,
            load=given.load,
            out=given.out,
        )
    except PodgenError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
