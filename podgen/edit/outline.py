"""The page's view of a script: every entry as plain values, and what of it changed since."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from podgen.errors import Problem
from podgen.render.draft import Draft
from podgen.render.plan import Plan
from podgen.show import model
from podgen.show.kinds import RESERVED
from podgen.show.writing.document import Document, Entry


@dataclass(frozen=True, slots=True)
class Sounding:
    """What is known of how turns sound, by their keys: those being spoken, why others failed, and
    those that were asked for."""

    speaking: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict)
    wanted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """A document, and what was found when it, or an earlier one, was `looked` through.

    `ids` has the turn's id by the number of its entry, for those that have not changed since;
    `own` the problems that stand at an entry, by its number, and `others` the rest. It is `unread`
    until it has been looked through, and its clips looked up, for the first time.
    """

    document: Document
    looked: Document
    plan: Plan | None
    draft: Draft | None
    ids: Mapping[int, str]
    own: Mapping[int, list[dict[str, str]]] = field(default_factory=dict)
    others: tuple[dict[str, str], ...] = ()
    unread: bool = False

    def at(self, document: Document) -> Found:
        """The same for a later document."""
        if document is self.document:
            return self
        bodies = {entry.number: entry.body for entry in self.looked.entries}
        same = {
            entry.number for entry in document.entries if bodies.get(entry.number) == entry.body
        }
        ids = {number: turn for number, turn in self.ids.items() if number in same}
        return replace(self, document=document, ids=ids)

    def with_problems(self, problems: Sequence[Problem]) -> Found:
        """With other problems, at the entries of the document that was looked through."""
        own, others = _placed(self.looked, problems, self.plan)
        return replace(self, own=own, others=tuple(others))

    def number(self, turn: str) -> int | None:
        """The number of the entry of a turn."""
        return next((number for number, one in self.ids.items() if one == turn), None)


def numbers(document: Document, plan: Plan | None) -> dict[int, str]:
    """Turn ids by the numbers of their entries."""
    if plan is None:
        return {}
    by_line = dict(document.lines())
    places = {turn.id: turn.place.line for turn in plan.show.turns}
    return {by_line[line]: turn for turn, line in places.items() if line in by_line}


def items(found: Found, sounding: Sounding) -> dict[int, dict[str, Any]]:
    """Every entry by its number, in order."""
    planned = {turn.id: turn for turn in found.plan.turns} if found.plan else {}
    dressed = found.draft.dressed if found.draft else {}
    listed: dict[int, dict[str, Any]] = {}
    for entry in found.document.entries:
        item: dict[str, Any] = {"kind": kind(entry), "name": entry.name, "says": entry.values}
        if entry.number in found.own:
            item["wrong"] = found.own[entry.number]
        turn = planned.get(found.ids.get(entry.number, ""))
        if turn is not None:
            clip = dressed.get(turn.id)
            item |= {"id": turn.id, "take": turn.take, "person": turn.turn.recording is not None}
            item["state"] = "waiting"
            item["seconds"] = round(turn.estimate, 2)
            if clip is not None:
                item |= {"state": "spoken", "clip": clip.clip.digest[:12]}
                item["seconds"] = round(clip.clip.seconds, 3)
            elif turn.key in sounding.speaking:
                item["state"] = "speaking"
            elif turn.key in sounding.failed:
                item |= {"state": "failed", "why": sounding.failed[turn.key]}
            elif turn.key in sounding.wanted:
                item["state"] = "wanted"
        elif item["kind"] == "turn":
            item["state"] = "wrong" if "wrong" in item else "waiting"
        listed[entry.number] = item
    return listed


def kind(entry: Entry) -> str:
    """What an entry is: turn, pause, chapter, music, sound, or nothing that can be read."""
    if not entry.name:
        return "unreadable"
    return entry.name if entry.name in RESERVED else "turn"


def _placed(
    document: Document, problems: Sequence[Problem], plan: Plan | None
) -> tuple[dict[int, list[dict[str, str]]], list[dict[str, str]]]:
    lines = document.lines()
    starts = [line for line, _ in lines]
    script = None if plan is None else str(plan.show.path)
    own: dict[int, list[dict[str, str]]] = {}
    others: list[dict[str, str]] = []
    for problem in problems:
        place = problem.place
        told = {"what": problem.what, "remedy": problem.remedy}
        here = place is not None and (script is None or place.file == script)
        line = place.line if place is not None and here else None
        if line is not None and starts[0] <= line <= document.last_line:
            own.setdefault(lines[bisect_right(starts, line) - 1][1], []).append(told)
        else:
            others.append({**told, "place": str(place) if place else ""})
    return own, others


def cast(plan: Plan | None) -> dict[str, dict[str, Any]]:
    """How each speaker is spoken, which a turn inherits."""
    if plan is None:
        return {}
    parts = {**plan.casting.recorded, **plan.casting.parts}
    return {
        name: {
            "character": part.character,
            "engine": part.engine,
            "voice": part.voice,
            "speed": part.speed,
            "gain": part.gain,
            "pan": part.pan,
            "takes": plan.engines[part.engine].capabilities().takes
            if part.engine in plan.engines
            else False,
        }
        for name, part in parts.items()
    }


def times(found: Found) -> dict[int, tuple[float, float]]:
    """Where each entry that sounds begins and ends in the episode, in seconds."""
    draft = found.draft
    if draft is None:
        return {}
    rate = draft.timeline.rate
    by_turn = {turn: number for number, turn in found.ids.items()}
    placed: dict[int, tuple[float, float]] = {}
    for clip in draft.timeline.speech:
        if clip.id in by_turn:
            placed[by_turn[clip.id]] = clip.start / rate, clip.end / rate
    by_line = dict(found.looked.lines())
    pieces = {piece.id: by_line.get(piece.item.place.line or 0) for piece in draft.pieces}
    edges = [(sound.id, sound.start, sound.end) for sound in draft.timeline.sounds]
    edges += [(span.id, span.start, span.end) for span in draft.timeline.music]
    for name, start, end in edges:
        number = pieces.get(name)
        if number is not None:
            placed[number] = start / rate, end / rate
    chapters = (item for item in draft.plan.show.items if isinstance(item, model.Chapter))
    for chapter, mark in zip(chapters, draft.timeline.chapters, strict=False):
        number = by_line.get(chapter.place.line or 0)
        if number is not None:
            placed[number] = mark.start / rate, mark.start / rate
    return {number: (round(start, 3), round(end, 3)) for number, (start, end) in placed.items()}


def changes(
    before: Mapping[int, Mapping[str, Any]], after: Mapping[int, Mapping[str, Any]]
) -> dict[int, Mapping[str, Any]]:
    """The entries that are new or other."""
    return {number: item for number, item in after.items() if before.get(number) != item}
