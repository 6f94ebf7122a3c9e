"""A REAPER project (.RPP): a track a speaker, an item a clip, its moving level as a take envelope.

Written for a pan law of 0 dB, at which REAPER turns down the far side alone: volume and pan of an
item give each side the gain that it has in the mix.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from podgen.publish.editors.arrangement import Arrangement, Placed, Room, Track

_S_CURVE = 5  # REAPER's fade that is slow at both ends
_STRAIGHT_DB = 1.0
"""REAPER's envelopes are straight in amplitude: a ramp in dB gets a point for every so many."""


def project(arrangement: Arrangement) -> str:
    """The text of the project, which lies beside the media folder."""
    lines = [
        '<REAPER_PROJECT 0.1 "7.0" 0',
        "  PANLAW 1",
        "  PANMODE 3",
        f"  SAMPLERATE {arrangement.rate} 1 0",
        "  TEMPO 120 4 4",
    ]
    for number, (title, start) in enumerate(arrangement.markers, 1):
        lines.append(f"  MARKER {number} {_time(arrangement, start)} {_quoted(title)} 0")
    for track in arrangement.tracks:
        lines += _track(arrangement, track)
    if arrangement.room is not None:
        lines += _room(arrangement, arrangement.room)
    return "\n".join([*lines, ">"]) + "\n"


def _track(arrangement: Arrangement, track: Track) -> Iterator[str]:
    yield from _track_head(track.name)
    for clip in track.clips:
        yield "    <ITEM"
        yield f"      POSITION {_time(arrangement, clip.start)}"
        yield f"      LENGTH {_time(arrangement, clip.length)}"
        yield "      LOOP 0"
        yield f"      FADEIN 1 {_time(arrangement, clip.fade_in)} 0 {_S_CURVE} 0 0 0"
        yield f"      FADEOUT 1 {_time(arrangement, clip.fade_out)} 0 {_S_CURVE} 0 0 0"
        yield f"      NAME {_quoted(clip.name)}"
        volume, pan = _balance(clip)
        yield f"      VOLPAN 1 {pan:.8f} {volume:.8f} -1"
        yield "      SOFFS 0"
        yield from _source(clip.file)
        if clip.curve:
            yield "      <VOLENV"
            yield "        ACT 1 -1"
            yield "        VIS 1 1 1"
            for seconds, gain in _straightened(clip):
                yield f"        PT {seconds:.6f} {gain:.8f} 0"
            yield "      >"
        if clip.text:
            yield "      <NOTES"
            yield f"        |{' '.join(clip.text.split())}"
            yield "      >"
        yield "    >"
    yield "  >"


def _track_head(name: str) -> list[str]:
    return ["  <TRACK", f"    NAME {_quoted(name)}", "    VOLPAN 1 0 -1 -1 1", "    NCHAN 2"]


def _source(file: str) -> list[str]:
    return ["      <SOURCE WAVE", f"        FILE {_quoted(file)}", "      >"]


def _room(arrangement: Arrangement, room: Room) -> list[str]:
    fade = _time(arrangement, room.fade)
    return [
        *_track_head("room tone"),
        "    <ITEM",
        "      POSITION 0",
        f"      LENGTH {_time(arrangement, arrangement.total)}",
        "      LOOP 1",
        f"      FADEIN 1 {fade} 0 0 0 0 0",
        f"      FADEOUT 1 {fade} 0 0 0 0 0",
        '      NAME "room tone"',
        *_source(room.file),
        "    >",
        "  >",
    ]


def _balance(clip: Placed) -> tuple[float, float]:
    """Volume and pan at which the sides have the clip's gains."""
    left, right = clip.sides(2)
    volume = max(left, right)
    if volume == 0:
        return 0.0, 0.0
    return volume, (1 - left / volume if right >= left else right / volume - 1)


def _straightened(clip: Placed) -> Iterator[tuple[float, float]]:
    """The curve as points of linear gain, near enough that straight lines between them follow it
    within 0.1 dB."""
    for (since, level), (until, other) in pairwise(clip.curve):
        steps = max(1, round(abs(other - level) / _STRAIGHT_DB))
        for step in range(steps):
            part = step / steps
            yield since + part * (until - since), 10 ** ((level + part * (other - level)) / 20)
    seconds, level = clip.curve[-1]
    yield seconds, 10 ** (level / 20)


def _time(arrangement: Arrangement, samples: int) -> str:
    """Seconds, exact to well under a sample."""
    return f"{arrangement.seconds(samples):.9f}"


def _quoted(text: str) -> str:
    """A string as REAPER quotes it: by whichever mark is not in it."""
    words = " ".join(text.split())
    for mark in ('"', "'", "`"):
        if mark not in words:
            return f"{mark}{words}{mark}"
    return f"`{words.replace('`', chr(39))}`"
