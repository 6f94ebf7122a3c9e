"""The page as an editor uses it, in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest

from tests.edit.conftest import (
    PILOT,
    VOICES,
    Editing,
    heard_samples,
    opened,
    row,
    serve,
    served,
)
from tests.support.browser import PHONE, serious
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def write(page: Page, there, text: str) -> None:  # type: ignore[no-untyped-def]
    there.locator(".text[contenteditable]").fill(text)  # a row far from the window has words alone


def shows(page: Page, text: str) -> None:
    """Wait for a row that says just this."""
    script = (
        "text => [...document.querySelectorAll('.text')].some((row) => row.textContent === text)"
    )
    wait_for(lambda: page.evaluate(script, text), 60)


def in_context(page: Page, number: int) -> tuple[float, np.ndarray]:
    """A turn heard in its context: where that begins (seconds), and what the page played."""
    page.locator(f"#n{number} .text").focus()
    page.evaluate("heard.length = 0")
    with page.expect_response("**/sound/part*") as told:
        page.keyboard.press("Control+Enter")
    start, end = (float(told.value.headers[name]) for name in ("x-start", "x-end"))
    count = "heard.reduce((sum, one) => sum + one.samples.length, 0)"
    wait_for(lambda: page.evaluate(count) >= round((end - start) * 44100) - 1, 60)
    samples = heard_samples(page)
    page.keyboard.press("Escape")
    return start, samples


@pytest.fixture
def pilot(tmp_path: Path, store: Path) -> Iterator[Editing]:
    shutil.copytree(PILOT, tmp_path / "shows")
    shutil.copyfile(PILOT.parent / "voices.yaml", tmp_path / "voices.yaml")
    with served(tmp_path / "shows" / "pilot.yaml", store) as editing:
        yield editing


def test_a_turn_is_changed_and_only_it_is_new(browser: Browser, pilot: Editing) -> None:
    page = opened(browser, pilot)
    texts = page.locator("#list .text").all_inner_texts()
    assert any(text.startswith("Which is silence") for text in texts)
    number = pilot.number("Which is silence")
    pilot.speak(number - 1, number, number + 1)
    start, before = in_context(page, number)
    httpx.post(f"{pilot.url}by-itself", json={"on": False})  # it is spoken as it is asked for
    write(page, page.locator(f"#n{number}"), "Which is silence, surely so.")
    wait_for(lambda: "surely so" in pilot.text)
    assert pilot.diff() == [
        "-  - MOTH: Which is silence, surely.",
        "+  - MOTH: Which is silence, surely so.",
    ]
    again, after = in_context(page, number)
    assert again == start
    first, last = (round(44100 * (at - start)) for at in times(page, number))
    same, changed = slice(0, first - 4410), slice(first, last)
    # A voice's level is the median of its turns: others may move by hundredths of a decibel.
    assert np.abs(before[same] - after[same]).max() <= 0.01 * np.abs(before[same]).max()
    assert np.abs(before[changed] - after[changed]).max() > 500


def times(page: Page, number: int) -> tuple[float, float]:
    found = page.evaluate(
        "async (number) => (await (await fetch('state')).json()).times[number]", number
    )
    return found[0], found[1]


def test_a_turn_is_split_joined_moved_and_all_of_it_undone(
    browser: Browser, edited: Editing
) -> None:
    page = opened(browser, edited)
    there = row(edited, page, "How are you")
    there.locator(".text").click()
    page.keyboard.press("Home")
    for _ in "How are":
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wait_for(lambda: "text: you today?" in edited.text)
    assert "id: reply, text: How are}" in edited.text
    wait_for(lambda: page.evaluate("document.activeElement.textContent") == "you today?")
    page.keyboard.press("Backspace")
    wait_for(lambda: edited.diff() == [])
    page.keyboard.press("Escape")
    row(edited, page, "Good.").hover()
    row(edited, page, "Good.").locator(".grip").drag_to(row(edited, page, "Hello there"))
    wait_for(lambda: edited.text.index("Good.") < edited.text.index("How are"))
    assert sorted(edited.text.splitlines()) == sorted(edited.before.splitlines())
    page.keyboard.press("Control+Z")
    wait_for(lambda: edited.text == edited.before)
    page.keyboard.press("Control+Z")
    wait_for(lambda: "text: you today?" in edited.text)
    page.keyboard.press("Control+Shift+Z")
    wait_for(lambda: edited.text == edited.before)


def test_an_outside_edit_is_merged_and_one_of_the_same_turn_asked_about(
    browser: Browser, edited: Editing
) -> None:
    page = opened(browser, edited)
    theirs = edited.before.replace("Good.", "Very good.")
    edited.script.write_text(theirs)
    shows(page, "Very good.")
    mine = row(edited, page, "Hello there")
    page.route("**/change", lambda route: route.abort(), times=1)
    write(page, mine, "Hello, my Ben.")
    page.wait_for_timeout(600)
    edited.script.write_text(theirs.replace("Hello there, Ben.", "Hi, Ben."))
    wait_for(lambda: "Hi, Ben." in edited.studio.desk.document.text)
    mine.locator(".text").press("End")
    page.keyboard.type("!")
    page.wait_for_selector(".conflict")
    assert "Hi, Ben." in page.locator(".conflict").inner_text()
    assert "Hi, Ben." in edited.text
    page.get_by_role("button", name="Keep what is written here").click()
    wait_for(lambda: "Hello, my Ben.!" in edited.text)
    assert "Very good." in edited.text


def test_a_page_outlives_its_server_and_tells_another(
    browser: Browser, edited: Editing, store: Path
) -> None:
    page = opened(browser, edited)
    port = int(edited.url.split(":")[2].split("/")[0])
    edited.stop()
    write(page, row(edited, page, "Good."), "Good, and written alone.")
    page.wait_for_selector("text=The server is away")
    assert edited.diff() == []
    again = serve(edited.script, store, port=port)
    try:
        wait_for(lambda: "Good, and written alone." in again.text, 30)
        other = opened(browser, again)
        write(other, other.locator(f"#n{again.number('Good, and')}"), "Said by the other.")
        shows(page, "Said by the other.")
    finally:
        again.stop()


def test_a_page_that_is_closed_loses_nothing(browser: Browser, edited: Editing) -> None:
    page = opened(browser, edited)
    write(page, row(edited, page, "Good."), "Good to the last letter.")
    page.goto("about:blank")
    wait_for(lambda: "  - BEN: Good to the last letter.\n" in edited.text)


def test_problems_stand_at_their_turn_and_markup_is_shown(
    browser: Browser, edited: Editing
) -> None:
    page = opened(browser, edited)
    there = row(edited, page, "Good.")
    write(page, there, "<img src=x onerror=alert(1)> [<b>bold</b>](javascript:alert(1))")
    wait_for(lambda: "onerror" in edited.text)
    assert page.locator("#list img, #list b, #list a").count() == 0
    write(page, there, "---")
    there.locator(".problems li").wait_for()
    assert "nothing to say" in there.locator(".problems").inner_text()
    edited.change(op="set", number=edited.number("reply"), path=["speed"], value=9)
    page.wait_for_selector(f"#n{edited.number('reply')} .problems li")
    assert "0.25 to 4" in row(edited, page, "reply").locator(".problems").inner_text()


@pytest.mark.parametrize(
    "options", [{}, {"color_scheme": "dark"}, PHONE], ids=["", "dark", "phone"]
)
def test_nobody_is_kept_out(browser: Browser, edited: Editing, options: dict[str, object]) -> None:
    page = opened(browser, edited, **options)
    row(edited, page, "Hello there").locator(".text").click()
    page.wait_for_selector("#panel .field")
    assert serious(page) == []
    if options == PHONE:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_label("Add after this").select_option("music")
    page.locator("#ask[open]").wait_for()
    assert serious(page) == []
    page.keyboard.press("Escape")
    row(edited, page, "Hello there").locator(".text").dblclick(position={"x": 12, "y": 12})
    page.locator("#say").click()
    page.get_by_label("Said as").wait_for()
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.locator("#keys[open]").wait_for()
    assert page.locator("#keys kbd").count() > 20
    assert serious(page) == []


def test_thousands_of_turns_are_there_and_are_written_in(
    browser: Browser, tmp_path: Path, store: Path
) -> None:
    (tmp_path / "voices.yaml").write_text(VOICES)
    lines = [f"  - {('ADA', 'BEN')[n % 2]}: Turn {n} of many." for n in range(5000)]
    script = tmp_path / "long.yaml"
    script.write_text("\n".join(["title: Long", "turns:", *lines]) + "\n")
    with served(script, store) as editing:
        page = opened(browser, editing)
        wait_for(lambda: page.locator("#list li").count() == 5000, 60)
        assert page.locator("#list .sounding").count() < 100
        last = page.locator("#n5000")
        last.scroll_into_view_if_needed()
        write(page, last, "The very last one.")
        wait_for(lambda: editing.text.endswith("BEN: The very last one.\n"))
        assert len(editing.diff()) == 2
        assert page.locator("#list .sounding").count() < 200
