from __future__ import annotations

import os
from pathlib import Path

import pytest

from podgen.engines.workers import available_cpus


@pytest.mark.parametrize(("quota", "most"), [("50000 100000", 1), ("max 100000", 10_000)])
def test_a_containers_quota_is_respected(tmp_path: Path, quota: str, most: int) -> None:
    limit = tmp_path / "cpu.max"
    limit.write_text(quota)
    assert 1 <= available_cpus(limit) <= most


def test_affinity_is_respected(tmp_path: Path) -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no affinity")
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert available_cpus(tmp_path / "none") == 1
    finally:
        os.sched_setaffinity(0, before)
