"""What users did wrong, with its place and its remedy, and the exit code of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file the user wrote; `line` and `column` count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and what to do about it."""

    what: str
    remedy: str = ""
    place: Place | None = None
    turn: str | None = None

    def __str__(self) -> str:
        head = f"{self.place}: " if self.place else ""
        turn = f"turn {self.turn}: " if self.turn else ""
        tail = f"; {self.remedy}" if self.remedy else ""
        return _one_line(f"{head}{turn}{self.what}{tail}")


def is_text(name: str) -> bool:
    """Whether a file's name is UTF-8, as everything is that names it."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _one_line(text: str) -> str:
    """Without line breaks, and without anything else that moves a terminal's cursor."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)


class PodgenError(Exception):
    """Something the user can mend. Printed one problem a line, without a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, problems: str | Problem | Sequence[Problem], remedy: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem(problems, remedy)
        if isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ScriptError(PodgenError):
    """The script, the voices file or the command line is wrong."""

    exit_code = 2


class EngineError(PodgenError):
    """An engine or a voice cannot do what was asked."""

    exit_code = 3


class MachineError(PodgenError):
    """The machine lacks something: ffmpeg, disk space, a package, permission."""

    exit_code = 4


class ResultError(PodgenError):
    """The finished episode is not what was asked for."""

    exit_code = 5


def together(errors: Sequence[PodgenError]) -> PodgenError:
    """One error with the problems of all, each once, of the kind with the highest exit code."""
    problems = dict.fromkeys(problem for error in errors for problem in error.problems)
    return type(max(errors, key=lambda error: error.exit_code))(tuple(problems))


BUG_EXIT_CODE = 1
INTERRUPTED_EXIT_CODE = 130
