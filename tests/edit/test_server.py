"""Who is let in, what is given out, and what a change does to the files."""

from __future__ import annotations

import threading

import httpx
import numpy as np
import psutil
import pytest

from podgen.engines.base import Speech
from tests.edit.conftest import Editing
from tests.support.waiting import wait_for


def test_strangers_are_refused(edited: Editing) -> None:
    host = edited.url.split("/")[2]
    base = f"http://{host}/"
    assert httpx.get(edited.url).status_code == 200
    for url, headers in (
        (base, {}),
        (f"{base}wrong/state", {}),
        (f"{edited.url}state", {"Host": "evil.example"}),
        (f"{edited.url}state", {"Host": "evil.example:80"}),
        (f"{edited.url}state", {"Origin": "http://evil.example"}),
        (f"{edited.url}state", {"Origin": "null"}),
        (f"{edited.url}state", {"Sec-Fetch-Site": "cross-site"}),
    ):
        assert httpx.get(url, headers=headers).status_code == 403, (url, headers)
    refused = httpx.post(f"{base}wrong/change", json={"op": "delete", "number": 1})
    assert refused.status_code == 403
    assert edited.diff() == []


@pytest.mark.parametrize("folder", ["page", "shared", "report"])
def test_no_file_but_the_pages_is_given_out(edited: Editing, folder: str) -> None:
    for up in ("..", "%2e%2e", "%2e%2e/..", "..%2f.."):
        for name in ("desk.py", "show.yaml", "__init__.py"):
            assert httpx.get(f"{edited.url}{folder}/{up}/{name}").status_code in (403, 404)


def test_nothing_of_a_script_can_run(edited: Editing) -> None:
    policy = httpx.get(edited.url).headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(
    "order",
    [
        {"op": "set", "number": 999, "path": ["text"], "value": "x"},
        {"op": "set", "number": 2, "path": ["text"], "value": {"a": None}},
        {"op": "delete"},
        {"op": "nothing"},
        {"op": "set", "number": 2, "path": ["text"], "value": "x", "was": "something else"},
    ],
)
def test_what_cannot_be_done_changes_nothing(edited: Editing, order: dict[str, object]) -> None:
    assert edited.change(**order).status_code in (409, 422)
    assert edited.diff() == []


def test_a_timeline_shows_the_chapters_that_there_are(edited: Editing) -> None:
    def drawn() -> str:
        return httpx.get(f"{edited.url}timeline", timeout=60).raise_for_status().text

    edited.speak()
    wait_for(lambda: ">One<" in drawn(), 60)
    edited.script.write_text(edited.text.replace("  - chapter: One\n", ""))
    wait_for(lambda: ">One<" not in drawn(), 60)
    assert "ADA" in drawn()


def test_two_at_once_lose_nothing(edited: Editing) -> None:
    numbers = [edited.number(part) for part in ("Hello there", "How are", "I am very", "Good.")]
    threads = [
        threading.Thread(
            target=edited.change,
            kwargs={"op": "set", "number": n, "path": ["text"], "value": f"Text {n}."},
        )
        for n in numbers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"Text {n}." in edited.text for n in numbers)


def test_a_file_that_cannot_be_read_is_never_written_over(edited: Editing) -> None:
    broken = edited.before + "  - ADA: {text: [\n"
    edited.script.write_text(broken)
    number = edited.number("Good.")
    refused = edited.change(op="set", number=number, path=["text"], value="New.")
    assert refused.status_code == 422
    assert "cannot be read" in refused.json()["problems"][0]["what"]
    assert edited.text == broken
    httpx.post(f"{edited.url}put-back")
    assert edited.text == edited.before


def test_a_word_goes_into_the_lexicon_and_its_turns_are_spoken_anew(edited: Editing) -> None:
    number = edited.number("Good.")
    edited.speak(number)
    clip = edited.state(number)["clip"]
    edited.change(op="word", word="Good", said="gude")
    wait_for(lambda: edited.state(number).get("clip") not in (clip, None), 60)
    assert edited.diff() == ["+lexicon: {Good: gude}"]
    httpx.post(f"{edited.url}undo")
    assert edited.diff() == []


def test_what_is_on_the_screen_is_spoken_first(
    edited: Editing, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = edited.engine
    speak, spoken = engine.synthesize, []

    def noting(utterances):  # type: ignore[no-untyped-def]
        spoken.extend(one.text for one in utterances)
        return speak(utterances)

    monkeypatch.setattr(engine, "synthesize", noting)
    httpx.post(f"{edited.url}by-itself", json={"on": False})
    texts = {part: f"Now, {part.lower()}." for part in ("Hello", "Good")}
    for part, text in texts.items():
        edited.change(op="set", number=edited.number(part), path=["text"], value=text)
    httpx.post(f"{edited.url}seen", json={"numbers": [edited.number("Now, good")]})
    wait_for(lambda: all(edited.number(t) in edited.studio.found.ids for t in texts.values()))
    edited.speak()
    ours = [text for text in spoken if text in texts.values()]
    assert ours == [texts["Good"], texts["Hello"]]


def test_a_failing_turn_says_why_and_harms_no_other(
    edited: Editing, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = edited.engine
    speak = engine.synthesize

    def failing(utterances):  # type: ignore[no-untyped-def]
        for speech in speak(utterances):
            silent = "unheard" in next(u.text for u in utterances if u.id == speech.id)
            samples = np.zeros_like(speech.samples) if silent else speech.samples
            yield Speech(speech.id, samples, speech.sample_rate)

    monkeypatch.setattr(engine, "synthesize", failing)
    wrong, right = edited.number("Hello there"), edited.number("Good.")
    edited.change(op="set", number=wrong, path=["text"], value="This stays unheard.")
    edited.change(op="set", number=right, path=["text"], value="This one is heard.")
    edited.spoken(right)
    wait_for(lambda: edited.state(wrong).get("state") == "failed", 60)
    assert "silence" in edited.state(wrong)["why"]


def test_a_page_that_stops_listening_leaves_nothing_running(
    edited: Editing, caplog: pytest.LogCaptureFixture
) -> None:
    edited.speak()
    for _ in range(5):
        with httpx.stream("GET", f"{edited.url}sound/part?from=0", timeout=60) as reply:
            assert reply.status_code == 200
            next(reply.iter_raw())
    wait_for(lambda: not any("ffmpeg" in each.name() for each in psutil.Process().children()))
    assert "Exception in ASGI" not in caplog.text
