"""Speaking and rendering behind the page: begun, called off, and beside `podgen render`."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import soundfile

from podgen.render.store import Store
from tests.edit.conftest import Editing, opened, row
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_speaking_is_called_off_and_begun_again(
    browser: Browser, edited: Editing, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = edited.engine
    speak, spoken, go_on = engine.synthesize, [], threading.Event()

    def waiting(utterances: Any) -> Any:
        for speech in speak(utterances):
            go_on.wait(30)
            spoken.append(speech.id)
            yield speech

    monkeypatch.setattr(engine, "synthesize", waiting)
    httpx.post(f"{edited.url}by-itself", json={"on": False})
    for n, part in enumerate(("Hello there", "How are", "Good.")):
        edited.change(op="set", number=edited.number(part), path=["speed"], value=0.7 + 0.1 * n)
    page = opened(browser, edited)
    page.get_by_role("button", name="Speak all").click()
    with page.expect_response("**/cancel"):
        page.get_by_role("button", name="Cancel").click()
    go_on.set()
    page.get_by_role("button", name="Speak all").wait_for()
    wait_for(lambda: "to be spoken" in page.locator("#work").inner_text())
    assert len(spoken) <= 1  # the one that was being spoken
    go_on.clear()
    page.get_by_role("button", name="Render episode").click()
    page.get_by_role("button", name="Cancel").click()
    go_on.set()
    page.get_by_text("the render was called off").wait_for()
    assert not (edited.script.parent / "dist" / "episode.mp3").exists()
    page.get_by_role("button", name="Speak all").click()
    wait_for(lambda: page.locator("#work").inner_text() == "", 60)
    assert page.locator("#list li.turn:not([data-state=spoken])").count() == 0


def test_the_episode_is_rendered_and_its_report_opened(browser: Browser, edited: Editing) -> None:
    page = opened(browser, edited)
    row(edited, page, "Good.").locator(".text").fill("Good, and rendered.")
    page.get_by_role("button", name="Render episode").click()
    wait_for(lambda: page.locator("#render").is_disabled())
    page.get_by_text("The episode is rendered").wait_for()
    assert "Good, and rendered." in edited.text  # what was being typed is in it
    assert soundfile.info(edited.script.parent / "dist" / "episode.mp3").duration > 5
    with page.expect_popup() as told:
        page.get_by_role("button", name="Open the report").click()
    report, complaints = told.value, []
    report.wait_for_load_state()
    report.on("console", lambda told: complaints.append((told.text, told.location["url"])))
    report.reload()
    assert "Good, and rendered." in report.locator("body").inner_text()
    report.locator("#in").click()  # its own script runs
    wait_for(lambda: report.locator("#inner").evaluate("node => node.style.width") == "200%")
    wait_for(lambda: report.locator("#audio").evaluate("node => node.duration") > 5)
    assert [one for one in complaints if "favicon" not in one[1]] == []


def test_a_render_beside_the_page_harms_nothing(edited: Editing) -> None:
    argv = [sys.executable, "-m", "podgen", "render", str(edited.script), "-e", "hibari"]
    argv += ["--store", str(edited.studio.store.root)]
    argv += ["-o", str(edited.script.parent / "dist" / "episode.mp3")]
    number = edited.number("Good.")
    httpx.post(f"{edited.url}by-itself", json={"on": False})
    others = [edited.number(part) for part in ("Hello there", "How are")]
    for n, other in enumerate(others):
        edited.change(op="set", number=other, path=["speed"], value=1.2 + 0.1 * n)
    with subprocess.Popen(argv, env={**os.environ, "NO_COLOR": "1"}) as beside:
        edits = 0
        while beside.poll() is None:
            edits += 1
            order = {"op": "set", "number": number, "path": ["text"], "value": f"Good {edits}."}
            assert edited.change(**order).status_code == 200
            time.sleep(0.3)
        assert beside.returncode == 0
    assert edits > 1
    assert f"  - BEN: Good {edits}.\n" in edited.text
    for other in others:  # spoken by the render, and shown
        edited.spoken(other)
    edited.speak(number)
    assert all(good for _, good in Store(edited.studio.store.root).verify())
