"""How many cores this process may use."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "PODGEN_CPUS"
_CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def available_cpus(limit: Path = _CGROUP_LIMIT) -> int:
    """The cores this process may run on: its affinity, and a container's quota rounded up; no more
    than `PODGEN_CPUS` allots it."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS has no affinity
        count = os.cpu_count() or 1
    try:
        quota, period = limit.read_text(encoding="ascii").split()
        count = min(count, -(-int(quota) // int(period)))
    except (OSError, ValueError):  # no cgroup v2, or its quota is "max"
        pass
    allotted = os.environ.get(VARIABLE, "")
    return max(1, min(count, int(allotted)) if allotted.isdecimal() else count)
