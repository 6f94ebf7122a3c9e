"""A make dependency file: what an episode is made from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from podgen.files import write_text


def write_depfile(
    path: Path, target: Path, sources: Iterable[Path], possible: Iterable[Path] = ()
) -> None:
    """Write the rule `target: sources` and an empty rule for each source.

    The empty rules let make go on when a source was deleted or renamed; the target is then made
    again. A `possible` source need not exist yet: the target is made again once it does.
    """
    names = [_escaped(source) for source in dict.fromkeys(sources)]
    # The name is written out, since wildcard returns it without its backslashes.
    later = [f"$(if $(wildcard {name}),{name})" for name in map(_escaped, possible)]
    rule = " \\\n ".join([f"{_escaped(target)}:", *names, *later])
    rest = "".join(f"\n{name}:\n" for name in names)
    write_text(path, f"{rule}\n{rest}")


def _escaped(path: Path) -> str:
    """A path as make reads it: blanks and # behind a backslash, $ doubled."""
    return re.sub(r"([ #\t])", r"\\\1", str(path)).replace("$", "$$")
