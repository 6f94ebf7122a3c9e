"""Plain and Markdown dialogue: turns by their labels, headings, directions, cues."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from podgen.show.importers.draft import Draft, Effect, Heading, Line, Still, speaker_name
from podgen.show.importers.labels import Labels
from podgen.show.importers.lines import rows

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_UNDERLINE = re.compile(r"(=+|-+)\s*$")
_ACT = re.compile(
    r"(?:(?:FIRST|SECOND|THIRD|FOURTH|FIFTH|LAST)\s+)?"
    r"(?:ACT|SCENE|CHAPTER|PART|PROLOGUE|EPILOGUE|AKT|SZENE|ACTE|SCÈNE|ATTO|SCENA|ACTO|ESCENA)"
    r"\b[ .:\w]{0,40}$"
)
_RULE = re.compile(r"(?:\s*[-*_]\s*){3,}$")
_KEYS = {
    "title": "title", "show": "show", "podcast": "show", "author": "author", "by": "author",
    "description": "description", "language": "language", "episode": "number", "number": "number",
}  # fmt: skip
_WHOLE_DIRECTION = re.compile(r"[*_]*[\[(](?![^\])]*\]\()(?P<what>[^\[\]]+)[\])][*_.]*$")
_BRACKETS = re.compile(r"[*_]?\[(?P<what>[^\[\]]+)\](?![(\[:])[*_]?")
_LEADING = re.compile(r"[*_]?\((?P<what>[^()]+)\)[*_]?\s*(?=\S)")
_CUE = re.compile(r"(?P<kind>music|sound|sfx)\s*:\s*(?P<file>\S.*?)\s*$", re.IGNORECASE)
_PAUSE = re.compile(
    r"(?:pause|beat|silence)\s*:?\s*(?P<s>\d+(?:\.\d+)?)\s*(?:s|sec|seconds?)?$", re.I
)


def read(lines: Sequence[str], source: Path, narrator: str | None, form: str) -> Draft:
    """Dialogue as a draft; `lines` count from 1."""
    return _Reader(lines, source, narrator, form).read()


class _Reader:
    def __init__(self, lines: Sequence[str], source: Path, narrator: str | None, form: str) -> None:
        self.lines, self.source, self.narrator = lines, source, narrator
        self.draft = Draft(form)
        self.now: Line | None = None
        self.aside: list[str] = []
        self.parted = False  # by a blank line, since the last one of the turn
        self.labels = Labels(lines)

    def read(self) -> Draft:
        start = self._front_matter()
        for row in rows(self.lines, start, self.labels):
            if row.direction:
                self._direction(row.text, row.number)
            else:
                self._line(row.number, row.text, opens=row.opens)
        return self.draft

    def _front_matter(self) -> int:
        """How many lines of `key: value` stand at the head, between `---` or before a blank."""
        first = next((n for n, line in enumerate(self.lines) if line.strip()), 0)
        fenced = bool(self.lines) and self.lines[first].strip() == "---"
        for number in range(first + fenced, len(self.lines)):
            text = self.lines[number].strip()
            if fenced and text in ("---", "..."):
                return number + 1
            key, colon, value = text.partition(":")
            known = _KEYS.get(key.strip().lower())
            if colon and known and value.strip():
                self._head(known, value.strip().strip("\"'"), number + 1)
            elif fenced and text:
                self.draft.leave(number + 1, f"'{text[:50]}' of the front matter is left out")
            elif not fenced:
                return number
        return first

    def _head(self, key: str, value: str, line: int) -> None:
        if key == "number" and not value.isdecimal():
            self.draft.leave(line, f"'{value[:50]}' is no episode's number")
        else:
            self.draft.head[key] = value

    def _line(self, number: int, text: str, *, opens: bool) -> None:
        if not text:
            self.parted = True
            return
        if (heading := _HEADING.match(text)) or _ACT.match(text):
            self._heading(heading[2] if heading else text.rstrip(" ."), number, heading)
        elif _RULE.fullmatch(text):
            self.now = None
        elif _UNDERLINE.fullmatch(text) and self.now is None:
            pass
        elif found := self.labels.find(text, opens=opens, within=self._heard):
            name, aside, said = found
            name, more = speaker_name(name)
            self.now = Line(name, "", number, [*self.aside, *more, *aside])
            self.aside = []
            self.draft.entries.append(self.now)
            self.parted = False
            self._say(said, number)
        elif whole := _WHOLE_DIRECTION.match(text):
            self._direction(whole["what"].strip(" _*"), number)
        elif not self.draft.entries and "title" not in self.draft.head and _is_title(text):
            self.draft.head["title"] = text.strip("*_ ")
        elif not self._heard:
            self.draft.remark(text, number, "what nobody says")
        else:
            if self.now is None:
                self.now = Line(self.narrator or "", "", number)
                self.draft.entries.append(self.now)
            self._say(text, number)

    @property
    def _heard(self) -> bool:
        """Whether somebody says what has no label."""
        return self.now is not None or self.narrator is not None

    def _heading(self, title: str, number: int, mark: re.Match[str] | None) -> None:
        title = title.strip(" *_")
        self.now = None
        top = mark is not None and len(mark[1]) == 1 and not self.draft.entries
        if not top or self.draft.head.setdefault("title", title) != title:
            self.draft.entries.append(Heading(title, number))

    def _say(self, text: str, number: int) -> None:
        assert self.now is not None
        if not self.now.text and (lead := _LEADING.match(text)):
            self.now.directions.append(lead["what"].strip())
            text = text[lead.end() :]
        for inner in _BRACKETS.finditer(text):
            what = inner["what"].strip(" _*")
            self.draft.leave(number, f"'[{what[:50]}]' inside a turn is a note, not speech")
            self.now.directions.append(what)
        text = " ".join(_BRACKETS.sub(" ", text).split())
        between = "\n\n" if self.parted and self.now.text else " "
        if between != " " and self.labels.plays:
            self.draft.leave(number, f"a paragraph without a name is taken as {self.now.speaker}'s")
        self.now.text = f"{self.now.text}{between}{text}".strip(" ")
        self.parted = False

    def _direction(self, what: str, number: int) -> None:
        if pause := _PAUSE.fullmatch(what):
            self.now = None
            self.draft.entries.append(Still(min(600.0, float(pause["s"])), number))
        elif cue := _CUE.match(what):
            kind = "music" if cue["kind"].lower() == "music" else "sound"
            if sound := found_inside(self.source, cue["file"]):
                self.draft.entries.append(Effect(kind, sound, number))
            else:
                self.draft.remark(f"[{what}]", number, "a cue whose file is not in the folder")
        else:
            self.draft.remark(f"({what})", number, "the direction")


def _is_title(text: str) -> bool:
    """Whether a source's first line can be its title: it is short, and no sentence."""
    return len(text) <= 80 and text[-1:] not in ".,;:!?…)"


def found_inside(source: Path, name: str) -> str | None:
    """A file that a source names, if it is in the source's folder or below; its path from there."""
    folder = source.parent.resolve()
    try:
        path = (folder / name.strip("\"'<> ")).resolve()
        if path.is_file() and path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    except (OSError, ValueError):
        pass
    return None
