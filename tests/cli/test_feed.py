"""`podgen feed`: readers of feeds agree with the reports, another episode changes that item alone,
and the pages are what a listener can use."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import re
import threading
import urllib.parse
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.audio.material import RATE, speech
from tests.conftest import CommandLine
from tests.support.browser import PHONE, chromium, serious
from tests.support.pictures import png

BASE = "https://example.org/my show/"
PODCAST = "{https://podcastindex.org/namespace/1.0}"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
SCRIPT = """\
title: {title}
show: Rock & Roll
number: {number}
description: "Who said <that>? Two people & a microphone.\\n\\nAnd no one else."
author: Ann Author
language: en-GB
cover: cover.png
cast: {{EVA: {{}}, BEN: {{}}}}
deliverables: [mp3, m4a]
turns:
  - chapter: {{title: "Hello & <hi>", url: "https://example.org/a?b=c&d", image: cover.png}}
  - EVA: {{id: one, audio: eva.wav, text: "Is it 2 < 3?"}}
  - chapter: The end
  - BEN: {{id: two, audio: ben.wav, text: "</script> It is."}}
"""
SETTINGS = """\
description: A show about sound.
email: ann@example.org
category: Society & Culture > Documentary
license: cc-by-4.0
copyright: 2026 Ann Author
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Two episodes of people, rendered; the first alone in a feed."""
    folder = tmp_path_factory.mktemp("feed")
    podgen = CommandLine(folder, folder / "store")
    (folder / "cover.png").write_bytes(png(1400, 1400))
    soundfile.write(folder / "eva.wav", speech(17.0, 1), RATE)
    soundfile.write(folder / "ben.wav", speech(2.0, 2), RATE)
    for name, number in (("first", 1), ("second", 2)):
        script = folder / f"{name}.yaml"
        script.write_text(SCRIPT.format(title=f"The {name} <one>", number=number))
        assert podgen("render", script).code == 0
    (folder / "dist/feed.yaml").write_text(SETTINGS)
    (folder / "aside").mkdir()
    for path in (folder / "dist").glob("second*"):
        path.rename(folder / "aside" / path.name)
    run = podgen("feed", "dist", "--url", BASE, "--date", "2026-11-01T10:00:00")
    assert (run.code, run.err) == (0, "")
    (folder / "before.xml").write_text((folder / "dist/feed.xml").read_text())
    for path in (folder / "aside").iterdir():
        path.rename(folder / "dist" / path.name)
    run = podgen("feed", "dist", "--url", BASE, "--date", "2026-11-08T10:00:00")
    assert run.out == "dist/feed.xml: 2 episodes, new: second\n"
    return podgen


def hosted(folder: Path, address: str) -> Path:
    """The file that is to be at an address."""
    assert address.startswith(urllib.parse.quote(BASE, safe=":/"))
    path = folder / "dist" / urllib.parse.unquote(address)[len(BASE) :]
    assert path.is_file(), address
    return path


def test_feedparser_reads_what_the_reports_say(shelf: CommandLine) -> None:
    feedparser = pytest.importorskip("feedparser", reason="feedparser is not installed")
    found = feedparser.parse((shelf.folder / "dist/feed.xml").read_bytes())
    assert not found.bozo
    assert found.feed.title == "Rock & Roll"
    assert found.feed.subtitle == "A show about sound."
    assert [entry.title for entry in found.entries] == ["The second <one>", "The first <one>"]
    for entry, name in zip(found.entries, ("second", "first"), strict=True):
        report = json.loads((shelf.folder / f"dist/{name}/report.json").read_text())
        [enclosure] = entry.enclosures
        assert enclosure.type == "audio/mpeg"
        assert hosted(shelf.folder, enclosure.href).stat().st_size == int(enclosure.length)
        assert int(entry.itunes_duration) == round(report["episode"]["duration"])
        assert entry.published_parsed.tm_mday == {"first": 1, "second": 8}[name]
        hosted(shelf.folder, entry.link)


def test_podcastparser_reads_it_too(shelf: CommandLine) -> None:
    podcastparser = pytest.importorskip("podcastparser", reason="podcastparser is not installed")
    # It knows the podcast namespace by the address of its document alone.
    known = "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
    text = (shelf.folder / "dist/feed.xml").read_text().replace(PODCAST[1:-1], known)
    found = podcastparser.parse("https://example.org/feed.xml", io.BytesIO(text.encode()))
    assert (found["title"], found["itunes_author"]) == ("Rock & Roll", "Ann Author")
    assert found["type"] == "episodic" and found["itunes_categories"] == [
        ["Society & Culture", "Documentary"]
    ]
    second, first = found["episodes"]
    assert (first["number"], second["number"]) == (1, 2)
    assert first["guid"] != second["guid"]
    assert [person["name"] for person in first["persons"]] == ["EVA", "BEN"]
    assert len(first["transcript_url"]) > 0
    hosted(shelf.folder, first["chapters_json_url"])
    hosted(shelf.folder, first["episode_art_url"])


def test_the_rules_of_apple_and_of_the_namespace(shelf: CommandLine) -> None:
    channel = ET.parse(shelf.folder / "dist/feed.xml").getroot().find("channel")
    assert channel is not None
    for tag in ("title", "link", "description", "language", f"{ITUNES}explicit", f"{PODCAST}guid"):
        assert channel.findtext(tag), tag
    image = channel.find(f"{ITUNES}image")
    assert image is not None and hosted(shelf.folder, image.get("href", "")).suffix == ".png"
    assert channel.find(f"{ITUNES}category") is not None
    assert not list(channel.iter(f"{PODCAST}value"))
    items = list(channel.iter("item"))
    assert len({item.findtext("guid") for item in items}) == len(items)
    for item in items:
        guid, bite = item.find("guid"), item.find(f"{PODCAST}soundbite")
        assert guid is not None and guid.get("isPermaLink") == "false"
        assert bite is not None and 15 <= float(bite.get("duration", "")) <= 120
        assert item.findtext(f"{PODCAST}license") == "cc-by-4.0"
        assert not list(item.iter(f"{PODCAST}txt"))  # people alone
        chapters = item.find(f"{PODCAST}chapters")
        assert chapters is not None
        document = json.loads(hosted(shelf.folder, chapters.get("url", "")).read_text())
        assert document["version"] == "1.2.0"
        hosted(shelf.folder, document["chapters"][0]["img"])
        kinds = [transcript.get("type") for transcript in item.iter(f"{PODCAST}transcript")]
        assert kinds == ["text/vtt", "application/x-subrip", "application/json"]
        for transcript in item.iter(f"{PODCAST}transcript"):
            hosted(shelf.folder, transcript.get("url", ""))
        [other] = item.iter(f"{PODCAST}source")
        assert hosted(shelf.folder, other.get("uri", "")).suffix == ".m4a"


def test_another_episode_changes_that_item_alone(shelf: CommandLine) -> None:
    before = (shelf.folder / "before.xml").read_text().split("  <item>\n")
    after = (shelf.folder / "dist/feed.xml").read_text().split("  <item>\n")
    assert len(before) == 2 and len(after) == 3
    assert before[0] == after[0]
    assert before[1] == after[2]
    page = shelf.folder / "dist/first.html"
    touched = page.stat().st_mtime_ns
    again = shelf("feed", "dist", "--url", BASE)
    assert again.out == "dist/feed.xml: 2 episodes\n"
    assert page.stat().st_mtime_ns == touched
    assert (shelf.folder / "dist/feed.xml").read_text().split("  <item>\n") == after


def test_another_host_keeps_the_guids(shelf: CommandLine, tmp_path: Path) -> None:
    def guids() -> list[str | None]:
        root = ET.parse(shelf.folder / "dist/feed.xml").getroot()
        return [item.findtext("guid") for item in root.iter("item")]

    before = guids()
    assert shelf("feed", "dist", "--url", "https://elsewhere.example/").code == 0
    assert guids() == before
    assert shelf("feed", "dist", "--url", BASE).code == 0


@pytest.fixture(scope="module")
def address(shelf: CommandLine) -> Iterator[str]:
    """The folder, hosted."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:  # a player seeks by asking for a part
            part = re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("Range", ""))
            path = Path(self.translate_path(self.path))
            if not part or not path.is_file():
                super().do_GET()
                return
            data = path.read_bytes()
            first, last = int(part[1]), int(part[2] or len(data) - 1)
            self.send_response(206)
            self.send_header("Content-Type", "audio/mpeg")
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            self.send_header("Content-Length", str(last - first + 1))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(data[first : last + 1])

    handler = partial(Quiet, directory=str(shelf.folder / "dist"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_the_pages_in_a_browser(shelf: CommandLine, address: str) -> None:
    with chromium() as browser:
        asked: list[str] = []
        errors: list[str] = []
        page = browser.new_page(**PHONE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.goto(f"{address}/index.html")
        assert serious(page) == []
        page.get_by_role("link", name="The first <one>").click()
        page.wait_for_load_state()
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.get_by_role("heading", level=1).inner_text() == "The first <one>"
        turns = page.locator(".turn").all_inner_texts()
        assert len(turns) == 2 and "</script> It is." in turns[1]
        page.locator(".turn a").nth(1).click()
        page.wait_for_selector(".turn.now:last-of-type")
        assert page.evaluate("document.querySelector('audio').currentTime") > 15
        assert "It is." in page.locator(".turn.now").inner_text()
        assert all(url.startswith(address) for url in asked)
        assert errors == []


def test_sound_that_apple_does_not_take_is_told(shelf: CommandLine) -> None:
    report = shelf.folder / "dist/second/report.json"
    good = report.read_text()
    other = json.loads(good)
    for made, form in zip(other["deliverables"], ("opus", "flac"), strict=True):
        made["format"] = form
    report.write_text(json.dumps(other))
    try:
        run = shelf("feed", "dist", "--url", BASE)
    finally:
        report.write_text(good)
    assert run.code == 0
    assert run.err == (
        "warning: second: Apple takes mp3 and m4a: name one in its script's deliverables\n"
    )
    assert shelf("feed", "dist", "--url", BASE).err == ""


def test_what_is_wrong_is_said(shelf: CommandLine, podgen: CommandLine) -> None:
    (podgen.folder / "empty").mkdir()
    run = podgen("feed", "empty", "--url", BASE)
    assert (run.code, run.err) == (
        2, "no episode in empty; render into it: 'podgen render SHOW.yaml'\n",
    )  # fmt: skip
    run = shelf("feed", "dist", "--url", "example.org")
    assert run.code == 2 and "give where the folder is hosted" in run.err
    settings = shelf.folder / "dist/feed.yaml"
    settings.write_text("categry: Arts\ncategory: Art\nimage: ../secret.png\n")
    try:
        run = shelf("feed", "dist", "--url", BASE)
    finally:
        settings.write_text(SETTINGS)
    assert run.code == 2
    assert "did you mean 'category'?" in run.err and "did you mean 'Arts'?" in run.err
    report = shelf.folder / "dist/second/report.json"
    good = report.read_text()
    for bad, says in (
        (good.replace('"../second.mp3"', '"../../second.mp3"'), "leaves the folder"),
        (good.replace('"passed": true', '"passed": false', 1), "not what was asked"),
        ("[]", "not a report"),
    ):
        report.write_text(bad)
        try:
            run = shelf("feed", "dist", "--url", BASE)
        finally:
            report.write_text(good)
        assert run.code in (2, 5) and says in run.err, run.err
