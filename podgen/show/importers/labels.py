"""Who speaks in a line of plain or Markdown dialogue, by how the whole text names its speakers.

A label is a speaker where it is in capitals or bold, or comes again; else it is text with a colon.
Where names with a full stop come again at the head of paragraphs (`Algernon. Did you hear?`), as
plays are printed, and more often than labels of another kind, those are the speakers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_NAME = r"[^\W\d_][\w .'’&/-]{0,40}?"
_ASIDE = r"(?:\s*\([^()\n]{1,80}\))?"
_BOLD = re.compile(
    rf"(?:[-*+]\s+)?(?:\*\*|__)(?P<name>{_NAME}{_ASIDE})\s*(?::\s*(?:\*\*|__)|(?:\*\*|__){_ASIDE}\s*:)"
    r"\s*(?P<said>.*)"
)
_LABEL = re.compile(rf"(?:[-*+]\s+)?(?P<name>{_NAME}{_ASIDE})\s*:(?!//)(?:\s+(?P<said>.*)|$)")
_TITLE = r"(?:(?:M[rR][sS]?|M[sS]|D[rR]|R[eE][vV]|H[oO][nN]|S[tT])\.\s)?"
_CAPITALS = rf"{_TITLE}(?:[^\W\d_a-zà-öø-ÿ][^\W\d_a-zà-öø-ÿ'’&-]*[ .]?){{1,4}}"
_PLAY = re.compile(
    rf"_?(?P<name>{_CAPITALS})(?P<aside>{_ASIDE})"
    r"(?:\.?_?(?P<stop>[.:])(?:\s+(?P<said>.*)|$)|(?P<direction>\s*\[.*))"
)
_WORD = r"[^\W\d_a-zà-öø-ÿ][\w'’-]*"
_NAMED = re.compile(
    rf"_?(?P<name>{_TITLE}{_WORD}(?:,? (?:{_WORD}|and|of|the|de|von))"
    r"{0,3})_?(?:(?P<stop>\.)_?\s+(?P<said>\S.*)|(?P<direction>\s+\[.*))"
)
_NO_NAMES = re.compile(
    r"(?:I|OK|NO|YES|OH|AH|THE END|MRS?|MS|DR|REV|HON|ST)$"
    r"|(?:ACT|SCENE|CHAPTER|PART|INTRODUCTION|PREFACE|CONTENTS|CHARACTERS|NOTES?|FOOTNOTES?)\b",
    re.IGNORECASE,
)
_OFTEN = 3
"""So many paragraphs of a play a name begins at least, to tell that it is a play."""

Found = tuple[str, list[str], str]
"""A name, what stood in brackets after it, and what is said."""


class Labels:
    """How a text names its speakers."""

    def __init__(self, lines: Sequence[str]) -> None:
        lines = [line.strip() for line in lines]
        labels = [found[0] for line in lines for found in _readings(line)]
        self._counts = Counter(label.casefold() for label in labels)
        filled = sum(bool(line) for line in lines)
        self._mostly = 2 * sum(any_label(line) is not None for line in lines) > filled
        openings = [
            line for before, line in zip(["", *lines], lines, strict=False) if line and not before
        ]
        named = [match for line in openings if (match := _NAMED.match(line))]
        self._named = Counter(
            match["name"] for match in named if match["stop"] and not match["name"].isupper()
        )
        often = sum(count for count in self._named.values() if count >= _OFTEN)
        others = sum(count for count in self._counts.values() if count > 1)
        self._play = often >= 2 * _OFTEN and often > others
        printed = [match for line in lines if (match := _PLAY.match(line)) and match["stop"] != ":"]
        capitals = Counter(match["name"].rstrip(" .") for match in printed)
        stops = sum(count for count in capitals.values() if count >= _OFTEN)
        self.plays = self._play or stops >= 2 * _OFTEN
        """Whether it is written as plays are printed."""

    def find(self, text: str, *, opens: bool, within: bool) -> Found | None:
        """The speaker of a line, None for other text.

        Args:
            text: the line without the blanks around it.
            opens: whether it begins a paragraph.
            within: whether somebody speaks who would say it.
        """
        if self._play:
            return self._in_play(text, opens=opens)
        found = self._likeliest(text)
        if found is None:
            return None
        name = re.sub(r"\s*\(.*", "", found[0])
        if self._counts[found[0].casefold()] > 1 or self._mostly:
            return found
        if not within:  # a title page is full of colons and capitals
            return None if self.plays else found
        strong = bool(_BOLD.match(text)) or (name.isupper() and len(name) > 1)
        return found if strong else None

    def _likeliest(self, text: str) -> Found | None:
        """Of two readings the one that comes again: in `ANN. I say: no`, who speaks is ANN."""
        found = _readings(text)
        again = [one for one in found if self._counts[one[0].casefold()] > 1]
        return next(iter([*again, *found]), None)

    def _in_play(self, text: str, *, opens: bool) -> Found | None:
        match = _NAMED.match(text) if opens else None
        if match is None:
            found = self._likeliest(text)
            return found if found and self._counts[found[0].casefold()] >= _OFTEN else None
        name = match["name"]
        first = re.split(r",? ", name)[0]
        known = name in self._named if match["stop"] else first in self._named
        if not known or _NO_NAMES.match(name):
            return None
        return name, [], match["said"] or match["direction"].strip()


def any_label(text: str) -> Found | None:
    """What may be a label at the head of a line."""
    return next(iter(_readings(text)), None)


def _readings(text: str) -> list[Found]:
    found = []
    if (match := _BOLD.match(text)) or (match := _LABEL.match(text)):
        inside = re.findall(r"\(([^()]*)\)", text[match.end("name") : match.start("said")])
        found.append((match["name"], inside, match["said"] or ""))
    if match := _PLAY.match(text):
        name = match["name"].rstrip(" .")
        shown = f"{name}{match['aside']}"
        if len(name) > 1 and not _NO_NAMES.match(name) and shown not in (one[0] for one in found):
            found.append((shown, [], match["said"] or (match["direction"] or "").strip()))
    return found
