"""The unmastered mix as a shell script of plain ffmpeg: a second assembly, independent of podgen's.

Every level that moves is a `volume` filter with `eval=frame` on short frames. Evaluated once, as is
ffmpeg's default, it would freeze at its first value, with exit code 0: an intro that fades in would
be silent.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise

from podgen.publish.editors.arrangement import Arrangement, Placed, Points, Room

FRAME = 64
"""Samples for which a moving level stands still, at most; it is that of their middle..."""
STEPS = 64
"""...and the fewest such steps in a ramp or fade, be it short."""
MOST_INPUTS = 40
"""Clips in one command: ffmpeg opens every one at once."""
MOST_RAMPS = 50
"""Ramps in one expression; music that moves more often is cut into more."""

_HEAD = """\
#!/bin/sh
# {title}
# The unmastered mix, {seconds:.2f} s at {rate} Hz, by plain ffmpeg (5.0 or newer). Usage:
#   sh mix.sh [OUT.wav]
set -eu
out=${{1:-mix.wav}}
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run() {{ "${{FFMPEG:-ffmpeg}}" -hide_banner -nostdin -v error -y "$@"; }}
"""
_OUT = "-map '[out]' -c:a pcm_f32le -rf64 auto"


def script(arrangement: Arrangement) -> str:
    """The text of `mix.sh`, which lies beside the media folder."""
    title = " ".join(arrangement.title.split())
    blocks = [
        _HEAD.format(
            title=title, seconds=arrangement.seconds(arrangement.total), rate=arrangement.rate
        )
    ]
    parts: list[int] = []  # where each part begins
    for name, clips in _commands(arrangement):
        start = min(clip.start for clip, _, _ in clips)
        lines = [f"# {' '.join(name.split())}", "run \\"]
        lines += [f"  -i {shlex.quote(clip.file)} \\" for clip, _, _ in clips]
        lines.append('  -filter_complex "')
        lines += _mixed([
            f"{_clip(arrangement, *cut)},{_delayed(max(cut[0].start, cut[1]) - start)}"
            for cut in clips
        ])  # fmt: skip
        lines.append(f'  " {_OUT} "$work/{len(parts)}.wav"')
        parts.append(start)
        blocks.append("\n".join(lines))
    blocks.append("\n".join(_whole(arrangement, parts)))
    return "\n".join(blocks) + "\n"


def _between(x: str, high: str) -> str:
    """`x` from 0 to `high`. Not `clip`: of an unknown time, ffmpeg's first, that is no number."""
    return f"min(max({x},0),{high})"


Cut = tuple[Placed, int, int]
"""A clip and the samples of the episode, from and to, that are taken of it."""


def _commands(arrangement: Arrangement) -> Iterator[tuple[str, list[Cut]]]:
    """The clips of each command, those of a track together."""
    for track in arrangement.tracks:
        cuts = [cut for clip in track.clips for cut in _cuts(clip, arrangement.rate)]
        for first in range(0, len(cuts), MOST_INPUTS):
            yield track.name, cuts[first : first + MOST_INPUTS]


def _cuts(clip: Placed, rate: int) -> Iterator[Cut]:
    """A clip whole, or in pieces: with `MOST_RAMPS` each, and short fades by themselves, which want
    shorter frames."""
    edges = {clip.start, clip.end}
    edges |= {
        clip.start + round(seconds * rate) for seconds, _ in clip.curve[MOST_RAMPS:-1:MOST_RAMPS]
    }
    for fade, edge in (
        (clip.fade_in, clip.start + clip.fade_in),
        (clip.fade_out, clip.end - clip.fade_out),
    ):
        if 0 < fade < FRAME * STEPS and clip.start < edge < clip.end:
            edges.add(edge)
    for start, end in pairwise(sorted(edges)):
        yield clip, start, end


def _mixed(chains: Sequence[str]) -> list[str]:
    """Chains of filters, one for each input, and their sum."""
    if len(chains) == 1:
        return [f"    [0]{chains[0]}[out]"]
    lines = [f"    [{n}]{chain}[c{n}];" for n, chain in enumerate(chains)]
    labels = "".join(f"[c{n}]" for n in range(len(chains)))
    return [*lines, f"    {labels}amix=inputs={len(chains)}:normalize=0:duration=longest[out]"]


def _delayed(samples: int) -> str:
    return f"adelay={samples}S:all=1"


def _clip(arrangement: Arrangement, clip: Placed, start: int, end: int) -> str:
    """One clip: the part of it, how its level moves, gain and pan."""
    filters = []
    if (start, end) != (clip.start, clip.end):
        filters.append(f"atrim=start_sample={start - clip.start}:end_sample={end - clip.start}")
        filters.append("asetpts=N/SR/TB")
    else:
        filters.append(f"atrim=end_sample={clip.length}")
    frame = _frame(clip, start, end, arrangement.rate)
    if moves := _moves(arrangement, clip, start, end, frame):
        filters.append(_volume(moves, frame))
    names = ("c0", "c1")[: arrangement.channels]
    sides = clip.sides(arrangement.channels)
    layout = "stereo" if arrangement.channels == 2 else "mono"
    of = ["c0", "c0"] if clip.channels == 1 else ["c0", "c1"]
    if arrangement.channels == 1 and clip.channels == 2:
        mixed = f"c0={sides[0] / 2:.9g}*c0+{sides[0] / 2:.9g}*c1"
    else:
        mixed = "|".join(
            f"{name}={side:.9g}*{source}"
            for name, side, source in zip(names, sides, of, strict=False)
        )
    filters.append(f"aformat=sample_fmts=flt,pan={layout}|{mixed}")
    return ",".join(filters)


def _frame(clip: Placed, start: int, end: int, rate: int) -> int:
    """How many samples a moving level may stand still for, by the shortest move."""
    moves = [
        (until - since) * rate
        for (since, level), (until, other) in pairwise(clip.curve)
        if level != other and since * rate < end - clip.start and until * rate > start - clip.start
    ]
    moves += [clip.fade_in] * (start < clip.start + clip.fade_in)
    moves += [clip.fade_out] * (end > clip.end - clip.fade_out)
    return round(min(FRAME, max(2, min(moves, default=FRAME * STEPS) / STEPS)))


def _volume(moves: str, frame: int) -> str:
    return f"asetnsamples=n={frame}:p=0,volume=volume='{moves}':eval=frame"


def _moves(arrangement: Arrangement, clip: Placed, start: int, end: int, frame: int) -> str:
    """The level of a clip as an expression of `t`, which is 0 at `start`; "" if it stands still."""
    rate = arrangement.rate
    middle = frame / 2 / rate
    before = (start - clip.start) / rate
    factors = []
    if clip.curve and (level := _ramps(clip.curve, before + middle, before, (end - start) / rate)):
        factors.append(f"pow(10,({level})/20)")
    if clip.fade_in and start - clip.start < clip.fade_in:
        factors.append(_fade(f"t{before + middle:+.6f}", clip.fade_in / rate))
    if clip.fade_out and end > clip.end - clip.fade_out:
        left = (clip.end - start) / rate - middle
        factors.append(_fade(f"{left:.6f}-t", clip.fade_out / rate))
    return "*".join(factors)


def _ramps(curve: Points, shift: float, begin: float, length: float) -> str:
    """Straight lines in dB as a sum of ramps, each of which begins at its time and stays.

    The curve's time is `t` and `shift`; of the curve, `length` seconds from `begin` on matter.
    """
    inside = [(s, d) for s, d in curve if begin < s < begin + length]
    first, last = _level(curve, begin), _level(curve, begin + length)
    points = [(begin, first), *inside, (begin + length, last)]
    terms = [f"{first:.4f}"]
    for (since, level), (until, other) in pairwise(points):
        if other != level and until > since:
            slope = (other - level) / (until - since)
            ramp = _between(f"t{shift - since:+.6f}", f"{until - since:.6f}")
            terms.append(f"{slope:+.6f}*{ramp}")
    return "" if terms == ["0.0000"] else "".join(terms)


def _level(curve: Points, at: float) -> float:
    """A curve's value at a moment."""
    import numpy as np

    seconds, levels = zip(*curve, strict=True)
    return float(np.interp(at, seconds, levels))


def _fade(since: str, seconds: float) -> str:
    """A raised cosine over so many seconds."""
    return f"(0.5-0.5*cos(PI*{_between(f'({since})/{seconds:.6f}', '1')}))"


def _whole(arrangement: Arrangement, parts: Sequence[int]) -> Iterator[str]:
    """The last command: the parts at their places, over the room tone."""
    yield "# all of it"
    yield "run \\"
    for number in range(len(parts)):
        yield f'  -i "$work/{number}.wav" \\'
    chains = [_delayed(start) for start in parts]
    if arrangement.room is not None:
        yield f"  -i {shlex.quote(arrangement.room.file)} \\"
        chains.append(_room(arrangement, arrangement.room))
    lines = _mixed(chains)
    total = f"apad=whole_len={arrangement.total},atrim=end_sample={arrangement.total}"
    lines[-1] = lines[-1].replace("[out]", f"[mix];\n    [mix]{total}[out]")
    yield '  -filter_complex "'
    yield from lines
    yield f'  " {_OUT} "$out"'


def _room(arrangement: Arrangement, room: Room) -> str:
    rate = arrangement.rate
    fade = room.fade / rate
    middle = FRAME / 2 / rate
    left = arrangement.total / rate - middle
    edges = (f"(t+{middle:.6f})/{fade:.6f}", f"({left:.6f}-t)/{fade:.6f}")
    moves = _volume("*".join(_between(edge, "1") for edge in edges), FRAME)
    return f"aloop=loop=-1:size={room.length},atrim=end_sample={arrangement.total},{moves}"
