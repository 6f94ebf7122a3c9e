"""`report.html`: one file that opens from disk and needs no network."""

from __future__ import annotations

import base64
import html
import json
import math
import re
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from podgen.render.report import Check, Master, Report
from podgen.render.report_tracks import HUES, speakers, tracks
from podgen.show.picture import read_picture

_MINUS = "\u2212"


def write_html(report: Report, path: Path) -> None:
    """Write the report for people. The same report gives the same bytes."""
    episode = report.episode
    parts = {
        "title": html.escape(episode.title),
        "css": _asset("shared.css") + _asset("report.css"),
        "js": _asset("shared.js").replace("export const", "const") + _asset("report.js"),
        "header": _header(report),
        "warnings": _warnings(report),
        "deliverables": _deliverables(report),
        "failures": _failures(report),
        "beside": _links(report),
        "soundbites": _soundbites(report),
        "engines": _engines(report),
        "tracks": tracks(report),
        "speakers": "".join(
            f"<option>{html.escape(speaker)}</option>" for speaker in speakers(report)
        ),
        "audio": f'src="{_address(report.audio)}"' if report.audio else "",
        "data": _data(report),
    }
    # One pass, so that nothing a user wrote can be taken for a placeholder.
    page = re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("report.html"))
    path.write_text(page, encoding="utf-8")


def _asset(name: str) -> str:
    folder = files("podgen.render").joinpath("report_data")
    return folder.joinpath(name).read_text(encoding="utf-8")


def _address(relative: str) -> str:
    return html.escape(quote(relative), quote=True)


def number(value: float | None, digits: int, sign: bool = False) -> str:
    """A figure with a real minus; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:+,.{digits}f}" if sign else f"{value:,.{digits}f}"
    return text.replace("-", _MINUS).replace(",", "\u202f")


def duration(seconds: float) -> str:
    """A length of time as m:ss or h:mm:ss."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _size(count: int) -> str:
    return f"{number(count / 1e6, 2)} MB" if count >= 1e6 else f"{number(count / 1e3, 0)} kB"


def _header(report: Report) -> str:
    episode, target = report.episode, report.target
    cover = ""
    if episode.cover:
        picture = read_picture(episode.cover)
        source = f"data:{picture.mime};base64,{base64.b64encode(picture.data).decode('ascii')}"
        cover = f'<img class="cover" src="{source}" alt="" width="96" height="96">'
    line = [episode.show, f"no. {episode.number}" if episode.number is not None else ""]
    line += [episode.author, report.made]
    missed = sum(check.passed is False for item in report.deliverables for check in item.checks)
    demands = sum(check.passed is not None for item in report.deliverables for check in item.checks)
    verdict = f"{missed} of {demands} checks failed" if missed else f"{demands} checks passed"
    aims = [target.preset]
    if target.loudness is not None:
        tolerance = f" ±{number(target.tolerance, 1)}" if target.tolerance is not None else ""
        aims.append(f"{number(target.loudness, 1)} LUFS{tolerance}")
    if target.true_peak is not None:
        aims.append(f"≤ {number(target.true_peak, 1)} dBTP")
    words = sum(len(turn.text.split()) for turn in report.turns)
    rendered = sum(not turn.cached for turn in report.turns)
    facts = [
        ("Duration", duration(episode.duration)),
        ("Turns", f"{number(len(report.turns), 0)}"),
        ("Words", f"{number(words, 0)}"),
        ("Rendered", f"{number(rendered, 0)}"),
        ("From store", f"{number(len(report.turns) - rendered, 0)}"),
        ("Timeline", f"{number(episode.sample_rate, 0)} Hz"),
        ("Master", " · ".join(aims)),
        ("Mix to master", _chain(report.master)),
    ]
    listed = "".join(f"<div><dt>{name}</dt><dd>{html.escape(v)}</dd></div>" for name, v in facts)
    return (
        f'{cover}<div class="head"><p class="over">'
        f"{html.escape(' · '.join(part for part in line if part))}</p>"
        f'<h1 lang="{html.escape(episode.language)}">{html.escape(episode.title)}</h1>'
        f'<p class="verdict {"bad" if missed else "good"}">{verdict}</p></div>'
        f'<dl class="facts">{listed}</dl>'
    )


def _chain(master: Master) -> str:
    before = f"{number(master.mix, 1)} · " if master.mix is not None else ""
    deepest = max(master.reductions, default=0.0)
    return f"{before}{number(master.gain, 1, True)} dB · limiter {number(deepest, 1)} dB at most"


def _warnings(report: Report) -> str:
    if not report.warnings:
        return ""
    items = "".join(f"<li>{html.escape(warning)}</li>" for warning in report.warnings)
    return f'<section class="warnings"><h2>Warnings</h2><ul>{items}</ul></section>'


_DIGITS = {"LUFS": 2, "LU": 2, "dBTP": 2, "dB": 1, "s": 3}


def _cell(check: Check | None, name: str) -> str:
    label = f' data-label="{html.escape(name)}"'
    if check is None:
        return f"<td{label}>–</td>"
    figure = f"{number(check.measured, _DIGITS.get(check.unit, 0))}"
    unit = f' <span class="unit">{html.escape(check.unit)}</span>' if check.unit else ""
    asked = check.asked.replace("-", _MINUS)
    demand = f'<span class="asked">{html.escape(asked)}</span>' if asked else ""
    mark = ""
    if check.passed is not None:
        word, sign = ("passed", "✓") if check.passed else ("failed", "✗")
        mark = f'<span class="mark {word}" role="img" aria-label="{word}">{sign}</span>'
    return f"<td{label}>{mark}{figure}{unit}{demand}</td>"


def _deliverables(report: Report) -> str:
    names = dict.fromkeys(
        check.name for item in report.deliverables for check in item.checks if not _sentence(check)
    )
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)
    rows = []
    for item in report.deliverables:
        checks = {check.name: check for check in item.checks}
        cells = "".join(_cell(checks.get(name), name) for name in names)
        link = f'<a href="{_address(item.path)}">{html.escape(item.path.rsplit("/", 1)[-1])}</a>'
        size = f'<td data-label="size">{_size(item.size)}</td>'
        rows.append(f'<tr><th scope="row">{link}</th>{cells}{size}</tr>')
    return (
        f'<table class="figures"><thead><tr><th scope="col">File</th>{head}'
        f'<th scope="col">Size</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _links(report: Report) -> str:
    """What lies beside the deliverables."""
    links = (f'<a href="{_address(path)}">{html.escape(path)}</a>' for path in report.beside)
    return f'<p class="beside">{" ".join(links)}</p>' if report.beside else ""


def _sentence(check: Check) -> bool:
    """Whether a check is a failure told in words."""
    return check.measured is None and check.passed is False and not check.unit


def _failures(report: Report) -> str:
    told = [
        f"<li>{html.escape(Path(item.path).name)}: {html.escape(check.name)}</li>"
        for item in report.deliverables
        for check in item.checks
        if _sentence(check)
    ]
    return f'<ul class="failures">{"".join(told)}</ul>' if told else ""


def _engines(report: Report) -> str:
    return "".join(
        f"<li><b>{html.escape(use.name)}</b> spoke {number(use.turns, 0)} "
        f"{'turn' if use.turns == 1 else 'turns'}: {html.escape(use.why)}"
        f' <code title="what names its sound">{html.escape(use.fingerprint)}</code></li>'
        for use in report.engines
    )


def _soundbites(report: Report) -> str:
    """Suggested passages; a click on a time plays it."""
    if not report.soundbites:
        return ""
    episode = report.episode
    items = "".join(
        f'<li><a href="#timeline" data-seek="{episode.seconds(one.start):.3f}">'
        f"{duration(episode.seconds(one.start))}</a> "
        f"{number(episode.seconds(one.end - one.start), 1)} s, <b>{html.escape(one.speaker)}</b> "
        f'<span lang="{html.escape(episode.language)}">{html.escape(one.text)}</span></li>'
        for one in report.soundbites
    )
    return (
        '<section aria-labelledby="h-bites"><h2 id="h-bites">Soundbites <small>suggested: whole '
        f'sentences between silences</small></h2><ul class="engines">{items}</ul></section>'
    )


def _level(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 2)


def _data(report: Report) -> str:
    """What the page's script reads, safe inside a script element."""
    episode = report.episode
    names = speakers(report)
    index = {name: position for position, name in enumerate(names)}
    words = {turn.id: turn.words for turn in episode.turns}
    data = {
        "rate": episode.sample_rate,
        "duration": round(episode.duration, 3),
        "language": episode.language,
        "hues": HUES,
        "speakers": names,
        "chapters": [[mark.start, mark.title] for mark in episode.chapters],
        "turns": [
            [
                turn.id,
                index[turn.speaker],
                turn.text,
                turn.start,
                turn.end,
                _level(turn.loudness_before),
                _level(turn.loudness_after),
                round(turn.gain, 2),
                turn.reduction,
                turn.limiter,
                turn.over_music,
                turn.reason,
                int(turn.cached),
                turn.take,
                " · ".join(filter(None, (turn.engine, turn.voice))),
                quote(turn.clip) if turn.clip else None,
                turn.verdict,
                turn.heard,
                list(turn.findings),
                [[word.text, word.start, word.end] for word in words.get(turn.id, ())],
            ]
            for turn in report.turns
        ],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
