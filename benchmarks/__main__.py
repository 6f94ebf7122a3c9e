"""Every benchmark that needs no GPU, each in a process of its own; `make bench`.

A few minutes on two cores. Longer ones are for a quiet machine and are started by hand:
`python -m benchmarks.job --minutes 60` and
`python -m benchmarks.mix --minutes 60 --times 10 --turns 5000`.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

BENCHMARKS = {
    "check": "pydantic",
    "engines": "onnxruntime",
    "mix": "psutil",
    "job": "psutil",
    "serve": "fastapi",
    "edit": "playwright",
}
"""By name, and what each needs installed."""

for name, needed in BENCHMARKS.items():
    if find_spec(needed) is None:
        print(f"--- {name}: left out, {needed} is not installed", flush=True)
        continue
    print(f"--- {name}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
