"""Who may import whom, and the picture of it."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT

pytest.importorskip(
    "importlinter", reason="import-linter is not installed: pip install podgen[dev]"
)


def test_rooms_import_rooms_below_them() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_the_picture_is_what_the_code_is() -> None:
    drawing = runpy.run_path(str(ROOT / "scripts" / "draw_rooms.py"))["drawing"]
    assert (ROOT / "docs" / "rooms.svg").read_text(encoding="utf-8") == drawing()


def test_engines_hold_no_rules_of_a_language() -> None:
    """Words of figures, months and currencies stand in podgen/text alone."""
    telling = ("million", "January", "dollars", "Doctor", "kilomet", "underscore")
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in (ROOT / "podgen" / "engines").rglob("*.py")
        for word in telling
        if word in path.read_text(encoding="utf-8")
    ]
    assert not found
