"""The editor's page: from a clip's being ready to its sounding, thousands of turns, and memory.

The page is driven in the system's Chromium, the server is a process of its own. Run:
`python -m benchmarks.edit`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.results import Result, machine

TURNS = 5000
TEXTS = 100
ROUNDS = 5
EDITS = 1000
SETTLED = 200  # edits after which allocators and caches have taken what they take
ROOT = Path(__file__).parents[1]
WATCH = """
window.longest = 0; window.sounded = 0; window.ready = 0; window.first = 0; window.whole = 0;
new MutationObserver(() => {
  if (document.querySelector("#list .grip")) first ||= performance.now();
  if (document.documentElement?.dataset.whole) whole ||= performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) longest = Math.max(longest, one.duration);
}).observe({ type: "longtask", buffered: true });
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when = 0, ...rest) {
  const soon = 1000 * Math.max(0, when - this.context.currentTime);
  sounded ||= performance.now() + soon;
  return start.call(this, when, ...rest);
};
"""
"""Notes the longest task of the page, when a sound begins, and when a list's rows are there."""


@contextmanager
def server(script: Path, store: Path) -> Iterator[tuple[str, psutil.Process]]:
    argv = [sys.executable, "-m", "podgen", "edit", str(script), "-e", "hibari", "--no-browser"]
    argv += ["--store", str(store)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        yield url, psutil.Process(child.pid)
        child.terminate()


def page_of(browser: Browser, url: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    page.set_default_timeout(300_000)
    page.add_init_script(WATCH)
    page.goto(url)
    return page


def waited(page: Page, script: str) -> float:
    """Seconds until a script says yes."""
    began = time.perf_counter()
    while not page.evaluate(script):
        time.sleep(0.02)
    return time.perf_counter() - began


def until_heard(browser: Browser, folder: Path) -> dict[str, float]:
    """From the server's word that a changed turn is spoken to its first sample in context."""
    shutil.copytree(ROOT / "shows", folder / "shows")
    shutil.copyfile(ROOT / "voices.yaml", folder / "voices.yaml")
    with server(folder / "shows" / "pilot.yaml", folder / "store") as (url, process):
        page = page_of(browser, url)
        page.wait_for_selector("#list .grip", state="attached")
        page.locator("#speak").click()
        waited(page, "!document.getElementById('work').textContent")
        row = page.locator("#list li.turn").nth(3)
        number = row.get_attribute("data-number")
        spoken = f"document.querySelector('#n{number}').dataset.state"
        page.evaluate(
            "(row) => new MutationObserver(() => {"
            "if (row.dataset.state === 'spoken') ready ||= performance.now();"
            "}).observe(row, { attributes: true, attributeFilter: ['data-state'] })",
            row.element_handle(),
        )
        found, asked = [], []
        for n in range(ROUNDS):
            row.locator(".text").focus()
            page.evaluate("document.activeElement.textContent = ''")
            page.keyboard.insert_text(f"Which is silence, surely, number {n}.")
            page.evaluate("ready = sounded = 0")
            began = page.evaluate("performance.now()")
            page.keyboard.press("Control+Enter")
            waited(page, f"sounded && {spoken} === 'spoken'")
            ready, sounded = page.evaluate("[ready, sounded]")
            found.append((sounded - ready) / 1000)
            asked.append((sounded - began) / 1000)
            page.keyboard.press("Escape")
        page.close()
        grown = memory(url, process)
    return {
        **grown,
        "clip ready to sounding, s": median(found),
        "key to sounding, speech included, s": median(asked),
    }


def script_of(folder: Path) -> Path:
    """A show of thousands of turns in a hundred texts, so that it is spoken in some seconds."""
    shutil.copyfile(ROOT / "voices.yaml", folder / "voices.yaml")
    lines = ["title: Long", "turns:"]
    for n in range(TURNS):
        lines += [f"  - chapter: Part {n // 50 + 1}"] if n % 50 == 0 else []
        name, size = ("MOTH", "CIPHERFOX")[n % 2], 1 + n % 4
        said = "It is longer than it was, and it is not over yet. " * size
        lines.append(f"  - {name}: This is turn {n % TEXTS}. {said.strip()}")
    path = folder / "long.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def speak_all(url: str) -> None:
    """Have every turn spoken, and wait for it."""
    httpx.post(f"{url}speak", json={}, timeout=60)
    while any(one.get("state") not in ("spoken", None) for one in items(url).values()):
        httpx.post(f"{url}speak", json={}, timeout=60)
        time.sleep(2)


def items(url: str) -> dict[str, dict[str, Any]]:
    """The entries as the page is told of them."""
    found: dict[str, dict[str, Any]] = httpx.get(f"{url}state", timeout=60).json()["items"]
    return found


def thousands(browser: Browser, folder: Path) -> dict[str, float]:
    """A long show: how soon it is there, how smoothly it scrolls, how it takes typing."""
    script = script_of(folder)
    with server(script, folder / "store") as (url, _):
        speak_all(url)
    started = time.perf_counter()
    with server(script, folder / "store") as (url, _):
        began = time.perf_counter()
        page = page_of(browser, url)
        page.wait_for_selector("#list .grip", state="attached")
        waited(page, "whole")
        opened, whole = page.evaluate("[first / 1000, whole / 1000]")
        waited(page, "!document.getElementById('work').textContent")
        found = time.perf_counter() - began
        opening = page.evaluate("longest")
        page.wait_for_timeout(3000)
        page.evaluate("longest = 0")
        for _ in range(60):
            page.mouse.move(500, 500)
            page.mouse.wheel(0, 4000)
            page.wait_for_timeout(30)
        page.wait_for_timeout(500)
        scrolling = page.evaluate("longest")
        keys = typing(page)
        page.close()
        return {
            "5,000 turns: from the command to the address, s": began - started,
            "5,000 turns: from the address to the first rows, s": opened,
            "5,000 turns: to all rows, s": whole,
            "5,000 turns: all clips looked up, s": found,
            "longest task while opening, ms": opening,
            "longest task while scrolling, ms": scrolling,
            "longest from key to letter, ms": keys,
        }


def typing(page: Page) -> float:
    """The longest that the page took to show a letter, with the server held up all the while."""
    page.route("**/change", lambda route: (time.sleep(0.2), route.continue_()))
    page.evaluate("scrollTo(0, 0)")
    text = page.locator("#list li.turn .text").first
    text.click()
    page.evaluate(
        "window.slowest = 0; addEventListener('beforeinput', () => {"
        "const at = performance.now();"
        "requestAnimationFrame(() => { slowest = Math.max(slowest, performance.now() - at); });"
        "}, true)"
    )
    for letter in "the quick brown fox jumps over the lazy dog ":
        page.keyboard.type(letter)
        page.wait_for_timeout(40)
    return float(page.evaluate("slowest"))


def memory(url: str, process: psutil.Process) -> dict[str, float]:
    """The server's resident memory in MB over many edits of a turn."""
    sizes = []
    httpx.post(f"{url}by-itself", json={"on": False}, timeout=60)
    turns = [int(number) for number, item in items(url).items() if item["kind"] == "turn"]
    for n in range(EDITS):
        number = turns[n % len(turns)]
        order = {"op": "set", "number": number, "path": ["text"], "value": f"Edit {n}."}
        httpx.post(f"{url}change", json=order, timeout=60).raise_for_status()
        if n + 1 in (SETTLED, EDITS):
            time.sleep(3)
            sizes.append(process.memory_info().rss / 1e6)
    return {
        "memory after 200 edits, MB": sizes[0],
        "memory after 1,000 / after 200": sizes[1] / sizes[0],
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        figures = {}
        for n, work in enumerate((until_heard, thousands)):
            folder = Path(made) / str(n)
            folder.mkdir()
            figures |= work(browser, folder)
        browser.close()
    Result("edit", machine(), figures).show()


if __name__ == "__main__":
    main()
