"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from podgen.errors import MachineError

TEMPORARY_PREFIX = ".writing-"
"""How the names of unfinished files begin; what a killed process left can be told by it."""


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name if the block succeeds.

    The temporary keeps the suffix, since some writers choose the format by it.

    Raises:
        MachineError: the disk is full, or the folder cannot be written.
    """
    temporary = path.with_name(
        f"{TEMPORARY_PREFIX}{os.getpid()}-{os.urandom(4).hex()}{path.suffix}"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise writing_failed(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are not there.

    Raises:
        MachineError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise writing_failed(folder, error) from error


def sweep(folder: Path) -> None:
    """Remove the unfinished files in `folder` of processes that are no more."""
    for path in folder.glob(".*"):
        owner = _OWNER.fullmatch(path.name)
        if owner and not _alive(int(owner[1] or owner[2])):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


_OWNER = re.compile(rf"{re.escape(TEMPORARY_PREFIX)}(\d+)-.*|\..*\.(\d+)\.part(?:\.\w+)?")
"""Names of unfinished files: those of this module and those of the audio package."""


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def writing_failed(path: Path, error: OSError) -> MachineError:
    """What to tell the user when `path` could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return MachineError(f"no space left for {path}", "free some disk space and render again")
    return MachineError(
        f"cannot write {path}: {error.strerror or error}", "check the folder and its permissions"
    )


def size_text(size: float) -> str:
    """Bytes in the unit a reader wants."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
