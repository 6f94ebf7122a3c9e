"""What the speech server costs over calling the engine, and whether its memory grows.

The same texts are spoken by the engine itself and by a server of it, in turns, so that a busy
machine slows both alike; the client is a process of its own. Run: `python -m benchmarks.serve`.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from statistics import median
from typing import Any

import httpx
import psutil

from benchmarks.results import Result, machine
from podgen.engines import create
from podgen.engines.base import Engine, Utterance

ROUNDS = 3
BATCH = 64
REQUESTS = 2000
SETTLED = 400  # requests after which allocators and caches have taken what they take
TEXTS = [
    f"This is sentence number {n} of the batch, and it is as long as one in a dialogue. "
    "It is followed by a second one."
    for n in range(BATCH)
]


@contextmanager
def server(engine: str = "hibari") -> Iterator[tuple[str, psutil.Process]]:
    """The address of a server of the engine, once it can speak, and its process."""
    argv = [sys.executable, "-m", "podgen", "serve", "--engine", engine, "--port", "0"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        match = re.search(r"http://\S+", child.stderr.readline())
        assert match
        # What it logs goes nowhere; an unread pipe would stop it.
        drain = subprocess.Popen(["cat"], stdin=child.stderr, stdout=subprocess.DEVNULL)
        url = match[0]
        try:
            while httpx.get(f"{url.removesuffix('/v1')}/ready").status_code != 200:
                time.sleep(0.1)
            yield url, psutil.Process(child.pid)
        finally:
            child.terminate()
            drain.wait()


def direct(engine: Engine) -> float:
    """Seconds that the engine takes for the batch."""
    batch = [Utterance(str(n), text, "heart") for n, text in enumerate(TEXTS)]
    began = time.perf_counter()
    assert sum(1 for _ in engine.synthesize(batch)) == BATCH
    return time.perf_counter() - began


async def ask(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> None:
    async with client.stream("POST", f"{url}/audio/speech", json=body) as reply:
        assert reply.status_code == 200, await reply.aread()
        async for _ in reply.aiter_raw():
            pass


def served(url: str, bodies: Sequence[dict[str, Any]], at_once: int) -> float:
    """Seconds that a server takes for requests, `at_once` of them open."""

    async def all_of_them() -> None:
        limits = httpx.Limits(max_connections=at_once)
        async with httpx.AsyncClient(limits=limits, timeout=None) as client:
            await asyncio.gather(*[ask(client, url, body) for body in bodies])

    began = time.perf_counter()
    asyncio.run(all_of_them())
    return time.perf_counter() - began


def threads(process: psutil.Process) -> list[float]:
    """Seconds of processor by thread, the engine's (which uses the most) first."""
    return sorted((t.user_time + t.system_time for t in process.threads()), reverse=True)


def overhead(url: str, process: psutil.Process) -> dict[str, float]:
    """Ratios of the server's time to the engine's, the batch full.

    Where other work fills the machine the clock says little; the processor time of the server's
    other threads beside that of the engine's thread still does.
    """
    engine = create("hibari")
    whole = [{"input": text, "voice": "heart", "response_format": "wav"} for text in TEXTS]
    streams = [{**body, "stream_format": "audio"} for body in whole]
    direct(engine), served(url, whole, BATCH), served(url, streams, BATCH)
    clock = []
    work = []
    for _ in range(ROUNDS):
        alone = direct(engine)
        marks = [threads(process)]
        times = []
        for bodies in (whole, streams):
            times.append(served(url, bodies, BATCH) / alone)
            marks.append(threads(process))
        clock.append(times)
        work.append([_others(before, after) for before, after in pairwise(marks)])
    engine.close()
    return {
        "server / engine, clock": median(asked for asked, _ in clock),
        "streaming / engine, clock": median(streamed for _, streamed in clock),
        "server / engine, processor": 1 + median(asked for asked, _ in work),
        "streaming / engine, processor": 1 + median(streamed for _, streamed in work),
    }


def _others(before: list[float], after: list[float]) -> float:
    """What all other threads used between two marks, as a share of what the engine's did."""
    return (sum(after[1:]) - sum(before[1:])) / (after[0] - before[0])


def memory(url: str, process: psutil.Process) -> dict[str, float]:
    """The server's resident memory in MB as it answers requests of every kind."""
    kinds = [
        {"response_format": "wav"},
        {"response_format": "pcm", "stream_format": "audio"},
        {"stream": True},
        {"response_format": "wav", "instructions": "softly"},
    ]
    sizes = []
    done = 0
    for upto in (SETTLED, REQUESTS // 2, REQUESTS):
        bodies = [
            {"input": f"Request {n} is here.", "voice": "heart", **kinds[n % 3]}
            for n in range(done, upto)
        ]
        served(url, bodies, BATCH)
        refused = {"input": "Hello.", "voice": "heart", **kinds[3]}
        for _ in range(20):
            assert httpx.post(f"{url}/audio/speech", json=refused).status_code == 400
        done = upto
        sizes.append(process.memory_info().rss / 1e6)
    return {
        f"MB after {SETTLED}": sizes[0],
        f"MB after {REQUESTS // 2}": sizes[1],
        f"MB after {REQUESTS}": sizes[2],
        f"MB grown from {REQUESTS // 2} to {REQUESTS}": sizes[2] - sizes[1],
    }


def run() -> Result:
    """Overhead and memory of `podgen serve` with the draft engine."""
    with server() as (url, process):
        return Result("serve", machine(), {**overhead(url, process), **memory(url, process)})


if __name__ == "__main__":
    run().show()
