"""What Project Gutenberg puts around a text: its licence goes, title and author are kept."""

from __future__ import annotations

import re

_START = re.compile(
    r"(?im)^\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG E(?:TEXT|BOOK)[^*]*\*\*\*.*$"
)
_END = re.compile(
    r"(?im)^(?:End of (?:the )?Project Gutenberg.*\n(?:.*\n)?)?\s*"
    r"\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG E(?:TEXT|BOOK)"
)
_NOTICE = re.compile(r"<<THIS ELECTRONIC VERSION[^<>]*>>")
_KEY = re.compile(r"(?m)^(Title|Author): *(\S.*)$")


def unframed(text: str) -> tuple[str, dict[str, str], list[tuple[int, str]]]:
    """A text without its frame, its lines where they were; the head's keys; and what was left out,
    but for the notice that it repeats throughout an older text.

    What was left out is told as its line, from 1, and what it is.
    """
    text = _NOTICE.sub(lambda notice: "\n" * notice[0].count("\n"), text)
    start = _START.search(text)
    if start is None:
        return text, {}, []
    head = {key.lower(): value.strip() for key, value in _KEY.findall(text[: start.end()])}
    told = [(1, "Project Gutenberg's header is left out")]
    text = "\n" * text[: start.end()].count("\n") + text[start.end() :]
    if end := _END.search(text):
        line = text[: end.start()].count("\n") + 1
        told.append((line, "Project Gutenberg's licence is left out"))
        text = text[: end.start()]
    return text, head, told
