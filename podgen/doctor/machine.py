"""What this machine can run, how fast, and what it lacks."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from time import monotonic

from podgen import __version__
from podgen.doctor.finding import Finding
from podgen.engines import REGISTRY, create
from podgen.engines.base import Engine, ForetellsSpeed, Utterance
from podgen.errors import PodgenError

_SENTENCES = (
    "The tide was out, and the two of them walked along the shore for an hour without a word.",
    "When they came back to the harbour, the boats had gone and the lamps were already lit.",
)


def diagnose() -> Iterator[Finding]:
    """Look at Python, ffmpeg, the store's disk and every engine, which speaks a sentence.

    An engine that takes long to load says instead how fast it should be.
    """
    yield from (_python(), _ffmpeg(), _store())
    yield from _engines()


def _python() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.machine()}, {cores} cores"
    version = platform.python_version()
    return Finding(
        f"podgen {__version__}", True, f"Python {version} at {sys.executable} on {system}"
    )


def _ffmpeg() -> Finding:
    from podgen.audio.ffmpeg import find

    try:
        found = find()
    except PodgenError as error:
        return Finding("ffmpeg", False, str(error))
    return Finding("ffmpeg", True, f"{found.version} at {found.path} ({found.origin})")


def _store() -> Finding:
    from podgen.files import size_text
    from podgen.render.store import Store

    root = Store().root
    existing = next(parent for parent in (root, *root.parents) if parent.exists())
    free = size_text(shutil.disk_usage(existing).free)
    if not os.access(existing, os.W_OK):
        return Finding("store", False, f"{root} cannot be written; set PODGEN_STORE")
    return Finding("store", True, f"{root}, {free} free")


def _engines() -> Iterator[Finding]:
    engines = [create(name) for name in REGISTRY]
    states = [engine.availability() for engine in engines]
    lonely = not any(state.usable for state in states)
    for engine, state in zip(engines, states, strict=True):
        name = f"engine {engine.name}"
        if isinstance(engine, ForetellsSpeed):
            yield Finding(name, state.usable, state.reason, lonely, engine.outlook())
            continue
        try:
            speed = _timed(engine) if state.usable else ""
        except PodgenError as error:
            yield Finding(name, False, str(error), lonely)
        else:
            yield Finding(name, state.usable, state.reason, lonely, speed)
        finally:
            engine.close()


def _timed(engine: Engine) -> str:
    voice = engine.voices()[0]

    def seconds(texts: Sequence[str]) -> float:
        batch = [Utterance(text, text, voice.name, voice.language) for text in texts]
        return sum(len(s.samples) / s.sample_rate for s in engine.synthesize(batch))

    seconds(["Hello."])  # loads it
    begun = monotonic()
    rate = seconds(_SENTENCES) / (monotonic() - begun)
    return f"{float(f'{rate:.2g}'):g} s of sound a second, measured now"
