"""What is put into a script from the page: entries of every kind, and how a word is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soundfile

from tests.edit.conftest import Editing, heard_samples, opened, row
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


SELECTED = "getSelection().toString()"


SELECT_TODAY = """(number) => {
    const words = document.querySelector(`#n${number} .text`).firstChild, range = new Range();
    const at = words.data.indexOf("today");
    range.setStart(words, at);
    range.setEnd(words, at + 5);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
}"""


def add(page: Page, after: str, kind: str) -> None:
    page.locator(after).locator(".text, .seconds").first.click()
    page.get_by_label("Add after this").select_option(kind)


def test_entries_of_every_kind_are_added_and_taken_back(browser: Browser, edited: Editing) -> None:
    folder = edited.script.parent / "assets"
    folder.mkdir()
    noise = np.random.default_rng(1).normal(0, 0.1, 44100 * 3)
    soundfile.write(folder / "bed.flac", noise, 44100)
    page = opened(browser, edited)
    asked = f"#n{edited.number('How are')}"
    add(page, asked, "chapter")
    wait_for(lambda: page.evaluate(SELECTED) == "New chapter")
    page.keyboard.type("Two")
    wait_for(lambda: edited.diff() == ["+  - chapter: Two"])
    add(page, asked, "pause")
    wait_for(lambda: "  - pause: 1\n" in edited.text)
    seconds = page.locator(f"#n{edited.number('pause: 1')}").get_by_label("Seconds of silence")
    seconds.fill("2.5")
    seconds.press("Enter")
    wait_for(lambda: "  - pause: 2.5\n" in edited.text)
    for kind in ("music", "sound"):
        add(page, asked, kind)
        file = page.locator("#ask input")
        wait_for(lambda: page.locator("#files option").count() == 1)
        assert page.locator("#files option").get_attribute("value") == "assets/bed.flac"
        assert kind not in edited.text  # nothing without a file
        file.fill("assets/bed.flac")
        page.get_by_role("button", name="Add", exact=True).click()
        wait_for(lambda kind=kind: f"  - {kind}: {{file: assets/bed.flac}}\n" in edited.text)
    page.wait_for_selector("#tracks .music .span")
    page.wait_for_selector("#tracks .sounds .span")
    add(page, asked, "turn")
    wait_for(lambda: "  - ADA: …\n" in edited.text)  # the other one answers
    wait_for(lambda: page.evaluate(SELECTED) == "…")
    page.keyboard.type("Well said.")
    wait_for(lambda: "  - ADA: Well said.\n" in edited.text)
    wait_for(lambda: page.locator(".problems li").all_inner_texts() == [])
    page.keyboard.press("Escape")
    for _ in range(8):
        page.keyboard.press("Control+Z")
    wait_for(lambda: edited.text == edited.before)


def test_a_selected_word_is_said_otherwise_and_heard_at_once(
    browser: Browser, edited: Editing
) -> None:
    page = opened(browser, edited)
    number = edited.number("How are")
    edited.speak(number)
    before = edited.state(number)["clip"]
    for where, line in (("turn", "{today: tomorrow}}"), ("show", "+lexicon: {today: tomorrow}")):
        page.locator(f"#n{number} .text").focus()
        page.evaluate(SELECT_TODAY, number)
        page.get_by_role("button", name="Pronounce").click()
        page.get_by_label("Said as").fill("tomorrow")
        page.get_by_label("Where").select_option(where)
        page.evaluate("heard.length = 0")
        page.get_by_role("button", name="Save and hear").click()
        wait_for(lambda line=line: any(one.endswith(line) for one in edited.diff()))
        wait_for(lambda: len(heard_samples(page)) > 44100, 60)
        assert edited.state(number)["clip"] != before
        assert row(edited, page, "How are").locator(".text").inner_text() == "How are you today?"
        page.keyboard.press("Escape")
        page.keyboard.press("Control+Z")
        wait_for(lambda: edited.diff() == [])
        wait_for(lambda: edited.state(number).get("clip") == before)


def test_controls_have_what_the_script_says_and_what_is_inherited(
    browser: Browser, edited: Editing
) -> None:
    page = opened(browser, edited)
    row(edited, page, "How are").locator(".text").click()
    pan = page.get_by_label("Pan", exact=True)
    assert (pan.input_value(), pan.get_attribute("placeholder")) == ("", "0.2")
    pan.fill("-0.3")
    pan.press("Enter")
    said = "+  - BEN: {id: reply, text: How are you today?, pan: -0.3}"
    wait_for(lambda: edited.diff()[1:] == [said])
    out = page.get_by_role("button", name="Take pan out of the script")
    out.click()
    wait_for(lambda: edited.diff() == [])
    row(edited, page, "How are").get_by_label("Speaker").select_option("ADA")
    wait_for(lambda: "  - ADA: {id: reply, text: How are you today?}\n" in edited.text)
