"""What the pages have been told of the show: all of it once, then what is other than before."""

from __future__ import annotations

import operator
import threading
from collections.abc import Mapping
from typing import Any

from podgen.edit import outline
from podgen.edit.desk import Desk
from podgen.edit.outline import Found, Sounding
from podgen.edit.telling import Telling


class Bulletin:
    """The show as the pages have it; every message is the next version of it."""

    def __init__(self, desk: Desk, tell: Telling) -> None:
        self._desk, self._tell = desk, tell
        self._lock = threading.Lock()
        self._version = 0
        self._items: dict[int, dict[str, Any]] = {}
        self._order: list[int] = []
        self._times: Mapping[int, tuple[float, float]] = {}
        self._rest: dict[str, Any] = {}
        self._laid: tuple[object, ...] = ()

    def state(self) -> dict[str, Any]:
        """Everything that a page shows."""
        with self._lock:
            return {
                "version": self._version,
                "items": self._items,
                "order": self._order,
                "times": self._times,
                **self._rest,
            }

    def publish(self, found: Found, sounding: Sounding, *, by_itself: bool) -> None:
        """Tell the pages what is other than what they were told last."""
        with self._lock:
            message: dict[str, Any] = {}
            items = outline.items(found, sounding)
            if changed := outline.changes(self._items, items):
                message["items"] = changed
            order = list(items)
            if order != self._order:
                message["order"] = order
            laid = (found.draft, found.looked, found.ids)
            if not self._laid or any(map(operator.is_not, laid, self._laid)):
                times = outline.times(found)
                if times != self._times:
                    message["times"] = times
                self._times, self._laid = times, laid
            rest = {**_about(found, self._desk), "byItself": by_itself}
            message |= {name: one for name, one in rest.items() if self._rest.get(name) != one}
            self._items, self._order, self._rest = items, order, rest
            if message:
                self._version += 1
                self._tell("change", {"version": self._version, **message})


def _about(found: Found, desk: Desk) -> dict[str, Any]:
    """All that is shown beside the entries."""
    plan, draft = found.plan, found.draft
    undo, redo = desk.history.labels
    show = plan.show if plan else None
    script = desk.script
    return {
        "title": show.title if show else script.stem,
        "show": (show.show or "") if show else "",
        "language": show.language if show else "en",
        "file": script.name,
        "cast": outline.cast(plan),
        "pause": show.defaults.pause if show else 0.0,
        "unread": found.unread,
        "problems": found.others,
        "warnings": list(plan.warnings) if plan else [],
        "fault": desk.fault,
        "undo": undo,
        "redo": redo,
        "duration": round(draft.timeline.total / draft.timeline.rate, 3) if draft else 0,
        "rate": plan.preset.sample_rate if plan else 44100,
    }
