"""Which scripts a job is about: files as they are given, and the scripts of folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from podgen.errors import ScriptError
from podgen.show.source import read_source

_SUFFIXES = (".yaml", ".yml")


def find_scripts(given: Sequence[Path]) -> tuple[Path, ...]:
    """The scripts in the order given, those of a folder by name; each once.

    Raises:
        ScriptError: a folder has none.
    """
    found: dict[Path, Path] = {}
    for path in given:
        scripts = list(_scripts_in(path)) if path.is_dir() else [path]
        if not scripts:
            what = f"{path} holds no script"
            raise ScriptError(what, "a script is a .yaml file with a list of turns")
        for script in scripts:
            found.setdefault(script.resolve(), script)
    return tuple(found.values())


def _scripts_in(folder: Path) -> Iterator[Path]:
    """Not the voices, lexicon and lock files that lie among them."""
    for path in sorted(folder.iterdir()):
        if path.suffix not in _SUFFIXES or not path.is_file():
            continue
        try:
            value = read_source(path, "script").value
        except ScriptError:
            yield path  # what is wrong with it is told with what is wrong with the others
            continue
        if isinstance(value, dict) and isinstance(value.get("turns"), list):
            yield path
