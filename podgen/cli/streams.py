"""Standard output and error, whatever they are: closed, full, a broken pipe, a terminal gone.

What becomes of what is printed never costs an episode or changes its exit code: one that cannot
be written to is from then on written to nowhere. Only where what is printed is all that a command
makes, a full disk is an error.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from pathlib import Path
from typing import Any, TextIO

from podgen.errors import MachineError


def settle() -> None:
    """Make sure that there is a standard input, output and error, and that they take any text."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # Else the next file that is opened would be it, and gather what is printed.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - as long as podgen
    sys.stdout = _Tolerant(sys.stdout, strict=True)
    sys.stderr = _Tolerant(sys.stderr, strict=False)


def let_go() -> None:
    """From now on standard output, too, may fail without a word: what matters is in files."""
    if isinstance(sys.stdout, _Tolerant):
        sys.stdout.strict = False


class _Tolerant:
    """A text stream that may be lost. A strict one is missed, but for a reader who has enough."""

    def __init__(self, stream: TextIO | None, *, strict: bool) -> None:
        if stream is None:
            stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        self._stream = stream
        self.strict = strict

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._lose(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        if self.strict and error.errno != errno.EPIPE:
            what = f"standard output cannot be written: {error.strerror}"
            raise MachineError(what, "give it another place") from error
