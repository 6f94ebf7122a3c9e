"""The pilot by a podgen server against the pilot by the same engine here, turn by turn.

Both are rendered by the command, each into a store of its own, the second one by the engine
`remote` from `podgen serve`. A turn is the same if its take is, sample for sample; the episodes are
the same if their files are, byte for byte. Run: `python -m benchmarks.remote`, or for a quick one
with `--engine hibari`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks.results import Result, machine
from benchmarks.serve import server
from podgen.render.plan import check
from podgen.render.store import Store

ROOT = Path(__file__).parents[1]


def copy_of_the_pilot(folder: Path, engine: str, url: str) -> Path:
    """The script, cast on `remote` with the voices that it has on the engine."""
    shutil.copytree(ROOT / "shows", folder / "shows")
    cast = yaml.safe_load((ROOT / "voices.yaml").read_text(encoding="utf-8"))
    for character in cast["characters"].values():
        if engine in character["voices"]:
            character["voices"]["remote"] = character["voices"][engine]
    cast["engines"] = {"remote": {"base_url": url, "model": engine}}
    (folder / "voices.yaml").write_text(yaml.safe_dump(cast), encoding="utf-8")
    return folder / "shows" / "pilot.yaml"


def render(script: Path, engine: str) -> float:
    """Seconds that the command takes for the episode, from an empty store."""
    folder = script.parents[1]
    began = time.perf_counter()
    argv = [sys.executable, "-m", "podgen", "render", str(script), "-e", engine]
    subprocess.run(
        [*argv, "-o", str(folder / f"{engine}.wav"), "--store", str(folder / engine)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def takes(script: Path, engine: str) -> list[str]:
    """The digest of each turn's sound, in the order of the script."""
    store = Store(script.parents[1] / engine)
    found = [store.get("takes", turn.key) for turn in check(script, engine=engine).turns]
    return [clip.digest for clip in found if clip is not None and clip.intact()]


def run(engine: str) -> Result:
    """Render both and compare."""
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name, server(engine) as (url, _):
        folder = Path(name)
        script = copy_of_the_pilot(folder, engine, url)
        seconds = {each: render(script, each) for each in (engine, "remote")}
        here, there = takes(script, engine), takes(script, "remote")
        episodes = [(folder / f"{each}.wav").read_bytes() for each in (engine, "remote")]
        return Result(
            "remote",
            machine(),
            {
                "turns": len(here),
                "turns that are the same": sum(a == b for a, b in zip(here, there, strict=True)),
                "episode is the same": float(episodes[0] == episodes[1]),
                "seconds by the engine here": seconds[engine],
                "seconds by the server": seconds["remote"],
            },
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", default="kokoro")
    run(parser.parse_args().engine).show()
