"""Where everything lies, in samples at the mix rate. Pure arithmetic: no audio, no files.

Speech lays the timeline down in script order; music, effects and chapters hang on it.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from podgen.audio.cues import Anchor, Chapter, Cue, Music, Pause, Sound, Speech
from podgen.errors import Problem, ScriptError


@dataclass(frozen=True, slots=True)
class Clip:
    """Something placed: samples `start` to `end`. `speaker` is empty for an effect."""

    id: str
    speaker: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """Music as placed; fades in samples."""

    id: str
    start: int
    end: int
    length: int
    fade_in: int
    fade_out: int


Placed = TypeVar("Placed", Clip, Span)


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter's start."""

    title: str
    start: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole episode; `total` is its length with head and tail."""

    rate: int
    total: int
    speech: tuple[Clip, ...]
    sounds: tuple[Clip, ...]
    music: tuple[Span, ...]
    chapters: tuple[Mark, ...]

    @property
    def windows(self) -> tuple[tuple[int, int], ...]:
        """When somebody speaks: disjoint, ascending, `(start, end)`."""
        merged: list[tuple[int, int]] = []
        for start, end in sorted((clip.start, clip.end) for clip in self.speech):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            elif end > start:
                merged.append((start, end))
        return tuple(merged)


class PlacementError(ScriptError):
    """Something placed where nothing can be. `cue` is the id of the turn, music or sound."""

    def __init__(self, cue: str, what: str, remedy: str, *, turn: bool = False) -> None:
        super().__init__(Problem(what, remedy, turn=cue if turn else None))
        self.cue = cue


def lay_out(
    cues: Sequence[Cue], rate: int, *, gap: float, head: float = 0.0, tail: float = 0.0
) -> Timeline:
    """Place every cue. `gap` is the default pause between turns; all in seconds.

    Raises:
        PlacementError: an overlap longer than the turn before it or across a pause, an anchor to
            a turn that is not there, music or sound that would begin before 0 or end before it
            begins.
    """
    layout = _Layout(rate, gap, head)
    for cue in cues:
        layout.place(cue)
    return layout.finish(tail)


def lanes(clips: Sequence[Placed]) -> list[list[Placed]]:
    """Clips parted so that none overlap within a lane, in the fewest lanes (greedy, by start).

    As many lanes as clips that sound at once at the busiest moment.
    """
    free: list[tuple[int, int]] = []  # (end, lane), the lane that is free earliest first
    parted: list[list[Placed]] = []
    for clip in sorted(clips, key=lambda clip: (clip.start, clip.end)):
        if free and free[0][0] <= clip.start:
            lane = heapq.heappop(free)[1]
        else:
            lane = len(parted)
            parted.append([])
        parted[lane].append(clip)
        heapq.heappush(free, (clip.end, lane))
    return parted


class _Layout:
    """The state between two cues: the latest end so far, and what stands before the next start."""

    def __init__(self, rate: int, gap: float, head: float) -> None:
        self.rate = rate
        self.gap = gap
        self.speech: list[Clip] = []
        self.turns: dict[str, Clip] = {}
        self.sounds: list[Clip] = []
        self.music: list[tuple[Music, int | None]] = []
        self.chapters: list[Mark] = []
        self.waiting: list[Chapter] = []
        self.cursor = self.samples(head)
        self.said: float | None = 0.0  # pauses asked for since; None means the default gap
        self.begun = False
        self.parted = False  # by a pause, since the last turn

    def samples(self, seconds: float) -> int:
        return round(seconds * self.rate)

    def place(self, cue: Cue) -> None:
        match cue:
            case Pause():
                self.parted = True
                self.said = (self.said or 0.0) + cue.seconds
            case Chapter():
                self.waiting.append(cue)
            case Speech():
                self.place_speech(cue)
            case Music():
                self.place_music(cue)
            case Sound():
                self.place_sound(cue)

    def next_start(self, before: float | None = None) -> int:
        gap = self.gap if self.said is None and before is None else (self.said or 0) + (before or 0)
        return self.cursor + self.samples(gap)

    def begin(self, start: int) -> None:
        """Something begins at `start`: the chapters that waited for it begin there too."""
        for chapter in self.waiting:
            self.chapters.append(Mark(chapter.title, start if self.begun else 0))
        self.waiting.clear()
        self.begun = True

    def place_speech(self, cue: Speech) -> None:
        start = self.next_start(cue.pause_before)
        if cue.overlap is not None:
            start = self.overlapped(cue, cue.overlap)
        self.begin(start)
        clip = Clip(cue.id, cue.speaker, start, start + cue.length)
        self.speech.append(clip)
        self.turns[cue.id] = clip
        self.cursor = max(self.cursor, clip.end)
        self.said = cue.pause_after
        self.parted = False

    def overlapped(self, cue: Speech, seconds: float) -> int:
        if not self.speech:
            raise PlacementError(
                cue.id, "overlaps, but no turn comes before it", "remove overlap", turn=True
            )
        previous = self.speech[-1]
        if self.parted:
            raise PlacementError(
                cue.id,
                f"overlaps {previous.id}, but a pause stands between them",
                "remove the pause or overlap",
                turn=True,
            )
        overlap = self.samples(seconds)
        if overlap > previous.end - previous.start:
            length = (previous.end - previous.start) / self.rate
            raise PlacementError(
                cue.id,
                f"overlaps {previous.id} by {seconds:g} s, which is only {length:.2f} s long",
                f"lower overlap to {length:.2f} or less",
                turn=True,
            )
        return previous.end - overlap

    def place_music(self, cue: Music) -> None:
        if isinstance(cue.start, Anchor):
            self.music.append((cue, None))
            return
        place = self.next_start()
        start = self.beginning(place + self.samples(cue.start or 0.0), cue)
        self.music.append((cue, start))
        if cue.lead is not None:
            speech = start + self.samples(cue.lead)
        elif cue.role == "intro":
            # An end at a turn still to come would wait for what waits for it.
            known = not isinstance(cue.end, Anchor) or cue.end.turn in self.turns
            end = self.end(cue, start) if known else start + cue.length
            speech = max(start, end - self.samples(cue.fade_out))
        else:
            self.begin(min(start, place))
            return
        self.begin(start)
        self.cursor, self.said = max(self.cursor, speech), 0.0

    def place_sound(self, cue: Sound) -> None:
        place = self.next_start()
        start = self.beginning(place + self.samples(cue.at), cue)
        self.begin(start if cue.wait else min(start, place))
        clip = Clip(cue.id, "", start, start + cue.length)
        self.sounds.append(clip)
        if cue.wait:
            self.cursor, self.said = max(self.cursor, clip.end), None
        else:
            self.cursor, self.said = place, 0.0

    def beginning(self, start: int, cue: Music | Sound) -> int:
        if start < 0:
            raise PlacementError(
                cue.id,
                f"{_named(cue)} would begin {-start / self.rate:.2f} s before the episode does",
                "raise its offset or move it down",
            )
        return start

    def resolve(self, anchor: Anchor, cue: Music) -> int:
        turn = self.turns.get(anchor.turn)
        if turn is None:
            raise PlacementError(
                cue.id,
                f"{_named(cue)} is tied to turn {anchor.turn}, which does not exist",
                "name a turn's id",
            )
        edge = turn.start if anchor.edge == "start" else turn.end
        return edge + self.samples(anchor.seconds)

    def end(self, cue: Music, start: int) -> int:
        """Where music that begins at `start` ends, by the turns placed so far."""
        if isinstance(cue.end, Anchor):
            end = self.resolve(cue.end, cue)
        elif cue.end is not None:
            end = start + self.samples(cue.end)
        elif cue.role == "bed" and self.speech:
            end = max(clip.end for clip in self.speech) + self.samples(cue.fade_out)
        else:
            end = start + cue.length
        if end <= start:
            raise PlacementError(
                cue.id,
                f"{_named(cue)} would end {(start - end) / self.rate:.2f} s before it begins",
                "move its start or its end",
            )
        return end if cue.loop else min(end, start + cue.length)

    def span(self, cue: Music, placed: int | None) -> Span:
        start = placed
        if start is None:
            assert isinstance(cue.start, Anchor)
            start = self.beginning(self.resolve(cue.start, cue), cue)
        fades = self.samples(cue.fade_in), self.samples(cue.fade_out)
        return Span(cue.id, start, self.end(cue, start), cue.length, *fades)

    def finish(self, tail: float) -> Timeline:
        self.begin(self.cursor)
        spans = tuple(self.span(cue, placed) for cue, placed in self.music)
        ends = [self.cursor + self.samples(self.said or 0.0)]
        ends += [clip.end for clip in (*self.speech, *self.sounds)]
        ends += [span.end for span in spans]
        return Timeline(
            rate=self.rate,
            total=max(ends) + self.samples(tail),
            speech=tuple(self.speech),
            sounds=tuple(sorted(self.sounds, key=lambda clip: clip.start)),
            music=spans,
            chapters=tuple(self.chapters),
        )


def _named(cue: Music | Sound) -> str:
    return f"{'music' if isinstance(cue, Music) else 'sound'} {cue.id}"
