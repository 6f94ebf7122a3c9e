"""Peak memory of `podgen render` and its children: a short show, a book of many turns, one turn of
an hour and a half.

The takes are stored beforehand, so that what is measured is everything but speaking: dressing,
levelling, mixing, mastering, MP3, verification, transcripts, report.

    python -m benchmarks.memory
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.job import render, write_show
from benchmarks.mix import speech
from benchmarks.results import Result, machine
from podgen.render.plan import check
from podgen.render.store import Store

SHOWS = {
    "8 turns of 2 s": (8, 2.0),
    "2,500 turns of 2 s": (2500, 2.0),
    "a turn of 94 min": (1, 5640.0),
}
PIECE_SECONDS = 60.0


def store_takes(script: Path, root: Path, seconds: float) -> None:
    """Speech-like takes of so many seconds under the keys of all turns."""
    store = Store(root)
    sounds = [speech(min(seconds, PIECE_SECONDS), seed) for seed in range(4)]
    for number, turn in enumerate(check(script, engine="hibari").turns):
        own = sounds[number % len(sounds)]
        store.put("takes", turn.key, np.tile(own, round(seconds * 24000 / len(own))), 24000, {})


def run() -> Result:
    """Render each show twice: its takes to be dressed, then all in the store."""
    figures: dict[str, float] = {}
    for name, (turns, seconds) in SHOWS.items():
        with tempfile.TemporaryDirectory(prefix="podgen-bench-") as folder:
            root, script = Path(folder) / "store", write_show(Path(folder), turns)
            store_takes(script, root, seconds)
            for kind in ("to be dressed", "stored"):
                began = time.perf_counter()
                _, figures[f"{name}, {kind}: megabytes"] = render(script, root)
                figures[f"{name}, {kind}: seconds"] = time.perf_counter() - began
    return Result("memory", machine(), figures)


if __name__ == "__main__":
    run().show()
