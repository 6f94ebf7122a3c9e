"""The show that `podgen init` begins with."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from podgen.errors import ScriptError
from podgen.files import write_text

FILES = ("show.yaml", "voices.yaml")


def write_starter(folder: Path) -> list[Path]:
    """Write a two-voice show into `folder`, which is made if need be; the paths written.

    Raises:
        ScriptError: a file of that name is there already; nothing is written then.
    """
    source = resources.files("podgen") / "data" / "starter"
    targets = [folder / name for name in FILES]
    for target in targets:
        if target.exists():
            raise ScriptError(f"{target} exists already", "choose another folder")
    for target in targets:
        write_text(target, (source / target.name).read_text(encoding="utf-8"))
    return targets
