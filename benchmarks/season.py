"""Ten shows in one render against ten renders, on kokoro and on hibari.

Both speak and master the same ten shows from empty stores, as users run them. A third of each
show's turns is shared by all of them. Run: `python -m benchmarks.season`.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.results import Result, machine

SHOWS = 10
TURNS = 6
VOICES = "characters:\n  ADA: {voices: {hibari: heart, kokoro: af_heart}}\n"


def write_season(folder: Path) -> list[Path]:
    """Scripts of a few turns."""
    (folder / "voices.yaml").write_text(VOICES)
    scripts = []
    for show in range(SHOWS):
        lines = [f"title: Show {show}", "turns:", "- ADA: Welcome to the show about the weather."]
        lines += [
            f"- ADA: Turn {turn} of show number {show} is about rain, as all of them are."
            for turn in range(TURNS - 2)
        ]
        lines.append("- ADA: That was the show about the weather.")
        scripts.append(folder / f"show{show}.yaml")
        scripts[-1].write_text("\n".join(lines) + "\n")
    return scripts


def timed(folder: Path, store: str, engine: str, scripts: list[Path]) -> tuple[float, float]:
    """Seconds that a render took, and of processors' time."""
    argv = [sys.executable, "-m", "podgen", "render", *map(str, scripts), "-e", engine]
    environment = {**os.environ, "PODGEN_STORE": str(folder / store), "PYTHONPATH": str(Path.cwd())}
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, cwd=folder, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, used


def run(engine: str) -> dict[str, float]:
    """One call for all, and a call for each."""
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name:
        folder = Path(name)
        scripts = write_season(folder)
        together = timed(folder, "one", engine, scripts)
        each = [timed(folder, "ten", engine, [script]) for script in scripts]
    apart = [sum(one) for one in zip(*each, strict=True)]
    return {
        f"{engine}_one_call_seconds": together[0],
        f"{engine}_ten_calls_seconds": apart[0],
        f"{engine}_ratio": apart[0] / together[0],
        f"{engine}_one_call_processor_seconds": together[1],
        f"{engine}_ten_calls_processor_seconds": apart[1],
        f"{engine}_processor_ratio": apart[1] / together[1],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", default="hibari,kokoro")
    figures: dict[str, float] = {}
    for engine in parser.parse_args().engines.split(","):
        figures |= run(engine)
        print(figures, flush=True)
    Result("season", machine(), figures).show()
