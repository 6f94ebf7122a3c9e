"""How long `podgen check` takes on a book of 5,000 turns, against merely reading its YAML."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks.results import Result, machine
from podgen.render.plan import check

TURNS = 5000
WORDS = "the quick brown fox jumps over the lazy dog while podgen counts every word of a turn"


def write_book(folder: Path, turns: int) -> Path:
    """A two-speaker script with a chapter every hundred turns."""
    lines = ["title: A long book", "lexicon: {podgen: pod jen}", "turns:"]
    words = WORDS.split()
    for number in range(turns):
        if number % 100 == 0:
            lines.append(f"- chapter: Part {number // 100 + 1}")
        text = " ".join(words[(number + step) % len(words)] for step in range(15))
        lines.append(f"- {'ADA' if number % 2 else 'BEN'}: '{number}: {text}.'")
    (folder / "voices.yaml").write_text(
        "characters:\n  ADA: {voices: {hibari: heart}}\n  BEN: {voices: {hibari: heart}}\n"
    )
    script = folder / "book.yaml"
    script.write_text("\n".join(lines) + "\n")
    return script


def run() -> Result:
    """Time reading, planning with keys, and the whole command."""
    with tempfile.TemporaryDirectory() as name:
        script = write_book(Path(name), TURNS)
        command = [sys.executable, "-m", "podgen", "check", "-e", "hibari", str(script)]
        floor = _timed(lambda: yaml.load(script.read_text(), Loader=yaml.CSafeLoader))
        plan = _timed(lambda: check(script, engine="hibari"))
        whole = _timed(lambda: subprocess.run(command, check=True, capture_output=True))
        start = _timed(lambda: subprocess.run([*command[:3], "--help"], check=True, stdout=-3))
    return Result(
        "check",
        machine(),
        {
            "turns": TURNS,
            "yaml_seconds": floor,
            "plan_and_keys_seconds": plan,
            "command_seconds": whole,
            "help_seconds": start,
            "plan_to_yaml_ratio": plan / floor,
        },
    )


def _timed(work: object) -> float:
    assert callable(work)
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    run().show()
