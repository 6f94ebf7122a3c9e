from collections.abc import Callable
from pathlib import Path

import pytest

from podgen.casting import cast
from podgen.errors import ScriptError
from podgen.show import read_show
from tests.support.pictures import png

ENGINES = ("voxtral", "kokoro", "hibari")
PNG = png(8, 8)
Lines = Callable[[str], list[str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with some files to name; three levels below any voices file."""
    folder = tmp_path / "a" / "b" / "c" / "d"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    (folder / "m.wav").write_bytes(b"x")
    (folder / "cover.png").write_bytes(PNG)
    (folder / "fake.png").write_bytes(b"GIF89a")
    return folder


@pytest.fixture
def faults(folder: Path) -> Lines:
    """The problems of a script, one a line, as `podgen check` would print them."""

    def read(script: str) -> list[str]:
        (folder / "s.yaml").write_text(script, encoding="utf-8")
        try:
            show, problems = read_show("s.yaml")
            if not problems:
                cast(show, engine=None, usable=ENGINES, known=ENGINES)
        except ScriptError as error:
            problems = list(error.problems)
        return [str(problem) for problem in problems]

    return read
