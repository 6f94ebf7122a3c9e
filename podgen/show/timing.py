"""What the order of a show's items rules out: anchors to no turn, music ending before it begins."""

from __future__ import annotations

from collections.abc import Sequence

from podgen.errors import Problem
from podgen.show.items import Placed
from podgen.show.model import Anchor, Chapter, Music, Pause, Turn
from podgen.show.problems import did_you_mean
from podgen.show.references import Context
from podgen.show.source import Source, Step

_Point = tuple[int, int, float]
"""Where an anchor stands: the turn's number, 0 for its start or 1 for its end, seconds after."""


def check_timing(items: Sequence[Placed], ids: set[str], source: Source, context: Context) -> None:
    """Report overlaps with nothing before them, times of music that cannot be, and chapters in
    which nothing sounds.

    `ids` holds every turn's id, also of turns that could not be read.
    """
    turns = [item for _, item in items if isinstance(item, Turn)]
    numbers = {turn.id: number for number, turn in enumerate(turns)}
    checker = _Checker(numbers, ids | set(numbers), turns, source, context)
    passed = 0
    before: Turn | Pause | None = None
    for path, item in items:
        if isinstance(item, Turn):
            checker.overlap(item, before, path)
            passed += 1
            before = item
        elif isinstance(item, Pause):
            before = item if passed else before
        elif isinstance(item, Music):
            checker.music(item, passed, path)
    checker.chapters(items)


class _Checker:
    def __init__(
        self,
        numbers: dict[str, int],
        ids: set[str],
        turns: Sequence[Turn],
        source: Source,
        context: Context,
    ) -> None:
        self.numbers = numbers
        self.ids = ids
        self.turns = turns
        self.source = source
        self.context = context

    def overlap(self, turn: Turn, before: Turn | Pause | None, path: tuple[Step, ...]) -> None:
        if turn.overlap is None:
            return
        if before is None:
            self._problem("overlap, but no turn comes before", "remove it", (*path, "overlap"))
        elif isinstance(before, Turn) and before.pause_after is not None:
            what = "overlap contradicts the pause_after of the turn before"
            self._problem(what, "keep one of the two", (*path, "overlap"))
        elif isinstance(before, Pause):
            what = "overlap after a pause"
            self._problem(what, "remove one of the two", (*path, "overlap"))

    def music(self, music: Music, passed: int, path: tuple[Step, ...]) -> None:
        for key, anchor in (("start", music.start), ("end", music.end)):
            if isinstance(anchor, Anchor) and anchor.turn not in self.ids:
                remedy = did_you_mean(anchor.turn, self.ids) or "give a turn's id"
                self._problem(f"{key} names no turn '{anchor.turn}'", remedy, (*path, key))
        if not isinstance(music.end, Anchor):
            return
        end = self._point(music.end)
        if isinstance(music.start, Anchor):
            start = self._point(music.start)
        else:
            start = (passed, 0, music.start or 0.0)
        if start is not None and end is not None and self._ends_first(start, end):
            remedy = "name a later turn"
            self._problem("the music ends before it begins", remedy, (*path, "end"))

    def chapters(self, items: Sequence[Placed]) -> None:
        """A chapter begins with what sounds next; where that is the next chapter's, it is none."""
        open_chapter: tuple[Step, ...] | None = None
        for path, item in items:
            if isinstance(item, Chapter):
                self._empty(open_chapter)
                open_chapter = path
            elif not isinstance(item, Pause):
                open_chapter = None
        self._empty(open_chapter)

    def _empty(self, chapter: tuple[Step, ...] | None) -> None:
        if chapter is not None:
            self._problem("nothing sounds in this chapter", "move or remove it", chapter)

    def _point(self, anchor: Anchor) -> _Point | None:
        number = self.numbers.get(anchor.turn)
        return None if number is None else (number, int(anchor.edge == "end"), anchor.seconds)

    def _ends_first(self, start: _Point, end: _Point) -> bool:
        """Whether `end` cannot come after `start`, however long the turns are.

        Turns start in order. Their ends are in order too where none of those between overlaps.
        """
        if end[2] > start[2] or end[:2] > start[:2]:
            return False
        if end[:2] == start[:2] or end[1] == 0:
            return True
        return not any(turn.overlap for turn in self.turns[end[0] + 1 : start[0] + 1])

    def _problem(self, what: str, remedy: str, path: tuple[Step, ...]) -> None:
        self.context.problems.append(Problem(what, remedy, self.source.place(path)))
