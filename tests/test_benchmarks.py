"""The benchmarks run, on little; what they measure is not judged here."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("hibari", reason="the draft engine is not installed")


def test_the_mix_benchmark_measures_a_verified_episode(tmp_path: Path) -> None:
    from benchmarks import mix

    figures = mix.run(4, mix.store_clips(tmp_path, 4.0), mix.music(tmp_path), tmp_path)
    assert figures["ratio"] > 0
    assert figures["peak_megabytes"] > 10


def test_the_job_benchmark_runs_the_command_from_a_filled_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from benchmarks import job

    monkeypatch.chdir(Path(__file__).parents[1])
    figures = job.run(0.5).figures
    assert figures["turns"] == 8
    assert figures["preview_after_clip_seconds"] > 0


def test_the_check_benchmark_plans_a_book(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import check

    monkeypatch.setattr(check, "TURNS", 50)
    assert check.run().figures["plan_and_keys_seconds"] > 0
