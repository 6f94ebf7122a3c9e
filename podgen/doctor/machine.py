"""What this machine can run, how fast, and what it lacks."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator

from podgen import __version__
from podgen.doctor.finding import Finding
from podgen.engines import REGISTRY, create
from podgen.engines.speed import speed_of
from podgen.errors import PodgenError


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
        try:
            speed = speed_of(engine, usable=state.usable)
        except PodgenError as error:
            yield Finding(name, False, str(error), lonely)
        else:
            yield Finding(name, state.usable, state.reason, lonely, speed)
        finally:
            engine.close()
