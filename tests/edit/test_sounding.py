"""What sounds is marked: the word where somebody has heard the clip, and a click goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest

from podgen.proof import INSTALL, Ear, Evidence, HeardWord, Said, installed
from podgen.proof.sound import measure
from podgen.proof.voice import WIDTH, Windows
from podgen.render.proving import hear
from tests.edit.conftest import Editing, opened
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MARKED = "[...CSS.highlights.get('sounding')].map((range) => range.toString()).join('')"
PLACE = """(number) => {
    const words = document.querySelector(`#n${number} .text`).firstChild, range = new Range();
    const at = words.data.indexOf("today");
    range.setStart(words, at);
    range.setEnd(words, at + 5);
    const { x, y, width, height } = range.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
}"""
SAID = ["How", "are", "you", "today?"]


class Attentive(Ear):
    """Hears every word for as long as the next one."""

    def listen(self, samples: np.ndarray, rate: int, said: Said) -> Evidence:
        each = len(samples) / rate / len(said.words)
        words = (
            HeardWord(word, n * each, (n + 1) * each, 1.0) for n, word in enumerate(said.words)
        )
        nobody = Windows(np.zeros((0, WIDTH), np.float32), np.zeros((0, 2)))
        return Evidence(tuple(words), None, None, ((),), measure(samples, rate), nobody)


def test_the_word_that_sounds_is_marked_and_a_click_goes_to_it(
    browser: Browser, edited: Editing
) -> None:
    if not installed():
        pytest.skip(f"nothing here hears: {INSTALL}")
    number = edited.number("How are")
    edited.speak(number)
    page = opened(browser, edited)
    page.locator(f"#n{number} .text").focus()
    page.keyboard.press("Control+Shift+Enter")
    page.locator(f"#n{number}.now").wait_for()
    assert page.evaluate(MARKED) == ""  # not heard yet: the turn alone is marked
    page.keyboard.press("Escape")
    found, turn = edited.studio.turn(number)
    assert found.draft is not None
    hear(edited.studio.store, Attentive(), turn, found.draft.dressed[turn.id].take)
    page.evaluate(
        "window.marks = []; setInterval(() => {"
        f"const now = {MARKED}; if (now && now !== marks.at(-1)) marks.push(now); }}, 5)"
    )
    page.locator(f"#n{number} .text").focus()
    page.keyboard.press("Control+Shift+Enter")
    wait_for(lambda: page.evaluate("marks") == SAID, 30)
    page.keyboard.press("Escape")
    start, end = httpx.get(f"{edited.url}state").json()["times"][str(number)]
    words = httpx.get(f"{edited.url}words/{number}").json()["words"]
    box = page.evaluate(PLACE, number)
    page.mouse.click(*box)
    [today] = [first for word, first, _ in words if word == "today?"]
    at = "Number(document.getElementById('head').getAttribute('aria-valuenow'))"
    wait_for(lambda: abs(page.evaluate(at) - start - today) < 0.06)
    wave = page.locator(f"#n{number} .wave").bounding_box()
    assert wave is not None
    page.mouse.click(wave["x"] + 0.75 * wave["width"], wave["y"] + wave["height"] / 2)
    there = start + 0.75 * (end - start)
    wait_for(lambda: there - 0.06 < page.evaluate(at) < end + 0.5)
