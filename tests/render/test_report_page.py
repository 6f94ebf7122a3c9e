from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from podgen.publish.episode import ChapterMark
from podgen.render.report import (
    Check,
    MusicSpan,
    Report,
    Target,
    write_json,
)
from podgen.render.report_page import write_html
from tests.support.reports import RATE, sample


class Page(HTMLParser):
    """What a browser would find: scripts, elements, addresses."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.elements: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and self.scripts and self.elements[-1] == "script":
            self.scripts[-1] += data
        self.words.append(data.strip())

    @property
    def data(self) -> dict[str, list[list[object]]]:
        loaded: dict[str, list[list[object]]] = json.loads(self.scripts[0])
        return loaded


def test_json_holds_the_figures_and_no_infinity(tmp_path: Path) -> None:
    report = sample(cover=Path("art/cover.png"))
    write_json(report, tmp_path / "report.json")
    document = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    assert document["passed"] is False
    assert document["deliverables"][0]["checks"][0] == {
        "name": "Integrated",
        "measured": -16.03,
        "unit": "LUFS",
        "asked": "-16 ±0.2",
        "passed": True,
    }
    assert document["turns"][3]["loudness_after"] is None
    assert document["turns"][0]["start"] == report.turns[0].start
    assert document["episode"]["cover"] == "art/cover.png"
    assert document["episode"]["title"] == "The Loudness Illusion"
    assert "waveform" not in document


def test_a_report_passes_when_no_demand_was_missed() -> None:
    report = sample()
    good = replace(report, deliverables=report.deliverables[:1])
    information = Check("Bit rate", 900, "kb/s")
    assert not report.passed
    assert good.passed
    only = replace(good.deliverables[0], checks=(information,))
    assert replace(good, deliverables=(only,)).passed


def test_page_shows_figures_verdict_and_turns(tmp_path: Path) -> None:
    write_html(sample(), tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert "1 of 9 checks failed" in page.words
    assert "−16.03" in page.words
    assert "−0.42" in page.words
    assert len(page.data["turns"]) == 40
    assert page.data["turns"][3][6] is None
    assert page.data["turns"][0][15] == "clips/0001.wav"
    assert "../pilot.wav" in page.addresses


def test_the_page_leads_to_all_that_lies_beside_it(tmp_path: Path) -> None:
    names = ("transcript.vtt", "stems/Zoë & co.wav")
    report = replace(sample(), beside=names)
    page = Page(_written(report, tmp_path / "a.html"))
    assert {"transcript.vtt", "stems/Zo%C3%AB%20%26%20co.wav"} <= set(page.addresses)
    assert "stems/Zoë & co.wav" in page.words


def test_the_chain_from_mix_to_master_is_told(tmp_path: Path) -> None:
    page = Page(_written(sample(), tmp_path / "a.html"))
    assert "−23.0 · +7.0 dB · limiter 1.3 dB at most" in page.words


def test_a_failure_that_is_no_figure_is_told_in_words(tmp_path: Path) -> None:
    report = sample()
    silent = Check("turn turn-002 <is> silent", None, "", "", False)
    mp3 = replace(report.deliverables[0], checks=(*report.deliverables[0].checks, silent))
    page = Page(_written(replace(report, deliverables=(mp3,)), tmp_path / "a.html"))
    assert "pilot.mp3: turn turn-002 <is> silent" in page.words
    assert "1 of 6 checks failed" in page.words
    assert page.elements.count("th") == Page(
        _written(replace(report, deliverables=report.deliverables[:1]), tmp_path / "b.html")
    ).elements.count("th")


def test_page_needs_no_network(tmp_path: Path) -> None:
    write_html(sample(), tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert all(not re.match(r"\w+:|//", address) for address in page.addresses)
    assert "link" not in page.elements
    assert "@import" not in (tmp_path / "report.html").read_text()
    assert "url(" not in (tmp_path / "report.html").read_text()


def test_what_users_wrote_cannot_leave_its_place(tmp_path: Path) -> None:
    report = sample(3)
    evil = "</script><script>alert(1)</script> {{data}} <!-- \u2028"
    write_html(
        replace(
            report,
            episode=replace(
                report.episode, title=evil, chapters=(ChapterMark(evil, 0, RATE),), language='"><b>'
            ),
            turns=tuple(
                replace(turn, text=evil, speaker=evil, reason=evil) for turn in report.turns
            ),
            warnings=(evil,),
            music=(MusicSpan("bed", evil, 0, RATE),),
        ),
        tmp_path / "report.html",
    )
    page = Page(tmp_path / "report.html")
    assert len(page.scripts) == 2
    assert page.data["turns"][0][2] == evil
    assert page.data["speakers"] == [evil]
    plain = Page(_written(replace(report, warnings=("x",)), tmp_path / "plain.html"))
    assert page.elements.count("b") == plain.elements.count("b")


def _written(report: Report, path: Path) -> Path:
    write_html(report, path)
    return path


def test_cover_is_inside_the_page(cover: Path, tmp_path: Path) -> None:
    page = Page(_written(sample(2, cover), tmp_path / "report.html"))
    assert [a[:22] for a in page.addresses if a.startswith("data:")] == ["data:image/png;base64,"]


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    first = _written(sample(), tmp_path / "a.html").read_bytes()
    assert _written(sample(), tmp_path / "b.html").read_bytes() == first


def test_five_thousand_turns_stay_light(tmp_path: Path) -> None:
    """The page's elements do not grow with the turns; its bytes do, by little a turn."""
    few = Page(_written(sample(50), tmp_path / "few.html"))
    path = _written(sample(5000), tmp_path / "many.html")
    assert len(Page(path).elements) == len(few.elements)
    assert path.stat().st_size < 2_500_000


def test_an_hour_of_waveform_is_thinned_without_losing_its_peak(tmp_path: Path) -> None:
    report = sample(5)
    quiet = [(-0.1, 0.1)] * 100_000
    quiet[77_777] = (-0.1, 1.0)
    text = _written(replace(report, waveform=tuple(quiet)), tmp_path / "a.html").read_text()
    outline = re.search(r'<path class="wave" d="([^"]*)"', text)
    assert outline
    points = re.findall(r"([\d.]+) ([\d.]+)", outline[1])
    assert len(points) <= 8000
    assert min(float(y) for _, y in points) == 0.0


def test_empty_tracks_do_no_harm(tmp_path: Path) -> None:
    report = replace(
        sample(1), waveform=(), loudness=(), music=(), audio=None, deliverables=(), engines=()
    )
    silent = replace(report, target=Target("acx", None, None, None))
    page = Page(_written(silent, tmp_path / "a.html"))
    assert "0 checks passed" in page.words
