"""A show being edited: its server in a thread, and pages of it in the system's Chromium."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.support.browser import chromium
from tests.support.places import ROOT
from tests.support.waiting import wait_for

httpx = pytest.importorskip("httpx", reason="httpx is not installed")

if TYPE_CHECKING:
    import uvicorn
    from playwright.sync_api import Browser, Locator, Page

    from podgen.edit.studio import Studio

VOICES = """\
characters:
  ADA: {voices: {hibari: heart, kokoro: af_heart}}
  BEN: {voices: {hibari: heart, kokoro: bm_daniel}, pan: 0.2}
"""
SCRIPT = """\
title: Small
# about the show
turns:
  - chapter: One
  - ADA: Hello there, Ben.   # a greeting
  - BEN: {id: reply, text: How are you today?}
  # thinking
  - pause: 0.5
  - ADA: >-
      I am very well, and I thank you
      for the kind question.
  - BEN: Good.
"""


@dataclass
class Editing:
    """A server of a show, its address and the show's files."""

    url: str
    script: Path
    studio: Studio
    server: uvicorn.Server
    thread: threading.Thread
    before: str

    @property
    def text(self) -> str:
        return self.script.read_text(encoding="utf-8")

    def diff(self) -> list[str]:
        """The lines of the script that are other than at first."""
        lines = difflib.unified_diff(self.before.splitlines(), self.text.splitlines(), n=0)
        return [line.rstrip("\n") for line in lines if not line.startswith(("---", "+++", "@@"))]

    def number(self, part: str) -> int:
        """The entry that has these words, which the file may have a moment before."""

        def found() -> list[int]:
            return [e.number for e in self.studio.desk.document.entries if part in e.body]

        wait_for(lambda: len(found()) == 1)
        return found()[0]

    def change(self, **order: Any) -> Any:
        return httpx.post(f"{self.url}change", json=order, timeout=60)

    def state(self, number: int) -> Any:
        return httpx.get(f"{self.url}state", timeout=60).json()["items"][str(number)]

    def spoken(self, number: int) -> None:
        wait_for(lambda: self.state(number).get("state") == "spoken", 60)

    def speak(self, *numbers: int) -> None:
        """Have turns spoken; all of them without numbers."""
        httpx.post(f"{self.url}speak", json={"numbers": numbers or None})
        for number in numbers or self.turns:
            self.spoken(number)

    @property
    def turns(self) -> list[int]:
        return list(self.studio.found.ids)

    @property
    def engine(self) -> Any:
        """The engine that speaks the show."""
        assert self.studio.found.plan is not None
        return self.studio.found.plan.engines["hibari"]

    def stop(self) -> None:
        self.studio.tell.close()
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()


Edit = Callable[..., Editing]


def serve(script: Path, store: Path, *, engine: str = "hibari", port: int = 0) -> Editing:
    uvicorn = pytest.importorskip("uvicorn", reason="the page's server is not installed")
    from podgen.edit.app import create_app
    from podgen.edit.options import Options
    from podgen.edit.studio import Studio
    from podgen.serve.listening import listen

    studio = Studio(Options(script, engine, {}, store, script.parent / "dist" / "episode.mp3"))
    studio.open()
    listener = listen("127.0.0.1", port)
    bound = listener.getsockname()[1]
    app = create_app(studio, token="secret", hosts=frozenset({f"127.0.0.1:{bound}"}))
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    wait_for(lambda: server.started and not studio.found.unread, 60)
    url = f"http://127.0.0.1:{bound}/secret/"
    return Editing(url, script, studio, server, thread, script.read_text(encoding="utf-8"))


@contextmanager
def served(script: Path, store: Path, **options: Any) -> Iterator[Editing]:
    editing = serve(script, store, **options)
    try:
        yield editing
    finally:
        editing.stop()


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips that the tests here share: equal texts are spoken once."""
    pytest.importorskip("hibari", reason="the hibari engine is not installed")
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def edited(tmp_path: Path, store: Path) -> Iterator[Editing]:
    (tmp_path / "voices.yaml").write_text(VOICES)
    (tmp_path / "show.yaml").write_text(SCRIPT)
    with served(tmp_path / "show.yaml", store) as editing:
        yield editing


@pytest.fixture(scope="package")
def chrome() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def browser(chrome: Browser) -> Iterator[Browser]:
    """The browser, whose pages end with the test: each asks for its server again and again."""
    yield chrome
    for context in list(chrome.contexts):
        context.close()


HEARD = """
window.heard = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when = 0, ...rest) {
  const samples = Array.from(this.buffer.getChannelData(0), (x) => Math.round(x * 32768));
  window.heard.push({ at: performance.now(), when, samples });
  return start.call(this, when, ...rest);
};
"""
"""Notes every buffer that the page gives to the loudspeaker."""


def opened(browser: Browser, editing: Editing, **options: Any) -> Page:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
    context.add_init_script(HEARD)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(editing.url)
    page.wait_for_selector("#list .grip", state="attached")
    return page


def row(editing: Editing, page: Page, part: str) -> Locator:
    """The row of the entry that has these words in the script."""
    return page.locator(f"#n{editing.number(part)}")


def heard_samples(page: Page) -> np.ndarray:
    """What the page has played since `heard` was emptied: left, as 16-bit values."""
    parts = page.evaluate("heard.map((one) => one.samples)")
    return np.concatenate([np.zeros(0), *map(np.array, parts)])


PILOT = ROOT / "shows"
