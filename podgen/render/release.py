"""What a render made, put in its place at once, and what podgen wrote there before, taken away.

A render is made in a folder of its own beside its place. Only when all of it is there is it renamed
file by file, which no signal interrupts. The companions' folder keeps a list of what podgen wrote,
and nothing else is ever removed: a file that its user changed or replaced is no longer on it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from podgen.files import hold, remove, uninterrupted, write_text, writing_failed
from podgen.render.outputs import Outputs

LIST = ".podgen.json"
"""The list of what podgen wrote, in the companions' folder."""

Stamps = Mapping[Path, tuple[int, int]]
"""Files with their size and their time of change in nanoseconds."""


def publish(
    made: Outputs, place: Outputs, *, kept: Iterable[Path], superseded: Outputs | None
) -> None:
    """Put all files of `made` under the names of `place`.

    What an earlier render put there and this one did not make is removed, but for `kept`; and so is
    all of `superseded`.

    Raises:
        MachineError: a file cannot be moved there.
    """
    staged = {
        **{source: place.paths[form] for form, source in made.paths.items()},
        **{
            source: place.folder / source.relative_to(made.folder)
            for source in made.folder.rglob("*")
            if source.is_file()
        },
    }
    with _locked(place.folder), uninterrupted():
        before = written(place.folder)
        now = {_real(target): _stamp(source) for source, target in staged.items()}
        now |= {path: before[path] for path in map(_real, kept) if path in before}
        _write_list(place.folder, {**before, **now})
        for source, target in staged.items():
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                source.replace(target)
            except OSError as error:
                raise writing_failed(target, error) from error
        _write_list(place.folder, now)
        _take_away(before.keys() - now.keys(), place.folder)
        if superseded:
            withdraw(superseded)


def withdraw(outputs: Outputs) -> None:
    """Remove what podgen wrote to `outputs`, and its folder if nothing else is in it."""
    stale = written(outputs.folder)
    if stale:
        remove(outputs.folder / LIST)
        _take_away(stale.keys(), outputs.folder)
        with contextlib.suppress(OSError):
            outputs.folder.rmdir()


def written(folder: Path) -> Stamps:
    """What podgen wrote for the companions' folder `folder` and nobody has changed since."""
    try:
        listed = json.loads((folder / LIST).read_bytes())["files"]
        stamps = {
            _real(folder / name): (int(size), int(changed))
            for name, (size, changed) in listed.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    found = {}
    for path, stamp in stamps.items():
        with contextlib.suppress(OSError):
            if path.is_relative_to(folder.parent.resolve()) and _stamp(path) == stamp:
                found[path] = stamp
    return found


def _real(path: Path) -> Path:
    return path.parent.resolve() / path.name


def _stamp(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_size, status.st_mtime_ns


def _write_list(folder: Path, stamps: Stamps) -> None:
    files = {
        Path(os.path.relpath(path, folder.resolve())).as_posix(): list(stamp)
        for path, stamp in sorted(stamps.items())
    }
    write_text(folder / LIST, json.dumps({"files": files}, indent=1) + "\n")


def _take_away(stale: Collection[Path], folder: Path) -> None:
    for path in stale:
        remove(path)
    staying = {folder.resolve(), folder.resolve().parent}
    for within in {path.parent for path in stale} - staying:
        with contextlib.suppress(OSError):
            within.rmdir()  # only an empty one goes


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Of renders of one episode at once, one after the other puts its files in place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise writing_failed(folder, error) from error
    try:
        hold(lock)
        yield
    finally:
        os.close(lock)
