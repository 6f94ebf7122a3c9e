"""What this machine can run, and what it lacks."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from podgen import __version__
from podgen.engines import REGISTRY, create
from podgen.errors import PodgenError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is in order, and the figure or remedy."""

    what: str
    good: bool
    detail: str
    needed: bool = True
    """Whether podgen cannot render at all without it."""


def diagnose() -> list[Finding]:
    """Look at Python, ffmpeg, the store's disk and every engine. Loads no weights."""
    return [_python(), _ffmpeg(), _store(), *_engines()]


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
    return Finding("ffmpeg", True, f"{found.version} at {found.path}")


def _store() -> Finding:
    from podgen.console import size_text
    from podgen.render.store import Store

    root = Store().root
    existing = next(parent for parent in (root, *root.parents) if parent.exists())
    free = size_text(shutil.disk_usage(existing).free)
    if not os.access(existing, os.W_OK):
        return Finding("store", False, f"{root} cannot be written; set PODGEN_STORE")
    return Finding("store", True, f"{root}, {free} free")


def _engines() -> Iterator[Finding]:
    states = {name: create(name).availability() for name in REGISTRY}
    lonely = not any(state.usable for state in states.values())
    for name, state in states.items():
        yield Finding(f"engine {name}", state.usable, state.reason, needed=lonely)
