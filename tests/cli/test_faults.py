"""What goes wrong on real machines: kills, full disks, corrupt clips, missing parts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podgen.files import staging
from podgen.render.store import Store
from tests.conftest import CommandLine

pytest.importorskip("hibari", reason="the draft engine is not installed")
pytestmark = pytest.mark.slow

MANY = [
    ("ADA" if n % 2 else "BEN", f"This is turn number {n} of a rather long show about rain.")
    for n in range(30)
]


def wait_for_turns(process: subprocess.Popen[str], turns: int) -> None:
    assert process.stderr
    for line in process.stderr:
        if line.startswith(f"[{turns}/"):
            return
    pytest.fail("the render ended before it was interrupted")


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".") and path.is_file()]


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_render_ends_cleanly_and_goes_on_where_it_was(
    podgen: CommandLine, write_show: Callable[..., Path], sent: signal.Signals, code: int
) -> None:
    script = write_show(MANY)
    process = podgen.start("render", "-e", "hibari", script)
    wait_for_turns(process, 5)
    process.send_signal(sent)
    _, err = process.communicate(timeout=20)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert leftovers(podgen.folder) == []
    resumed = podgen("render", "-e", "hibari", "--json", script)
    assert resumed.code == 0, resumed.err
    assert 0 < len(resumed.named("spoke")) <= len(MANY) - 5


def test_a_render_killed_outright_resumes(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    script = write_show(MANY)
    process = podgen.start("render", "-e", "hibari", script)
    wait_for_turns(process, 5)
    process.kill()
    process.communicate()
    assert all(intact for _, intact in Store(podgen.store).verify())
    resumed = podgen("render", "-e", "hibari", "--json", script)
    assert resumed.code == 0, resumed.err
    assert len(resumed.named("spoke")) <= len(MANY) - 5


def test_two_renders_at_once_both_succeed(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    script = write_show(MANY[:12])
    processes = [
        podgen.start("render", "-e", "hibari", script, "-o", f"{name}/show.mp3") for name in "ab"
    ]
    for process in processes:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    episodes = [(podgen.folder / name / "show.mp3").read_bytes() for name in "ab"]
    assert episodes[0] == episodes[1]


@pytest.mark.parametrize("kind", ["takes", "dressed", "both"])
def test_a_corrupt_clip_is_rendered_again_and_reported(
    podgen: CommandLine, write_show: Callable[..., Path], kind: str
) -> None:
    script = write_show(MANY[:3])
    assert podgen("render", "-e", "hibari", script).code == 0
    before = (podgen.folder / "dist" / "show.mp3").read_bytes()
    for path in podgen.store.rglob("*.wav"):
        if kind in (path.parent.parent.name, "both"):
            data = bytearray(path.read_bytes())
            data[1000:1200] = bytes(byte ^ 85 for byte in data[1000:1200])
            path.write_bytes(data)
    run = podgen("render", "-e", "hibari", "--json", script)
    assert run.code == 0, run.err
    # A take that nothing reads any more is not missed: its dressed clip is whole.
    assert len(run.named("spoke")) == (3 if kind == "both" else 0)
    assert bool(run.named("warning")) == (kind != "takes")
    assert (podgen.folder / "dist" / "show.mp3").read_bytes() == before


def test_cache_verify_finds_and_removes_corrupt_clips(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    assert podgen("render", "-e", "hibari", write_show(MANY[:2])).code == 0
    victim = next(podgen.store.rglob("takes/*/*.wav"))
    victim.write_bytes(victim.read_bytes()[:-8])
    run = podgen("cache", "verify")
    assert f"corrupt, removed: takes {victim.stem}" in run.out
    assert "6 clips, 1 corrupt" in run.out
    assert "0 corrupt" in podgen("cache", "verify").out


def test_a_missing_ffmpeg_is_a_machine_error(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    run = podgen("render", "-e", "hibari", write_show(MANY[:2]), PODGEN_FFMPEG="/nowhere/ffmpeg")
    assert run.code == 4
    assert "PODGEN_FFMPEG" in run.err
    assert "Traceback" not in run.err
    assert not (podgen.folder / "dist" / "show.mp3").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts tmpfs of a given size; needs root on Linux."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    mounted: list[Path] = []

    def mount(size: str) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
            capture_output=True,
        )
        if done.returncode:
            pytest.skip("this machine does not let tests mount a tmpfs")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=False)


def test_a_full_disk_under_the_store_is_said_and_harms_nothing(
    podgen: CommandLine, write_show: Callable[..., Path], small_disk: Callable[[str], Path]
) -> None:
    disk = small_disk("2m")
    script = write_show(MANY[:20])
    run = podgen("render", "-e", "hibari", script, "--store", disk / "store")
    assert run.code == 4, run.err
    assert "no space left" in run.err
    assert len(run.err.strip().splitlines()[-1]) < 300
    assert leftovers(disk) == []
    assert all(intact for _, intact in Store(disk / "store").verify())
    assert any(True for _ in Store(disk / "store").entries())


def test_a_full_disk_under_the_episode_leaves_no_half_episode(
    podgen: CommandLine, write_show: Callable[..., Path], small_disk: Callable[[str], Path]
) -> None:
    disk = small_disk("128k")
    run = podgen("render", "-e", "hibari", write_show(MANY[:10]), "-o", disk / "show.mp3")
    assert run.code == 4, run.err
    assert "no space left" in run.err or "disk is full" in run.err
    assert not (disk / "show.mp3").exists()
    assert leftovers(disk) == []


def test_an_unreachable_target_fails_and_keeps_the_last_good_episode(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    assert podgen("render", "-e", "hibari", write_show(MANY[:3])).code == 0
    before = (podgen.folder / "dist" / "show.mp3").read_bytes()
    impossible = "mastering: {preset: apple, loudness: -6, true_peak: -12}"
    run = podgen("render", "-e", "hibari", write_show(MANY[:3], impossible))
    assert run.code == 5, run.err
    assert "LUFS" in run.err
    assert (podgen.folder / "dist" / "show.mp3").read_bytes() == before
    assert (podgen.folder / "dist" / "show.rejected.mp3").exists()
    # The last good episode keeps its companions; those of the rejected one stand with it.
    assert json.loads((podgen.folder / "dist/show/report.json").read_text())["passed"]
    assert not json.loads((podgen.folder / "dist/show.rejected/report.json").read_text())["passed"]
    # Once it is as asked again, all of the rejected one goes.
    assert podgen("render", "-e", "hibari", write_show(MANY[:3])).code == 0
    assert sorted(path.name for path in (podgen.folder / "dist").iterdir()) == ["show", "show.mp3"]


def test_what_a_killed_render_left_is_swept_by_the_next(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    """Killed while it masters and writes stems, four times over: nothing gathers."""
    script = write_show(MANY, "stems: true")
    assert podgen("render", "-e", "hibari", script).code == 0
    dist = podgen.folder / "dist"
    (dist / ".hidden").write_text("the user's")
    for step in ("measuring", "encoding", "verifying", "stems"):
        process = podgen.start("render", "-e", "hibari", script)
        assert process.stderr
        assert any(line.startswith(step) for line in process.stderr)
        process.kill()
        process.communicate(timeout=20)
    left = [path.name for path in dist.iterdir() if path.name.startswith(".")]
    assert len(left) == 2, left
    with staging(dist) as living:
        assert podgen("render", "-e", "hibari", script).code == 0
        names = {path.name for path in dist.iterdir() if path.name.startswith(".")}
        assert names == {living.name, ".hidden"}


def test_a_bug_is_told_from_a_users_error(tmp_path: Path) -> None:
    """Whatever podgen does not expect ends in a traceback and the request to report it."""
    program = (
        "import podgen.doctor, podgen.__main__\n"
        "podgen.doctor.diagnose = lambda: 1 / 0\n"
        "podgen.__main__.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "doctor"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "Please report it" in done.stderr


@pytest.mark.parametrize(("end", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_a_compiled_module_is_loaded_is_no_bug(
    tmp_path: Path, end: signal.Signals, code: int
) -> None:
    """Such a module makes an ImportError of it, as pybind11's do."""
    program = (
        "import os, signal, podgen.doctor, podgen.__main__\n"
        "def load():\n"
        "    try:\n"
        f"        signal.raise_signal({int(end)})\n"
        "    except BaseException as error:\n"
        "        raise ImportError('initialization failed') from error\n"
        "podgen.doctor.diagnose = load\n"
        "podgen.__main__.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "doctor"], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (code, "interrupted\n")


def test_fetching_without_a_network_is_a_machine_error(podgen: CommandLine) -> None:
    run = podgen("fetch", https_proxy="http://127.0.0.1:9", XDG_CACHE_HOME=str(podgen.folder))
    assert run.code == 4
    assert "cannot download Kokoro's weights" in run.err


def test_an_output_that_cannot_be_made_is_known_before_anything_is_spoken(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    (podgen.folder / "taken").write_text("a file, not a folder")
    run = podgen("render", "-e", "hibari", write_show(MANY[:2]), "-o", "taken/show.mp3")
    assert run.code == 2, run.err
    assert "taken/show.mp3 cannot be written: taken is no folder" in run.err
    assert "[1/" not in run.err
