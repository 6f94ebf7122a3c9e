"""The report page as a browser shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from podgen.publish.episode import SpokenWord
from podgen.publish.soundbites import Soundbite
from podgen.render.report_page import write_html
from tests.support.browser import PHONE, chromium, serious
from tests.support.reports import sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SMALL = """least => [...document.querySelectorAll("button, select, input, a")]
    .map(node => [node, node.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.height < least)
    .map(([node]) => node.outerHTML)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    beside = ("transcript.vtt", "chapters.json", "stems/ADA.wav")
    write_html(replace(sample(), beside=beside), path)
    return path


def opened(browser: Browser, report: Path, **options: object) -> Page:
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    page.goto(report.as_uri())
    page.wait_for_selector("#turn-0")
    return page


@pytest.mark.parametrize(
    "options", [{}, {"color_scheme": "dark"}, PHONE], ids=["", "dark", "phone"]
)
def test_nobody_is_kept_out(browser: Browser, report: Path, options: dict[str, object]) -> None:
    page = opened(browser, report, **options)
    assert serious(page) == []


def test_a_phone_shows_all_of_it_to_a_thumb(browser: Browser, report: Path) -> None:
    page = opened(browser, report, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    figures = page.locator(".figures td")
    boxes = [figures.nth(n).bounding_box() for n in range(figures.count())]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    assert page.evaluate(SMALL, 24) == []
    assert page.locator(".play").first.bounding_box()["height"] >= 44  # type: ignore[index]


def test_the_playhead_is_moved_by_keys(browser: Browser, tmp_path: Path) -> None:
    report = replace(sample(), audio="episode.wav")
    silence = np.zeros(round(report.episode.duration * 8000), np.int16)
    soundfile.write(tmp_path / "episode.wav", silence, 8000)
    write_html(report, tmp_path / "report.html")
    page = opened(browser, tmp_path / "report.html")
    page.wait_for_function("document.getElementById('audio').readyState >= 1")
    head = page.locator("#head")
    head.focus()
    for key, second in (("ArrowRight", 5), ("PageUp", 65), ("ArrowLeft", 60), ("Home", 0)):
        page.keyboard.press(key)
        assert float(head.get_attribute("aria-valuenow") or "nan") == second
    page.keyboard.press("PageUp")
    assert page.evaluate("document.getElementById('audio').currentTime") == 60
    assert "CIPHERFOX" in (head.get_attribute("aria-valuetext") or "") or "MOTH" in (
        head.get_attribute("aria-valuetext") or ""
    )


def test_words_are_marked_as_they_sound_and_what_was_heard_stands_below(
    browser: Browser, tmp_path: Path
) -> None:
    report = replace(sample(), audio="episode.wav")
    turn, rate = report.episode.turns[3], report.episode.sample_rate
    said = [
        SpokenWord(word, turn.start + n * rate // 4, turn.start + (n + 1) * rate // 4)
        for n, word in enumerate(turn.text.split())
    ]
    turns = (*report.episode.turns[:3], replace(turn, words=tuple(said)), *report.episode.turns[4:])
    row = replace(
        report.turns[3],
        verdict="bad",
        heard="you would know this",
        findings=("'notice' heard as 'know this' at 1.0 s (90% sure)",),
    )
    report = replace(
        report,
        episode=replace(report.episode, turns=turns),
        turns=(*report.turns[:3], row, *report.turns[4:]),
        soundbites=(Soundbite(turn.start, turn.end, turn.speaker, turn.text),),
    )
    silence = np.zeros(round(report.episode.duration * 8000), np.int16)
    soundfile.write(tmp_path / "episode.wav", silence, 8000)
    write_html(report, tmp_path / "report.html")
    page = opened(browser, tmp_path / "report.html")
    page.wait_for_function("document.getElementById('audio').readyState >= 1")
    for at in (0, 2):
        page.evaluate(
            "at => { document.getElementById('audio').currentTime = at }",
            (said[at].start + said[at].end) / 2 / rate,
        )
        marked = page.locator("#now mark")
        expect = said[at].text
        page.wait_for_function(
            "word => document.querySelector('#now mark')?.textContent === word", arg=expect
        )
        assert marked.count() == 1
    found = page.locator("#turn-3 .heard").inner_text()
    assert "'notice' heard as 'know this'" in found
    assert "you would know this" in found
    assert page.locator("#turn-1 .heard").count() == 0
    page.evaluate(  # it plays on from there
        "document.getElementById('audio').addEventListener("
        "'seeking', (event) => { window.sought ??= event.target.currentTime })"
    )
    page.locator("[data-seek]").click()
    page.wait_for_function("window.sought !== undefined")
    assert page.evaluate("sought") == pytest.approx(turn.start / rate, abs=0.2)
    assert serious(page) == []


def test_over_music_is_a_column_where_there_is_music(browser: Browser, tmp_path: Path) -> None:
    without = sample()
    without = replace(without, turns=tuple(replace(t, over_music=None) for t in without.turns))
    for name, report, columns in (("a", sample(), 1), ("b", without, 0)):
        path = tmp_path / f"{name}.html"
        write_html(report, path)
        page = opened(browser, path)
        assert page.locator("th[data-sort=over]").count() == columns
        heads = page.locator(".turns thead th").count()
        assert page.locator("#turn-0 > *").count() == heads
