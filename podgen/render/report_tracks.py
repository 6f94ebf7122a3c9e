"""The timeline of `report.html`: chapters, loudness, waveform, speech and music as tracks."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence

from podgen.render.report import MusicSpan, Report

HUES = 8
"""How many colours speakers have before they repeat; the style sheet names them --s0 to --s7."""

_WIDTH = 1000  # of a track's own coordinates; the browser stretches it to the page
_SLICES = 4000  # as many slices as the widest zoom can show; more would only be weight
_WAVE_HEIGHT = 100.0
_LOUD_HEIGHT = 100.0
_LIMITER_HEIGHT = 40.0
_LIMITER_LEAST = 3  # dB that its track shows at least
_LOUD_SPAN = (-21.0, 9.0)  # LU about the target that the loudness track shows
_LOUD_GRID = 6
_NO_TARGET = -16.0


def speakers(report: Report) -> list[str]:
    """Everyone who speaks, in order of first appearance."""
    return list(dict.fromkeys(turn.speaker for turn in report.turns))


def tracks(report: Report) -> str:
    """The rows of the timeline: a label and a stretchable picture each."""
    length = max(1, round(report.episode.duration * report.episode.sample_rate))
    rows = [
        axis(),
        chapters([(mark.start, mark.end, mark.title) for mark in report.episode.chapters], length),
        loudness(report.loudness, report.episode.duration, report.target.loudness),
        _row("Peaks", "wave", _waveform(report.waveform)),
        _limiter(report),
        *speech(_spoken(report), length),
        *music(report.music, length),
    ]
    return "".join(rows)


def _spoken(report: Report) -> dict[str, list[tuple[int, int]]]:
    spans: dict[str, list[tuple[int, int]]] = {speaker: [] for speaker in speakers(report)}
    for turn in report.turns:
        spans[turn.speaker].append((turn.start, turn.end))
    return spans


def axis() -> str:
    """The row that a page's script draws the times into."""
    return _row("", "axis", '<div id="axis" aria-hidden="true"></div>')


def _row(label: str, kind: str, picture: str, scale: str = "") -> str:
    return (
        f'<div class="track {kind}"><div class="label"><span>{label}</span>{scale}</div>'
        f'<div class="lane">{picture}</div></div>'
    )


def _svg(height: float, content: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:g}" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false">{content}</svg>'
    )


def _percent(samples: float, length: int) -> str:
    return f"{100 * samples / length:.4f}%"


def chapters(marks: Sequence[tuple[int, int, str]], length: int) -> str:
    """The row of chapters, as (start, end, title); times in samples, of `length` in all."""
    if not marks:
        return ""
    buttons = "".join(
        f'<button type="button" class="span" data-at="{start / length:.6f}" '
        f'style="left:{_percent(start, length)};width:{_percent(end - start, length)}" '
        f'title="{html.escape(title)}">{html.escape(title)}</button>'
        for start, end, title in marks
    )
    return _row("Chapters", "chapters", buttons)


def loudness(curve: Sequence[tuple[float, float]], duration: float, target: float | None) -> str:
    """The row of loudness, as (seconds, LUFS), about the target if there is one."""
    if not curve:
        return ""
    centre = _NO_TARGET if target is None else target
    low, high = centre + _LOUD_SPAN[0], centre + _LOUD_SPAN[1]

    def y(level: float) -> float:
        return _LOUD_HEIGHT * (high - min(max(level, low), high)) / (high - low)

    marks = [
        level
        for level in range(math.ceil(low), math.floor(high) + 1)
        if (level - centre) % _LOUD_GRID == 0
    ]
    grid = "".join(f'<path class="grid" d="M0 {y(m):.2f}H{_WIDTH}"/>' for m in marks)
    points = _thinned(curve, _SLICES)
    end = duration or 1.0
    line = "L".join(f"{_WIDTH * t / end:.2f} {y(level):.2f}" for t, level in points)
    first, last = (_WIDTH * points[i][0] / end for i in (0, -1))
    ground = f"{_LOUD_HEIGHT:g}"
    area = f'<path class="area" d="M{first:.2f} {ground}L{line}L{last:.2f} {ground}Z"/>'
    aim = f'<path class="aim" d="M0 {y(centre):.2f}H{_WIDTH}"/>' if target is not None else ""
    drawn = f'<path class="curve" d="M{line}"/>'
    scale = "".join(_tick(y(mark), mark, mark == target) for mark in marks)
    picture = _svg(_LOUD_HEIGHT, grid + area + aim + drawn)
    return _row("LUFS", "loud", picture, f'<div class="scale">{scale}</div>')


def _tick(top: float, level: float, at: bool) -> str:
    figure = f"{level:g}".replace("-", "\u2212")
    return f'<i style="top:{top:.2f}%"{" class=at" if at else ""}>{figure}</i>'


def _limiter(report: Report) -> str:
    """The master's gain reduction, hanging from the top; by whole decibels to what it needs."""
    reductions = report.master.reductions
    if not reductions:
        return ""
    deepest = max(_LIMITER_LEAST, math.ceil(max(reductions)))
    step = math.ceil(len(reductions) / _SLICES)
    thin = [max(reductions[i : i + step]) for i in range(0, len(reductions), step)]
    width = _WIDTH * step / (report.episode.duration or 1.0)
    drop = _LIMITER_HEIGHT / deepest
    outline = "".join(
        f"L{i * width:.2f} {each * drop:.2f}H{min(_WIDTH, (i + 1) * width):.2f}"
        for i, each in enumerate(thin)
    )
    picture = _svg(_LIMITER_HEIGHT, f'<path class="limiter" d="M0 0{outline}V0Z"/>')
    scale = f"{_tick(0, 0, False)}{_tick(100, -deepest, False)}"
    return _row("Limiter dB", "reduction", picture, f'<div class="scale">{scale}</div>')


def _thinned(points: Sequence[tuple[float, float]], limit: int) -> list[tuple[float, float]]:
    """At most `limit` points, each the mean of its stretch in power, as loudness is averaged."""
    step = math.ceil(len(points) / limit)
    thin = []
    for i in range(0, len(points), step):
        part = points[i : i + step]
        powers = [10 ** (level / 10) if level > -math.inf else 0.0 for _, level in part]
        power = sum(powers) / len(powers)
        thin.append((part[0][0], 10 * math.log10(power) if power > 0 else -math.inf))
    return thin


def _waveform(slices: Sequence[tuple[float, float]]) -> str:
    if not slices:
        return ""
    step = math.ceil(len(slices) / _SLICES)
    thin = [
        (min(low for low, _ in slices[i : i + step]), max(high for _, high in slices[i : i + step]))
        for i in range(0, len(slices), step)
    ]

    def y(value: float) -> str:
        return f"{_WAVE_HEIGHT / 2 * (1 - min(1.0, max(-1.0, value))):.1f}"

    width = _WIDTH / len(thin)
    upper = [f"{i * width:.2f} {y(high)}" for i, (_, high) in enumerate(thin)]
    lower = [f"{i * width:.2f} {y(low)}" for i, (low, _) in enumerate(thin)]
    outline = "L".join([*upper, *reversed(lower)])
    return _svg(
        _WAVE_HEIGHT,
        f'<path class="grid" d="M0 {_WAVE_HEIGHT / 2:g}H{_WIDTH}"/>'
        f'<path class="wave" d="M{outline}Z"/>',
    )


def _boxes(spans: Iterable[tuple[int, int]], length: int) -> str:
    """Spans as one path: a lane of thousands of turns is a single element."""
    scale = _WIDTH / length
    return "".join(
        f"M{start * scale:.2f} 0h{max(0.2, (end - start) * scale):.2f}v10H{start * scale:.2f}Z"
        for start, end in spans
    )


def speech(spans: Mapping[str, Iterable[tuple[int, int]]], length: int) -> list[str]:
    """A row for each speaker, with when they speak."""
    return [
        _row(
            html.escape(speaker),
            "speech",
            _svg(10, f'<path style="fill:var(--s{n % HUES})" d="{_boxes(own, length)}"/>'),
        )
        for n, (speaker, own) in enumerate(spans.items())
    ]


def music(
    pieces: Iterable[MusicSpan],
    length: int,
    levels: Mapping[MusicSpan, Sequence[float]] | None = None,
) -> list[str]:
    """Music and effects, as many rows as lie over one another.

    `levels` has for a piece of music its gain, 0 to 1, at even distances.
    """
    lanes: list[list[MusicSpan]] = []
    for span in sorted(pieces, key=lambda span: (span.kind == "sound", span.start)):
        for lane in lanes:
            same = (lane[-1].kind == "sound") == (span.kind == "sound")
            if same and lane[-1].end <= span.start:
                lane.append(span)
                break
        else:
            lanes.append([span])
    rows = []
    for lane in lanes:
        boxes = "".join(
            f'<span class="span" style="left:{_percent(span.start, length)};'
            f'width:{_percent(span.end - span.start, length)}" '
            f'title="{html.escape(f"{span.kind}: {span.label}")}">'
            f"{_level((levels or {}).get(span, ()))}{html.escape(span.label)}</span>"
            for span in lane
        )
        sound = lane[0].kind == "sound"
        rows.append(_row("Sound" if sound else "Music", "sounds" if sound else "music", boxes))
    return rows


def _level(gains: Sequence[float]) -> str:
    """How a piece of music is turned down, hanging from the top of its span."""
    if not gains:
        return ""
    step = _WIDTH / max(1, len(gains) - 1)
    line = "".join(f"L{n * step:.1f} {10 * (1 - gain):.2f}" for n, gain in enumerate(gains))
    return _svg(10, f'<path class="down" d="M0 0{line}L{_WIDTH} 0Z"/>')
