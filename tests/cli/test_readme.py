"""The README's commands, as written, in a fresh copy of the project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's files as git has them, with this environment standing in for `.venv`."""
    folder = tmp_path_factory.mktemp("podgen")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / part).symlink_to(Path(sys.prefix) / part)
    (folder / ".venv" / "installed").touch()
    return folder


def run(command: str, checkout: Path) -> None:
    environment = {**os.environ, "PODGEN_STORE": str(checkout / "store")}
    environment.pop("MAKEFLAGS", None)
    done = subprocess.run(
        command, shell=True, cwd=checkout, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_the_first_two_commands_are_the_episode_and_the_tests() -> None:
    assert commands()[:2] == ["make demo", "make test"]


def test_every_command_works_as_written(checkout: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the Kokoro engine is not installed")
    for command in commands():
        if command != "make test":  # that is what is running now
            run(command, checkout)
    report = json.loads((checkout / "dist/pilot/report.json").read_text())
    assert report["passed"]
    assert 120 < report["episode"]["duration"] < 300
    # Asking again makes nothing; a changed word makes the episode again.
    made = (checkout / "dist/pilot.mp3").stat().st_mtime_ns
    run("make demo", checkout)
    assert (checkout / "dist/pilot.mp3").stat().st_mtime_ns == made
    lexicon = checkout / "shows/lexicon.yaml"
    lexicon.write_text(lexicon.read_text() + "\nunspoken: unspoken\n")
    run("make demo", checkout)
    assert (checkout / "dist/pilot.mp3").stat().st_mtime_ns > made
