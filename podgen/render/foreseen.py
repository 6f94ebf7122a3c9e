"""What goes wrong with a show however its turns turn out, told from their estimated lengths."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

from podgen.errors import Problem
from podgen.show.model import Anchor, Chapter, Music, Pause, Show, Sound, Turn
from podgen.show.picture import read_picture

MARGIN = 1.5
"""A turn is taken to be at most this multiple of its estimate. What passes the real length only is
refused once that is known."""
_FLAC_PICTURE = (1 << 24) - 1 - 64
"""Bytes of a picture in FLAC: its block's length has 24 bits (RFC 9639, section 8.1)."""


def foreseen(show: Show, estimates: Mapping[str, float], head: float) -> list[Problem]:
    """Overlaps, starts before the beginning and covers that cannot be.

    `estimates` holds the turns' lengths and `head` what comes before them, in seconds.
    """
    longest = {turn: seconds * MARGIN for turn, seconds in estimates.items()}
    return [*_overlaps(show, longest), *_early(show, longest, head), *_covers(show)]


def overlap_problem(now: Turn, before: Turn, seconds: float, roughly: str = "") -> Problem:
    """What to say where an overlap is longer than the turn before it, which lasts `seconds`."""
    return Problem(
        f"the overlap of {now.overlap:g} s is longer than the turn before it, "
        f"'{before.id}' of {roughly}{seconds:.1f} s",
        "make it shorter",
        now.place,
        now.id,
    )


def _overlaps(show: Show, longest: Mapping[str, float]) -> Iterator[Problem]:
    for before, now in pairwise(turn for turn in show.turns if turn.id in longest):
        seconds = longest[before.id]
        if now.overlap is not None and now.overlap > seconds:
            yield overlap_problem(now, before, seconds, "about ")


def _early(show: Show, longest: Mapping[str, float], head: float) -> Iterator[Problem]:
    """Music and effects that would begin before the episode does."""
    latest = head  # the latest moment that it can be here
    turns: dict[str, float] = {}
    later: list[tuple[Music, Anchor]] = []
    for item in show.items:
        match item:
            case Pause():
                latest += item.seconds
            case Turn():
                latest += (item.pause_before or 0.0) + show.defaults.pause
                turns[item.id] = latest
                latest += longest.get(item.id, math.inf) + (item.pause_after or 0.0)
            case Music(start=start):
                if isinstance(start, Anchor):
                    later.append((item, start))
                    continue
                if latest + (start or 0.0) < 0:
                    yield _too_early(item, latest + (start or 0.0))
                if item.lead is not None or item.role == "intro":
                    latest = math.inf  # until its file is read
            case Sound():
                if latest + item.at < 0:
                    yield _too_early(item, latest + item.at)
                if item.wait:
                    latest = math.inf
            case Chapter():
                pass
    for music, anchor in later:
        at = turns.get(anchor.turn, math.inf) + anchor.seconds
        if anchor.edge == "end":
            at += longest.get(anchor.turn, math.inf)
        if at < 0:
            yield _too_early(music, at)


def _too_early(item: Music | Sound, at: float) -> Problem:
    what = f"{item.file.name} would begin {-at:.1f} s before the episode does"
    return Problem(what, "raise its offset or move it down", item.place)


def cover_warnings(show: Show, preset: str) -> Iterator[str]:
    """What the houses that a preset is for will not like about a cover.

    Apple Podcasts asks for a square of 1400 to 3000 pixels in RGB, ACX for one of 2400 and more;
    Spotify shows squares of Apple's sizes.
    """
    limits = _COVERS.get(preset)
    if show.cover is None or limits is None:
        return
    picture = read_picture(show.cover)
    name, (least, most) = show.cover.name, limits
    if picture.width != picture.height:
        yield f"cover {name}: {picture.width} x {picture.height} pixels; players want a square"
    if not all(least <= side <= most for side in (picture.width, picture.height)):
        span = f"{least} to {most}" if most < _ANY else f"{least} and more"
        yield f"cover {name}: {picture.width} x {picture.height} pixels; {preset} wants {span}"
    if not picture.rgb:
        yield f"cover {name}: its colours are not plain RGB; some players show it wrong or not"


_ANY = 1 << 20
_COVERS = {
    "apple": (1400, 3000),
    "apple-mono": (1400, 3000),
    "spotify": (1400, 3000),
    "acx": (2400, _ANY),
}


def _covers(show: Show) -> Iterator[Problem]:
    if show.cover is None or "flac" not in show.deliverables:
        return
    size = show.cover.stat().st_size
    if size > _FLAC_PICTURE:
        what = f"the cover has {size / 2**20:.1f} MiB, and flac holds less than 16"
        remedy = "give a smaller picture: players want 3000 x 3000 pixels at most"
        yield Problem(what, remedy, show.cover_place)
