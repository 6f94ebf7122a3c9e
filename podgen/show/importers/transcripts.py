"""Transcripts of other generators: `<Person1>` tags (podcastfy), and lists of speaker and text in
JSON (open-notebook, NotebookLM's exporters, the podcast namespace's transcripts)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from podgen.show.importers.draft import Draft, Heading, Line, one_spelling, refused, speaker_name

_PERSON = re.compile(
    r"<(?P<tag>[A-Z]\w{0,30})>(?P<said>.*?)(?:</(?P=tag)>|(?=<[A-Z]\w{0,30}>)|\Z)", re.DOTALL
)
_SPEAKER = ("speaker", "speaker_name", "name", "character", "role", "host", "voice")
_TEXT = ("dialogue", "text", "body", "content", "line", "utterance", "message")
_LISTS = ("transcript", "dialogue", "segments", "turns", "conversation", "script", "lines", "items",
          "messages", "sections", "chapters")  # fmt: skip
_TITLE = ("title", "chapter", "heading", "section")
_HEAD = {"title": "title", "show": "show", "author": "author", "language": "language"}
_DEEPEST = 8


def read_tags(text: str, source: Path) -> Draft:
    """Podcastfy's transcript as a draft."""
    draft = Draft("podcastfy")
    last = 0

    def between(end: int) -> None:
        if words := text[last:end].strip():
            line = text.count("\n", 0, text.index(words, last)) + 1
            draft.remark(words, line, "what nobody says")

    for match in _PERSON.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        between(match.start())
        last = match.end()
        words = " ".join(re.sub(r"</?[a-z][^<>]*>", " ", match["said"]).split())
        if words:
            draft.entries.append(Line(match["tag"], words, line))
        else:
            draft.leave(line, f"{match['tag']} says nothing there")
    between(len(text))
    return draft


def read_json(value: Any, text: str, source: Path) -> Draft:
    """A transcript in JSON as a draft; `text` is the file's, to find lines in.

    Raises:
        ScriptError: nobody says anything in it.
    """
    reader = _Json(text)
    reader.read(value, 0)
    if not reader.draft.lines:
        remedy = f"give a list of objects with one of {', '.join(_SPEAKER[:3])} and one of " + (
            ", ".join(_TEXT[:3])
        )
        raise refused(source, None, "nobody says anything in this JSON", remedy)
    one_spelling(reader.draft)
    return reader.draft


class _Json:
    def __init__(self, text: str) -> None:
        self.draft = Draft("JSON")
        self._text = text
        self._at = 0
        self._ignored: set[str] = set()

    def read(self, value: Any, depth: int) -> None:
        if depth > _DEEPEST:
            return
        if isinstance(value, list):
            for item in value:
                self.read(item, depth + 1)
        elif isinstance(value, dict):
            self._mapping(value, depth)

    def _mapping(self, value: dict[str, Any], depth: int) -> None:
        who = next((value[k] for k in _SPEAKER if isinstance(value.get(k), str)), None)
        said = next((value[k] for k in _TEXT if isinstance(value.get(k), str)), None)
        if said is not None:
            line = self._line_of(said)
            name = speaker_name(who)[0] if who else "NARRATOR"
            if who is None:
                self.draft.leave(line, "a text without a speaker is NARRATOR's")
            if " ".join(said.split()):
                self.draft.entries.append(Line(name, said.strip(), line))
            self._ignore(value, line, {*_SPEAKER, *_TEXT})
            return
        lists = [key for key in _LISTS if isinstance(value.get(key), list | dict)]
        if depth == 0:
            for key, ours in _HEAD.items():
                if isinstance(value.get(key), str) and value[key].strip():
                    self.draft.head[ours] = " ".join(value[key].split())
        elif lists:
            title = next((value[k] for k in _TITLE if isinstance(value.get(k), str)), None)
            if title:
                self.draft.entries.append(Heading(" ".join(title.split()), self._line_of(title)))
        self._ignore(value, self._line(), {*_LISTS, *_HEAD, *_TITLE})
        for key in lists:
            self.read(value[key], depth + 1)

    def _ignore(self, value: dict[str, Any], line: int, known: set[str]) -> None:
        """Keys that mean nothing here are named once each."""
        for key in value.keys() - known - self._ignored:
            self._ignored.add(key)
            self.draft.leave(line, f"'{key[:50]}' is left out, here and wherever it comes again")

    def _line_of(self, words: str) -> int:
        """The line of a string: the next one that is written as it is."""
        for written in (json.dumps(words, ensure_ascii=False), json.dumps(words)):
            at = self._text.find(written, self._at)
            if at >= 0:
                self._at = at
                break
        return self._line()

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1
