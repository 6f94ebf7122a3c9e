"""What several test folders use: the command line as a user runs it, and small shows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.pictures import png

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Begun in the background by a shell without job control; what is begun here must hear ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# podgen's modules are compiled once, not by each of the hundreds of processes that tests begin.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

VOICES = """\
characters:
  ADA: {voices: {hibari: heart, kokoro: af_heart}, pan: -0.2}
  BEN: {voices: {hibari: heart, kokoro: bm_daniel}, pan: 0.2}
"""


@dataclass(frozen=True)
class Run:
    """A finished run of the command line."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """What --json printed."""
        return [json.loads(line) for line in self.out.splitlines()]

    def named(self, name: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [event for event in self.events if event["event"] == name]


@dataclass(frozen=True)
class CommandLine:
    """Runs podgen in a folder of its own with a store of its own."""

    folder: Path
    store: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PODGEN_STORE": str(self.store), "COLUMNS": "200"}

    def argv(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "podgen", *map(str, arguments)]

    def __call__(self, *arguments: str | Path, **environment: str) -> Run:
        done = subprocess.run(
            self.argv(*arguments),
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Begin a run that the test will end."""
        return subprocess.Popen(
            self.argv(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker has one left when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def common_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def podgen(request: pytest.FixtureRequest, tmp_path: Path, common_store: Path) -> CommandLine:
    """The command line, with a store of its own unless the test is marked `common_store`: then what
    others spoke is there."""
    shared = request.node.get_closest_marker("common_store")
    return CommandLine(tmp_path, common_store if shared else tmp_path / "store")


@pytest.fixture
def write_show(tmp_path: Path) -> Callable[..., Path]:
    """Write a script of `(speaker, text)` turns or ready YAML items, with its voices file."""

    def write(turns: Sequence[tuple[str, str] | str], head: str = "", name: str = "show") -> Path:
        (tmp_path / "voices.yaml").write_text(VOICES)
        items = [
            item if isinstance(item, str) else f"- {item[0]}: {json.dumps(item[1])}"
            for item in turns
        ]
        script = tmp_path / f"{name}.yaml"
        script.write_text("\n".join(["title: Test", head, "turns:", *items]) + "\n")
        return script

    return write


@pytest.fixture
def cover(tmp_path: Path) -> Path:
    path = tmp_path / "cover.png"
    path.write_bytes(png(20, 10))
    return path
