"""What an importer makes of a source: turns, chapters, pauses and sounds, each with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from podgen.errors import Place, Problem, ScriptError
from podgen.show.kinds import RESERVED
from podgen.text.markdown import plain
from podgen.text.silence import has_words


@dataclass(slots=True)
class Line:
    """What a speaker says. `options` are further keys of the turn, `directions` how it is said."""

    speaker: str
    text: str
    line: int
    directions: list[str] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Heading:
    """A chapter."""

    title: str
    line: int


@dataclass(slots=True)
class Still:
    """A pause in seconds."""

    seconds: float
    line: int


@dataclass(slots=True)
class Effect:
    """Music or a sound, as a path from the source's folder."""

    kind: str
    file: str
    line: int


@dataclass(slots=True)
class Remark:
    """What nobody says, kept as a comment in the script."""

    text: str
    line: int


Entry = Line | Heading | Still | Effect | Remark


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was not carried over as it was, and the line it stands in."""

    line: int
    what: str


@dataclass(slots=True)
class Draft:
    """A source as read. `head` holds keys of the script's top level."""

    form: str
    head: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        """What is said, in order."""
        return [entry for entry in self.entries if isinstance(entry, Line)]

    @property
    def speakers(self) -> list[str]:
        """Who speaks, in order of appearance."""
        return list(dict.fromkeys(line.speaker for line in self.lines))

    def leave(self, line: int, what: str) -> None:
        """Say that something was not carried over."""
        self.left.append(Left(line, what))

    def remark(self, text: str, line: int, why: str) -> None:
        """Keep what nobody says as a comment, and say so."""
        shown = " ".join(text.split())
        self.entries.append(Remark(shown, line))
        self.leave(line, f"{why} '{shorten(shown)}' is kept as a comment")


def refused(source: Path, line: int | None, what: str, remedy: str = "") -> ScriptError:
    """What to raise where a source cannot be read."""
    return ScriptError(Problem(what, remedy, Place(str(source), line)))


def shorten(text: str, length: int = 50) -> str:
    """The beginning of a text."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


_EXTENSION = re.compile(r"\s*\(([^()]*)\)\s*$")


def speaker_name(written: str) -> tuple[str, list[str]]:
    """A speaker's name, and what stood in brackets after it; (CONT'D) says nothing."""
    asides: list[str] = []
    while match := _EXTENSION.search(written):
        if not match[1].strip().upper().startswith(("CONT", "SUITE", "FORTS")):
            asides.insert(0, match[1].strip())
        written = written[: match.start()]
    name = " ".join(written.strip(" *_^\t").split()) or "NARRATOR"
    return (name.upper() if name in RESERVED else name), asides


def one_spelling(draft: Draft) -> None:
    """`Algernon` and `ALGERNON` are one speaker: the commoner spelling stands."""
    counts: dict[str, dict[str, int]] = {}
    for line in draft.lines:
        spelt = counts.setdefault(line.speaker.casefold(), {})
        spelt[line.speaker] = spelt.get(line.speaker, 0) + 1
    best: Mapping[str, str] = {
        folded: max(spelt, key=lambda name: spelt[name]) for folded, spelt in counts.items()
    }
    for line in draft.lines:
        line.speaker = best[line.speaker.casefold()]


def leave_wordless(draft: Draft) -> None:
    """A turn without a word in it is none."""
    for entry in draft.lines:
        if not has_words(plain(entry.text)):
            shown = f"only '{shorten(entry.text)}'" if entry.text else "nothing"
            draft.leave(entry.line, f"{entry.speaker} says {shown} there")
            draft.entries.remove(entry)


def join_chapters(draft: Draft) -> None:
    """A chapter in which nothing sounds is one with the next: an act with its first scene."""
    entries: list[Entry] = []
    silent: Heading | None = None
    for entry in draft.entries:
        if isinstance(entry, Heading) and silent is not None:
            silent.title = f"{silent.title}: {entry.title}"
            continue
        if isinstance(entry, Heading):
            silent = entry
        elif isinstance(entry, Line | Effect):
            silent = None
        entries.append(entry)
    if silent is not None:
        entries.remove(silent)
        draft.leave(silent.line, f"nothing sounds in the chapter '{shorten(silent.title)}'")
    draft.entries = entries
