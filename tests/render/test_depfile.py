"""The dependency file, as make itself reads it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from podgen.render.depfile import write_depfile

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

MAKEFILE = "all: dist/a\\ show.mp3\ndist/%.mp3:\n\t@echo made\n-include dist/show.d\n"


def outdated(folder: Path) -> bool:
    done = subprocess.run(
        ["make", "-s", "all"], cwd=folder, capture_output=True, text=True, check=True
    )
    return "made" in done.stdout


def test_make_rebuilds_exactly_when_a_source_changed_or_went(tmp_path: Path) -> None:
    sources = [Path("show.yaml"), Path("my voices.yaml"), Path("a#b$c.flac")]
    (tmp_path / "dist").mkdir()
    (tmp_path / "Makefile").write_text(MAKEFILE)
    target = Path("dist/a show.mp3")
    for age, source in enumerate([*sources, target]):
        (tmp_path / source).write_text("")
        os.utime(tmp_path / source, (1000 + age, 1000 + age))
    write_depfile(tmp_path / "dist/show.d", target, sources)
    assert not outdated(tmp_path)
    for source in sources:
        os.utime(tmp_path / source, (2000, 2000))
        assert outdated(tmp_path), source
        os.utime(tmp_path / source, (1000, 1000))
    (tmp_path / sources[1]).unlink()
    assert outdated(tmp_path)


def test_a_file_that_comes_into_being_counts_from_then_on(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "Makefile").write_text(MAKEFILE)
    target, lock = Path("dist/a show.mp3"), Path("my show.lock.yaml")
    (tmp_path / target).write_text("")
    write_depfile(tmp_path / "dist/show.d", target, [], possible=[lock])
    assert not outdated(tmp_path)
    (tmp_path / lock).write_text("")
    os.utime(tmp_path / target, (1000, 1000))
    assert outdated(tmp_path)
