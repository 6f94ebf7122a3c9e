"""Files that appear whole or not at all, and what processes that were killed left of theirs."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import signal
import threading
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from podgen.errors import MachineError

TEMPORARY_PREFIX = ".writing-"
"""How the names of unfinished files and folders begin.

A living writer holds a lock (flock) on each; so what a killed one left can be told, on machines and
in containers that share a disk as well."""


@contextlib.contextmanager
def whole_file(path: Path, *, folder: Path | None = None) -> Iterator[Path]:
    """A temporary path that takes the name `path` if the block succeeds.

    It lies in `folder`, on the same disk, or else beside `path`. It keeps the suffix, since some
    writers choose the format by it.

    Raises:
        MachineError: the disk is full, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _owned(folder or path.parent, path.suffix, is_folder=False) as temporary:
            yield temporary
            temporary.replace(path)
    except OSError as error:
        raise writing_failed(path, error) from error


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A folder inside `folder` for what is to appear there together; gone after the block.

    Raises:
        MachineError: the disk is full, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _owned(folder, "", is_folder=True) as temporary:
            yield temporary
    except OSError as error:
        raise writing_failed(folder, error) from error


@contextlib.contextmanager
def _owned(folder: Path, suffix: str, *, is_folder: bool) -> Iterator[Path]:
    """A new file or folder with a temporary name, locked for as long as the block lasts."""
    while True:
        path = folder / f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}{suffix}"
        if is_folder:
            path.mkdir()
        else:
            path.touch()
        lock = -1
        try:
            lock = os.open(path, os.O_RDONLY)
            hold(lock)
            # Between the two, a sweep may have taken it for an orphan.
            if os.fstat(lock).st_ino == path.stat().st_ino:
                break
        except FileNotFoundError:
            pass
        if lock >= 0:
            os.close(lock)
    try:
        yield path
    finally:
        os.close(lock)
        remove(path)


def hold(descriptor: int) -> None:
    """Lock an open file or folder until it is closed, waiting for whoever has it.

    Some network disks know no locks: there nothing is held, and nothing is swept.
    """
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def sweep(folder: Path) -> int:
    """Remove the unfinished files and folders in `folder` that no living process owns.

    Returns the bytes freed. What cannot be removed stays.
    """
    freed = 0
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                freed += remove(path)
            finally:
                os.close(lock)
    return freed


def remove(path: Path) -> int:
    """Remove a file, or a folder with all in it, if it is there and can be; the bytes freed."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            freed = sum(file.lstat().st_size for file in path.rglob("*") if file.is_file())
            shutil.rmtree(path, ignore_errors=True)
            return freed
        freed = path.lstat().st_size
        path.unlink()
        return freed
    return 0


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Signals that end the process wait for the end of the block, which must be short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    earlier = {number: signal.signal(number, note) for number in ending}
    try:
        yield
    finally:
        for ending_signal, handler in earlier.items():
            signal.signal(ending_signal, handler)
        for number in waiting[:1]:
            signal.raise_signal(number)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def rewrite(path: Path, text: str) -> bytes:
    """Put a text in a file, whole or not at all; its bytes.

    The file's own rights stay, and so do a byte order mark and a link to it.

    Raises:
        MachineError: it cannot be written.
    """
    data = text.encode("utf-8")
    real = path.resolve()
    try:
        mode = real.stat().st_mode & 0o7777 if real.exists() else None
        if mode is not None and real.read_bytes().startswith(BOM_UTF8) > data.startswith(BOM_UTF8):
            data = BOM_UTF8 + data
        with whole_file(real) as temporary:
            temporary.write_bytes(data)
            if mode is not None:
                os.chmod(temporary, mode)  # noqa: PTH101 - as whole_file made it
    except OSError as error:
        raise writing_failed(path, error) from error
    return data


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are not there.

    Raises:
        MachineError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise writing_failed(folder, error) from error


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
