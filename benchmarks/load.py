"""Many clients at once: how long they wait, whether any is refused, whether memory grows.

Locust's users ask a server of the draft engine, each for its next text as soon as it has heard the
last one, whole or streamed. What the engine alone takes for as many texts is measured before and
after and stands beside it. Run: `pip install locust`, then `python -m benchmarks.load`.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from benchmarks.results import Result, machine
from benchmarks.serve import BATCH, direct, server
from podgen.engines import create

CLIENTS = 64
SECONDS = 60
USERS = """
import itertools

from locust import FastHttpUser, constant, task

from benchmarks.serve import TEXTS

turn = itertools.count()
KINDS = (
    {"response_format": "wav"},
    {"response_format": "pcm", "stream_format": "audio"},
    {"response_format": "pcm", "stream_format": "sse"},
)


class Listener(FastHttpUser):
    wait_time = constant(0)
    network_timeout = connection_timeout = 120.0

    @task
    def listen(self):
        number = next(turn)
        body = {"input": TEXTS[number % len(TEXTS)], "voice": "heart", **KINDS[number % len(KINDS)]}
        with self.client.post("/audio/speech", json=body, catch_response=True) as reply:
            if reply.status_code == 200 and len(reply.content or b"") > 100_000:
                reply.success()
            else:
                reply.failure(f"{reply.status_code}, {len(reply.content or b'')} bytes")
"""
"""A locustfile. Every text is at least six seconds long."""


def users(url: str, folder: Path) -> dict[str, str]:
    """Locust's line of totals."""
    file = folder / "users.py"
    file.write_text(USERS)
    argv = [
        sys.executable, "-m", "locust", "-f", str(file), "--headless", "--host", url,
        "-u", str(CLIENTS), "-r", str(CLIENTS), "-t", f"{SECONDS}s", "--stop-timeout", "60",
        "--csv", str(folder / "run"), "--only-summary",
    ]  # fmt: skip
    subprocess.run(argv, cwd=Path(__file__).parents[1], capture_output=True)
    with (folder / "run_stats.csv").open(newline="") as lines:
        return next(row for row in csv.DictReader(lines) if row["Name"] == "Aggregated")


def run() -> Result:
    """64 clients for a minute."""
    engine = create("hibari")
    direct(engine)
    sizes: list[float] = []
    over = threading.Event()
    with server() as (url, process), tempfile.TemporaryDirectory() as folder:
        before = direct(engine)
        watching = threading.Thread(target=_watch, args=(process, sizes, over))
        watching.start()
        began = time.monotonic()
        total = users(url, Path(folder))
        took = time.monotonic() - began
        over.set()
        watching.join()
        alone = (before + direct(engine)) / 2 / BATCH
    engine.close()
    count = int(total["Request Count"])
    third = len(sizes) // 3
    return Result(
        "load",
        machine(),
        {
            "requests": count,
            "errors": int(total["Failure Count"]),
            "requests a second": float(total["Requests/s"]),
            "p50, seconds": float(total["50%"]) / 1000,
            "p95, seconds": float(total["95%"]) / 1000,
            "time / engine's own for as many": took / (count * alone),
            "MB after a third": sizes[third],
            "MB after two thirds": sizes[2 * third],
            "MB at the end": sizes[-1],
        },
    )


def _watch(process: psutil.Process, sizes: list[float], over: threading.Event) -> None:
    while not over.wait(1.0):
        sizes.append(process.memory_info().rss / 1e6)


if __name__ == "__main__":
    run().show()
