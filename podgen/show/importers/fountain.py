"""Fountain screenplays (fountain.io/syntax). What a paragraph is, screenplain decides; where it
stands is counted here, for it keeps no lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from podgen.errors import MachineError
from podgen.show.importers.draft import Draft, Heading, Line, speaker_name

_BONEYARD = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_NOTE = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_TITLE_KEYS = {"Title": "title", "Author": "author", "Authors": "author"}
_LETTERS_A_SECOND = 15.0
_OF_THE_TURN = 0.6
"""A dual speech begins this share of the other's estimated length before its end: an overlap may
not be longer than the turn, whose length only its engine knows."""


def read(text: str, source: Path, narrator: str | None) -> Draft:
    """A screenplay as a draft.

    Raises:
        MachineError: screenplain is not installed.
    """
    try:
        from screenplain import types
        from screenplain.parsers import fountain
    except ImportError:
        raise MachineError(
            "reading Fountain needs screenplain", "pip install 'podgen[import]'"
        ) from None
    draft = Draft("Fountain")
    for match in _BONEYARD.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        draft.leave(line, "what is between /* and */ is left out")
    text = _BONEYARD.sub(lambda match: "\n" * match[0].count("\n"), text)
    for match in _NOTE.finditer(text):
        draft.remark(match[1], text.count("\n", 0, match.start()) + 1, "the note")
    text = _NOTE.sub(lambda match: "\n".join([""] * (match[0].count("\n") + 1)), text)
    paragraphs = list(_paragraphs(text))
    title = fountain.parse_title_page(list(paragraphs[0][1])) if paragraphs else None
    if title:
        _read_title(title, draft)
        del paragraphs[0]
    for number, lines in paragraphs:
        before = list(_previous(draft, types))
        found: list[Any] = list(before)
        fountain.InputParagraph(lines).update_list(found)
        for made in found:
            if made not in before:
                _add(draft, types, made, lines, number, narrator)
    draft.entries.sort(key=lambda entry: entry.line)
    return draft


def _paragraphs(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines that stand together, and the number of the first."""
    group: list[str] = []
    lines = [line.expandtabs(4).rstrip("\r") for line in text.split("\n")]
    for number, line in enumerate([*lines, ""], 1):
        if line not in ("", " "):
            group.append(line)
        elif group:
            yield number - len(group), group
            group = []


def _read_title(title: dict[str, list[str]], draft: Draft) -> None:
    for key, values in title.items():
        value = " ".join(" ".join(values).replace("*", "").replace("_", "").split())
        if key in _TITLE_KEYS:
            draft.head[_TITLE_KEYS[key]] = value
        elif value:
            draft.leave(1, f"'{key}: {value[:50]}' of the title page is left out")


def _previous(draft: Draft, types: Any) -> Iterator[Any]:
    """What screenplain must see before a paragraph, to tell a dual speech: the one before it."""
    if draft.entries and isinstance(draft.entries[-1], Line):
        yield types.Dialog(draft.entries[-1].speaker)


def _add(
    draft: Draft, types: Any, made: Any, lines: list[str], number: int, narrator: str | None
) -> None:
    match made:
        case types.Slug() | types.Section():
            words = made.line if isinstance(made, types.Slug) else made.text
            draft.entries.append(Heading(_plain(words), number))
        case types.Dialog():
            draft.entries.append(_speech(draft, lines, number))
        case types.DualDialog():
            before = draft.entries[-1]
            assert isinstance(before, Line)
            dual = _speech(draft, [lines[0].rstrip(" ^"), *lines[1:]], number)
            seconds = len(before.text) / _LETTERS_A_SECOND * _OF_THE_TURN
            dual.options["overlap"] = max(0.3, round(seconds, 1))
            draft.leave(number, f"a dual speech: {dual.speaker}'s overlap is a guess")
            draft.entries.append(dual)
        case types.Action() if narrator is not None:
            words = " ".join(line.strip().lstrip("!~").strip("> <") for line in lines)
            draft.entries.append(Line(narrator, words, number))
        case types.PageBreak() | None:
            pass
        case _:
            kind = "the transition" if isinstance(made, types.Transition) else "the action"
            kind = "the synopsis" if lines[0].startswith("=") else kind
            draft.remark(" ".join(line.strip() for line in lines), number, kind)


def _speech(draft: Draft, lines: list[str], number: int) -> Line:
    name, directions = speaker_name(lines[0].removeprefix("@"))
    said: list[str] = []
    inside = False
    for offset, line in enumerate((line.strip() for line in lines[1:]), 1):
        if inside or line.startswith("("):
            directions.append(line.strip("()"))
            inside = not line.endswith(")")
            continue
        if line.startswith("~"):
            draft.leave(number + offset, "a sung line is spoken")
        said.append(line.lstrip("~ "))
    return Line(name, " ".join(said), number, directions)


def _plain(words: Any) -> str:
    return " ".join(str(words).replace("*", "").replace("_", "").split())
