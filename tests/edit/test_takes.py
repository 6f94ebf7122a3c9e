"""Takes from the page: another one, one heard against the other, one picked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from podgen.audio.loudness import integrated
from podgen.engines.base import Speech
from podgen.engines.hibari import HibariEngine
from podgen.render.takes import load_choices
from tests.edit.conftest import SCRIPT, VOICES, Editing, heard_samples, opened, served
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def taking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Editing]:
    """A show on an engine that reads more softly with another seed."""
    pytest.importorskip("hibari", reason="the hibari engine is not installed")
    can, speak = HibariEngine.capabilities, HibariEngine.synthesize

    def synthesize(self: Any, utterances: Any) -> Iterator[Speech]:
        seeds = {one.id: one.seed for one in utterances}
        for speech in speak(self, utterances):
            softer = np.float32(0.2 if seeds[speech.id] else 1.0)
            yield Speech(speech.id, speech.samples * softer, speech.sample_rate)

    monkeypatch.setattr(HibariEngine, "capabilities", lambda self: replace(can(self), takes=True))
    monkeypatch.setattr(HibariEngine, "synthesize", synthesize)
    (tmp_path / "voices.yaml").write_text(VOICES)
    (tmp_path / "show.yaml").write_text(SCRIPT)
    with served(tmp_path / "show.yaml", tmp_path / "store") as editing:
        yield editing


def loudness(page: Page, act: Callable[[], None]) -> float:
    """Of what the page plays when something is done, in LUFS."""
    page.evaluate("heard.length = 0")
    act()
    wait_for(lambda: page.evaluate("heard.length") > 0, 60)
    level = integrated(heard_samples(page) / 32768, 44100)
    assert level is not None
    return level


def test_takes_are_compared_at_one_level_and_one_is_picked(
    browser: Browser, taking: Editing
) -> None:
    number = taking.number("I am very well")
    taking.speak(number)
    page = opened(browser, taking)
    page.locator(f"#n{number} .text").click()
    new = page.get_by_role("button", name="Speak another take")
    two = loudness(page, new.click)
    page.get_by_text("Take 2").wait_for()
    assert load_choices(taking.script) == {}
    page.keyboard.press("Escape")
    a = loudness(page, lambda: page.keyboard.press("x"))
    b = loudness(page, lambda: page.keyboard.press("x"))
    assert b == pytest.approx(two, abs=0.01)
    assert a == pytest.approx(b, abs=0.1)  # one is spoken 14 dB softer than the other
    page.get_by_role("button", name="Use take 2").click()
    turn = taking.studio.found.ids[number]
    wait_for(lambda: turn in load_choices(taking.script))
    assert load_choices(taking.script)[turn]["hibari"].take == 2
    wait_for(lambda: taking.state(number)["take"] == 2)
    taking.spoken(number)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Z")
    wait_for(lambda: load_choices(taking.script) == {})
    assert taking.diff() == []
