"""The lines of a dialogue as they are read: what is broken over several is one, and in plays what
is printed apart from speech is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from podgen.show.importers.labels import Labels, any_label

_APART = 2
"""Columns by which a paragraph is deeper than the text usually is, if it is no speech."""
_ASIDE = re.compile(r"\S( {6,})(\S.*)$")
_DIRECTION = re.compile(
    r"(?:Re-?)?(?:[Ee]nter|[Ee]xit|[Ee]xeunt)\b|(?:ACT DROP|(?:THE )?CURTAIN|TABLEAU)\W*$"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line with its number from 1: whether it begins a paragraph, and is a direction whole."""

    number: int
    text: str
    opens: bool = False
    direction: bool = False


def rows(lines: Sequence[str], start: int, labels: Labels) -> Iterator[Row]:
    """The lines from index `start` on, blank ones between paragraphs.

    A bracket that is opened in one line and closed in a later one of its paragraph makes them one.
    In a play, a paragraph that is indented deeper than the text is a direction, and so is one that
    begins with Enter or Exit, or is the curtain's, and so is what stands far to the
    right of a line of speech.
    """
    indents = Counter(_indent(line) for line in lines[start:] if line.strip())
    usual = indents.most_common(1)[0][0] if indents else 0
    for number, paragraph in _paragraphs(lines, start):
        if not paragraph:
            yield Row(number, "")
            continue
        first = paragraph[0].strip()
        shown = paragraph
        if labels.plays:
            deep = min(map(_indent, paragraph)) >= usual + _APART and not any_label(first)
            if deep or _DIRECTION.match(first):
                text = " ".join(" ".join(paragraph).split()).strip("[]()_")
                yield Row(number, text, opens=True, direction=True)
                continue
            shown = [_ASIDE.sub(_bracketed, line.rstrip()) for line in paragraph]
        yield from _whole_brackets(number, shown)


def _bracketed(match: re.Match[str]) -> str:
    return f"{match[0][0]} [{match[2].strip('[]()_')}]"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _paragraphs(lines: Sequence[str], start: int) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines with the number of their first; each blank line as an empty one."""
    run: list[str] = []
    for number, line in enumerate(lines[start:], start + 1):
        if line.strip():
            run.append(line)
            continue
        if run:
            yield number - len(run), run
            run = []
        yield number, []
    if run:
        yield len(lines) - len(run) + 1, run


def _whole_brackets(number: int, paragraph: list[str]) -> Iterator[Row]:
    index = 0
    while index < len(paragraph):
        end = _closes(paragraph, index)
        text = " ".join(line.strip() for line in paragraph[index : end + 1])
        yield Row(number + index, text, opens=index == 0)
        index = end + 1


def _closes(paragraph: Sequence[str], index: int) -> int:
    """The line in which what is opened in a line is closed, itself if nothing is."""
    open_ = 0
    for at in range(index, len(paragraph)):
        open_ += paragraph[at].count("[") - paragraph[at].count("]")
        if open_ <= 0:
            return at
    return index
