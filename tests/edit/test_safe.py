"""What others than the page may do, which is nothing, and what is written for the page."""

from __future__ import annotations

import functools
import http.server
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.edit.conftest import Editing
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """A page of another origin on this machine."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Elsewhere</title>")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


ASK = """async (url) => {
    const body = JSON.stringify({ op: "delete", number: 1 });
    const plain = { method: "POST", mode: "no-cors", body };
    await fetch(url + "change", plain).catch(() => {});
    await fetch(url + "state", { mode: "no-cors" }).catch(() => {});
    const loaded = (name, src) => new Promise((done) => {
        const node = document.createElement(name);
        node.onload = node.onerror = node.onloadedmetadata = done;
        node.src = src;
        document.body.append(node);
    });
    await loaded("img", url + "report/report.html");
    await loaded("audio", url + "sound/turn/2");
    await loaded("script", url + "page/main.js");
    await loaded("iframe", url);
}"""


def test_a_page_of_another_origin_that_knows_the_token_gets_nothing(
    browser: Browser, edited: Editing, elsewhere: str
) -> None:
    edited.speak()
    page = browser.new_context().new_page()
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status))
    page.goto(elsewhere)
    answers.clear()
    page.evaluate(ASK, edited.url)
    assert len(answers) == 6
    assert set(answers) == {403}
    assert edited.diff() == []


_WRITING: list[set[Path]] = []


def _note(event: str, given: tuple[Any, ...]) -> None:
    if not _WRITING or event not in ("open", "os.rename", "os.remove", "os.mkdir", "os.link"):
        return
    if event == "open" and not given[2] & (os.O_WRONLY | os.O_RDWR):
        return
    for path in given[:2] if event in ("os.rename", "os.link") else given[:1]:
        # Relative ones are of folders that are open, which shutil.rmtree goes through.
        if not isinstance(path, int) and Path(os.fsdecode(path)).is_absolute():
            _WRITING[-1].add(Path(os.fsdecode(path)))


def test_nothing_is_written_but_the_show_and_the_store(edited: Editing) -> None:
    sys.addaudithook(_note)
    _WRITING.append(set())
    try:
        number = edited.number("Good.")
        edited.change(op="set", number=number, path=["text"], value="Good, I say.")
        edited.change(op="word", word="say", said="sey")
        edited.change(op="add", after=number, name="sound", value={"file": "../../../etc/passwd"})
        edited.change(op="set", number=number, path=["id"], value="../../../tmp/outside")
        httpx.post(f"{edited.url}undo")
        httpx.post(f"{edited.url}undo")
        edited.speak()
        httpx.post(f"{edited.url}takes/pick", json={"number": number, "take": 1})
        httpx.post(f"{edited.url}render")
        wait_for(lambda: not httpx.get(f"{edited.url}render").json()["running"], 60)
        assert httpx.get(f"{edited.url}render").json()["passed"]
    finally:
        written = _WRITING.pop()
    show = edited.script.parent
    own = {show / "show.yaml", show / "show.lock.yaml", show / "dist"}
    store = edited.studio.store.root
    strange = {
        path
        for path in written
        if not any(path.is_relative_to(place) for place in (*own, store, Path("/dev")))
        and not show.is_relative_to(path)  # folders that are made if they are not there
        and not path.name.startswith(".writing-")
        and "__pycache__" not in path.parts
    }
    assert show / "show.yaml" in written
    assert strange == set()
