"""The figures of a deliverable as the report shows them: what was asked, and whether it is so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podgen.audio.encode import FORMATS
from tests.conftest import CommandLine

pytest.importorskip("hibari", reason="the draft engine is not installed")


def test_every_figure_that_is_held_to_something_says_to_what(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    head = (
        "mastering: {channels: 1, bitrate: {mp3: 128, m4a: 96}, tolerance: 0.5, longest: 60, "
        f"noise_floor: -20}}\ndeliverables: [{', '.join(FORMATS)}]"
    )
    run = podgen("render", "-e", "hibari", write_show([("ADA", "Hello to you all.")], head))
    assert run.code == 0, run.err
    report = json.loads((podgen.folder / "dist" / "show" / "report.json").read_text())
    figures: dict[str, dict[str, Any]] = {
        file["format"]: {check["name"]: check for check in file["checks"]}
        for file in report["deliverables"]
    }
    for form, checks in figures.items():
        rate = "48000" if form == "opus" else "44100"
        assert (checks["sample rate"]["asked"], checks["sample rate"]["passed"]) == (rate, True)
        assert checks["channels"] == {
            "name": "channels", "measured": 1, "unit": "", "asked": "1", "passed": True
        }  # fmt: skip
        assert checks["integrated loudness"]["asked"] == "-16 ±0.5"
        assert (checks["longest"]["asked"], checks["longest"]["passed"]) == ("at most 60", True)
        assert checks["noise floor"]["passed"]
    asked = {form: checks["bit rate"]["asked"] for form, checks in figures.items()}
    assert asked == {"mp3": "128", "m4a": "at most 144", "opus": "", "wav": "", "flac": ""}
    assert figures["mp3"]["bit rate"]["passed"] and figures["m4a"]["bit rate"]["passed"]
    assert figures["opus"]["bit rate"]["passed"] is None


def test_a_missed_figure_is_told_once(podgen: CommandLine, write_show: Callable[..., Path]) -> None:
    head = "mastering: {longest: 1.2}"
    run = podgen("render", "-e", "hibari", write_show([("ADA", "Hello to you all, all.")], head))
    assert run.code == 5
    report = json.loads((podgen.folder / "dist" / "show.rejected" / "report.json").read_text())
    failed = [check for check in report["deliverables"][0]["checks"] if check["passed"] is False]
    assert [check["name"] for check in failed] == ["longest"]
