"""Files that appear whole or not at all, and what killed processes left of theirs."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from podgen.errors import MachineError
from podgen.files import TEMPORARY_PREFIX, staging, sweep, uninterrupted, whole_file


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with whole_file(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    with pytest.raises(LookupError), whole_file(target) as temporary:
        temporary.write_text("half")
        raise LookupError
    assert target.read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_a_killed_process_left_is_swept_and_a_living_ones_is_not(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom podgen.files import staging\n"
        "with staging(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'half.wav').write_bytes(b'x' * 1000)\n"
        "    print(folder.name, flush=True)\n    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    left = tmp_path / process.stdout.readline().strip()
    with staging(tmp_path) as mine:
        assert sweep(tmp_path) == 0
        assert left.exists()
        process.kill()
        process.communicate(timeout=10)
        assert sweep(tmp_path) == 1000
        assert not left.exists()
        assert mine.exists()
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_are_never_swept(tmp_path: Path) -> None:
    for name in (".hidden", "writing-1.wav", ".writing"):
        (tmp_path / name).write_text("the user's")
    os.mkfifo(tmp_path / f"{TEMPORARY_PREFIX}pipe")
    sweep(tmp_path)
    assert {".hidden", "writing-1.wav", ".writing"} <= {path.name for path in tmp_path.iterdir()}


def test_a_disk_without_locks_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
        assert sweep(tmp_path) == 0
        assert temporary.exists()
    assert (tmp_path / "a.txt").read_text() == "whole"


def test_a_signal_waits_for_the_end(tmp_path: Path) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        signal.raise_signal(signal.SIGINT)
        done.append("all of it")
    assert done == ["all of it"]


def test_where_nothing_can_be_written_is_a_machine_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(MachineError, match="cannot write"), whole_file(tmp_path / "taken" / "a"):
        pass
    with pytest.raises(MachineError, match="cannot write"), staging(tmp_path / "taken"):
        pass
