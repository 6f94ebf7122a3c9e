"""What is to be placed on the timeline: speech in script order, and what hangs on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment given by a turn: `seconds` after its start or its end."""

    turn: str
    edge: Literal["start", "end"] = "start"
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Speech:
    """A turn. `length` in samples; pauses and `overlap` in seconds.

    With `overlap`, be it 0, it starts that long before the previous turn ends, whatever those
    pauses.
    """

    id: str
    speaker: str
    length: int
    pause_before: float | None = None
    pause_after: float | None = None
    overlap: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence that replaces the default gap between two turns."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Chapter:
    """A mark at whatever begins next."""

    title: str


@dataclass(frozen=True, slots=True)
class Music:
    """A piece of music; `length` in samples is its file's, after trimming.

    `lead` is how long it plays before the next turn may start. Left out, an intro leads until its
    fade-out begins, and any other music moves nobody, wherever it starts. `start` is an anchor, or
    seconds from its place in the script; `end` an anchor, or seconds from its start. Tied to an
    anchor, it leads nobody. A bed without an end fades out after the last turn; others play
    through. Only a looped piece outlasts its file.
    """

    id: str
    role: Literal["intro", "bed", "outro"]
    length: int
    lead: float | None = None
    start: float | Anchor | None = None
    end: float | Anchor | None = None
    loop: bool = False
    fade_in: float = 0.0
    fade_out: float = 0.0


@dataclass(frozen=True, slots=True)
class Sound:
    """An effect `at` seconds from its place in the script; speech waits for its end or not."""

    id: str
    length: int
    at: float = 0.0
    wait: bool = False


Cue: TypeAlias = Speech | Pause | Chapter | Music | Sound
