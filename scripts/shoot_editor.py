"""Photographs the editor's page for the docs: desktop, phone and dark, of the pilot on hibari.

Run: `python scripts/shoot_editor.py`; needs podgen[edit], podgen[embedded], playwright, Chromium.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SHOTS = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": PHONE,
    "dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
}


def settle(page: Page) -> None:
    """Have every turn spoken and drawn."""
    page.wait_for_selector("#list .grip", state="attached")
    if page.locator("#speak").is_visible():
        page.locator("#speak").click()
    while page.locator("#work").inner_text():
        time.sleep(0.2)
    row = page.locator("#list li.turn").nth(3)
    row.locator(".text").click()
    page.evaluate("scrollTo(0, 0)")
    time.sleep(2)


def main() -> None:
    """Serve the pilot and take the pictures."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copytree(ROOT / "shows", folder / "shows")
        shutil.copyfile(ROOT / "voices.yaml", folder / "voices.yaml")
        script = str(folder / "shows" / "pilot.yaml")
        argv = [sys.executable, "-m", "podgen", "edit", script, "-e", "hibari", "--no-browser"]
        argv += ["--store", str(folder / "store")]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            with sync_playwright() as playwright:
                chromium = shutil.which("chromium")
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox"]
                )
                for name, options in SHOTS.items():
                    page = browser.new_page(**options)
                    page.goto(url)
                    settle(page)
                    page.screenshot(path=ROOT / "docs" / f"edit-{name}.png")
                browser.close()
            server.terminate()


if __name__ == "__main__":
    main()
