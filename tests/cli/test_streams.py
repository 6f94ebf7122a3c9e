"""What becomes of standard output and error never costs an episode or changes the exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CommandLine

pytest.importorskip("hibari", reason="the draft engine is not installed")
pytestmark = pytest.mark.common_store

TURNS = [("ADA", "Good morning, Ben."), ("BEN", "Good morning to you.")]
STREAMS = [
    "2>&-",
    ">&-",
    ">&- 2>&-",
    "<&- >&- 2>&-",
    ">/dev/full",
    "2>/dev/full",
    ">/dev/full 2>/dev/full",
    "| true",
    "2>&1 | true",
]


def in_shell(podgen: CommandLine, line: str) -> subprocess.CompletedProcess[str]:
    command = f"set -o pipefail; {sys.executable} -m podgen {line}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=podgen.folder,
        env=podgen.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
@pytest.mark.parametrize("streams", STREAMS)
@pytest.mark.parametrize("how", ["", "--json"])
def test_a_render_does_not_need_anyone_to_read_it(
    podgen: CommandLine, write_show: Callable[..., Path], streams: str, how: str
) -> None:
    write_show(TURNS)
    run = in_shell(podgen, f"render -e hibari {how} show.yaml {streams}")
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    assert (podgen.folder / "dist" / "show.mp3").stat().st_size > 20_000
    assert (podgen.folder / "dist" / "show" / "report.html").exists()


@pytest.mark.parametrize(("line", "code"), [("render nope.yaml", 2), ("check nope.yaml", 2)])
@pytest.mark.parametrize("streams", ["2>&-", ">&- 2>&-", "2>/dev/full"])
def test_an_error_keeps_its_exit_code(
    podgen: CommandLine, line: str, code: int, streams: str
) -> None:
    assert in_shell(podgen, f"{line} {streams}").returncode == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
@pytest.mark.parametrize("command", ["schema", "voices -e hibari --json"])
def test_what_only_prints_fails_where_it_cannot(podgen: CommandLine, command: str) -> None:
    full = in_shell(podgen, f"{command} >/dev/full")
    assert full.returncode == 4
    assert full.stderr.startswith("standard output cannot be written: No space left on device")
    enough = in_shell(podgen, f"{command} | head -c 1")
    assert (enough.returncode, enough.stdout, enough.stderr) == (0, "{", "")


def test_what_a_terminal_cannot_show_is_escaped(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    script = write_show([("ADA", "Grüezi, Zoë.")], "title: Zoë")
    run = podgen("check", "-e", "hibari", "--spoken", script, PYTHONIOENCODING="ascii")
    assert "Zo\\xeb" in run.out or run.code == 2  # German words an English voice may refuse
    assert "Traceback" not in run.err


def test_a_name_that_is_no_text_is_a_users_error(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    script = write_show(TURNS)
    odd = podgen.folder / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    (odd / "show.yaml").write_text(script.read_text())
    for arguments in (
        ["render", "-e", "hibari", odd / "show.yaml"],
        ["render", "-e", "hibari", odd / "nope.yaml"],
        ["render", "-e", "hibari", script, "-o", b"caf\xe9.mp3"],
        ["render", "-e", "hibari", script, "--depfile", b"caf\xe9.d"],
    ):
        run = subprocess.run(
            [*map(os.fsencode, podgen.argv()), *map(os.fsencode, arguments)],
            cwd=podgen.folder,
            env=podgen.environment,
            capture_output=True,
        )
        assert run.returncode == 2, run.stderr
        assert b"name is not UTF-8" in run.stderr
        assert b"Traceback" not in run.stderr


def test_a_problem_is_one_line(podgen: CommandLine, tmp_path: Path) -> None:
    script = tmp_path / "show.yaml"
    script.write_text('cover: "a\\nb\\e[31m.png"\nturns:\n- ADA: Hello there.\n')
    run = podgen("check", script)
    assert run.code == 2
    assert all(line.startswith(str(script)) for line in run.err.splitlines())
    assert "\x1b" not in run.err


def test_a_store_that_is_not_there_is_said(podgen: CommandLine) -> None:
    for command in (["ls"], ["verify"], ["prune", "--unused-days", "1"]):
        run = podgen("cache", *command, "--store", "typo")
        assert run.code == 2
        assert "no store at typo" in run.err
