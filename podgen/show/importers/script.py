"""A draft as the text of a script: items as a person would write them."""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from podgen.show.importers.draft import Draft, Effect, Entry, Heading, Line, Remark, Still

WIDTH = 98
_SHORT = 80
_UNFIT = re.compile("[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_HEAD = ("title", "show", "number", "author", "description", "language")


def fresh(draft: Draft, cast: Sequence[str], source: str) -> str:
    """The text of a new script; `cast` has a line for each character."""
    lines = [f"# Imported from {source}"]
    for key in _HEAD:
        if value := clean(draft.head.get(key, "")):
            lines.append(f"{key}: {scalar(value, len(key) + 2, 2)}")
    if cast:
        lines += ["", "cast:", *(f"  {line}" for line in cast)]
    lines += ["", "turns:"]
    waiting: list[str] = []
    for entry in draft.entries:
        lines += blank_before(entry, lines[-1] == "turns:")
        waiting += comments(entry)
        if not isinstance(entry, Remark):
            lines += indented([*waiting, *item(entry)])
            waiting.clear()
    return "\n".join([*lines, *indented(waiting)]) + "\n"


def blank_before(entry: Entry, first: bool) -> list[str]:
    """An empty line before a chapter."""
    return [""] if isinstance(entry, Heading) and not first else []


def indented(lines: Sequence[str], by: int = 2) -> list[str]:
    """Lines of an item where they stand in the list."""
    return [f"{' ' * by}{line}" if line else line for line in lines]


def comments(entry: Entry) -> list[str]:
    """What a comment says before an item: how it is said, or what nobody says."""
    if isinstance(entry, Remark):
        return _comment(entry.text)
    if isinstance(entry, Line):
        return [line for aside in entry.directions for line in _comment(f"({aside})")]
    return []


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(clean(text), WIDTH - 4)]


def fields(entry: Entry) -> tuple[str, dict[str, Any]]:
    """The key of an item and its keys, as the script has them; empty for a remark."""
    match entry:
        case Line():
            return clean(entry.speaker), {"text": paragraphs(entry.text), **entry.options}
        case Heading():
            return "chapter", {"title": clean(entry.title)[:500]}
        case Still():
            return "pause", {"seconds": f"{entry.seconds:g}"}
        case Effect():
            return entry.kind, {"file": entry.file}
        case _:
            return "", {}


def item(entry: Entry) -> list[str]:
    """An item's lines, without indent."""
    return item_lines(*fields(entry))


def item_lines(name: str, keys: Mapping[str, Any]) -> list[str]:
    """`- NAME: text`, or the keys one a line below the name."""
    label = f"- {key(name)}:"
    if len(keys) == 1:
        [value] = keys.values()
        return f"{label} {scalar(str(value), len(label) + 3, 4)}".split("\n")
    lines = [label]
    for name_of, value in keys.items():
        if isinstance(value, str):
            shown = scalar(value, len(name_of) + 6, 6)
        else:
            shown = json.dumps(value, ensure_ascii=False)
        lines += f"    {name_of}: {shown}".split("\n")
    return lines


def key(name: str) -> str:
    """A mapping's key, in quotes where YAML wants them."""
    return name if _reads(f"{name}: x", {name: "x"}) else json.dumps(name, ensure_ascii=False)


def scalar(text: str, at: int, indent: int) -> str:
    """A text as YAML reads it back: plain if it can be, else in quotes, else folded.

    It begins in column `at`; further lines have `indent`.
    """
    room = " " * at
    pad = " " * indent
    wrapped = textwrap.fill(
        text, WIDTH, initial_indent=room, subsequent_indent=pad, break_long_words=False,
        break_on_hyphens=False,
    )[at:]  # fmt: skip
    if "\n" not in text and " #" not in text and _reads(f"k: {wrapped}", {"k": text}):
        return wrapped
    quoted = json.dumps(text, ensure_ascii=False)
    if len(text) <= _SHORT and "\n" not in text:
        return quoted
    folded = ">-\n" + "\n\n\n".join(
        textwrap.fill(
            part, WIDTH, initial_indent=pad, subsequent_indent=pad, break_long_words=False,
            break_on_hyphens=False,
        )
        for part in text.split("\n\n")
    )  # fmt: skip
    return folded if _reads(f"k: {folded}", {"k": text}) else quoted


def _reads(written: str, value: object) -> bool:
    """Whether YAML reads so, with every scalar as text, and not as nothing."""
    try:
        found: Any = yaml.load(written, Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        return False
    nothing = isinstance(found, dict) and set(found.values()) & {"", "~", "null"}
    return bool(found == value and not nothing)


def paragraphs(text: str) -> str:
    """A text without what a script may not hold, one space between words, paragraphs kept."""
    parts = (clean(part) for part in re.split(r"\n\s*\n", text))
    return "\n\n".join(part for part in parts if part)


def clean(text: str) -> str:
    """One line of what a script may hold: joiners that shape letters, no control characters."""
    kept = _UNFIT.sub("", unicodedata.normalize("NFC", text))
    return " ".join(kept.split())
