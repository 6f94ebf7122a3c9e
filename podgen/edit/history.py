"""What was done to a script, to be undone and done again; each step keeps what changed alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from podgen.show.writing.document import Document, Entry

MOST_STEPS = 1000

Texts = Mapping[Path, tuple[str | None, str | None]]
"""Other files than the script with their text before and after; None where there is no file."""


@dataclass(frozen=True, slots=True)
class Patch:
    """From one document to another: the entries from `place` on, and what is around them."""

    place: int
    before: tuple[Entry, ...]
    after: tuple[Entry, ...]
    heads: tuple[str, str]
    tails: tuple[str, str]

    def forward(self, document: Document) -> Document:
        """The document after it."""
        return self._applied(document, self.before, self.after, 1)

    def back(self, document: Document) -> Document:
        """The document before it."""
        return self._applied(document, self.after, self.before, 0)

    def _applied(
        self, document: Document, old: tuple[Entry, ...], new: tuple[Entry, ...], side: int
    ) -> Document:
        entries = document.entries
        changed = (*entries[: self.place], *new, *entries[self.place + len(old) :])
        return replace(document, head=self.heads[side], entries=changed, tail=self.tails[side])


def patch(before: Document, after: Document) -> Patch:
    """What is other in the second of two documents."""
    old, new = before.entries, after.entries
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    most = shorter - start
    end = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    return Patch(
        start,
        old[start : len(old) - end],
        new[start : len(new) - end],
        (before.head, after.head),
        (before.tail, after.tail),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done, as its doer calls it. Steps of one `burst` of typing are one."""

    label: str
    patch: Patch
    texts: Texts = field(default_factory=dict)
    burst: str = ""


class History:
    """Steps done, and steps undone since."""

    def __init__(self) -> None:
        self.done: deque[Step] = deque(maxlen=MOST_STEPS)
        self.undone: list[Step] = []

    def add(self, step: Step) -> None:
        """Note a step; what was undone before it cannot be done again."""
        self.undone.clear()
        last = self.done[-1] if self.done else None
        if last and step.burst and last.burst == step.burst and _continues(last, step):
            both = replace(step.patch, before=last.patch.before)
            self.done[-1] = replace(step, patch=both, texts=last.texts)
        else:
            self.done.append(step)

    @property
    def labels(self) -> tuple[str | None, str | None]:
        """What would be undone, and what done again."""
        return (
            self.done[-1].label if self.done else None,
            self.undone[-1].label if self.undone else None,
        )


def _continues(last: Step, step: Step) -> bool:
    one, two = last.patch, step.patch
    return (
        one.place == two.place
        and one.after == two.before
        and one.heads == two.heads
        and one.tails == two.tails
        and not step.texts
    )
