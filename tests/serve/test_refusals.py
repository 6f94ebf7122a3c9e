"""What the server says no to, how, and that it goes on after it."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import httpx
import pytest

from podgen.serve.guard import Guard
from tests.serve.acting import ActingEngine
from tests.support.running import Running, running

GOOD = {"input": "Hello.", "voice": "heart", "response_format": "wav"}


@pytest.mark.parametrize(
    ("change", "param", "says"),
    [
        ({"input": ""}, "input", "write something"),
        ({"input": " \n"}, "input", "write something"),
        ({"input": "?!"}, "input", "nothing to say"),
        ({"input": "..."}, "input", "nothing to say"),
        ({"input": "\U0001f600"}, "input", "nothing to say"),
        ({"input": "a" * 4097}, "input", "more than 4096"),
        ({"input": "Привет мир"}, "input", "cannot say"),
        ({"input": None}, "input", "string"),
        ({"voice": "nobody"}, "voice", "its one voice is `heart`"),
        ({"voice": {"id": "nobody"}}, "voice", "its one voice is `heart`"),
        ({"voice": {"name": "heart"}}, "voice", "id"),
        ({"response_format": "midi"}, "response_format", "'wav'"),
        ({"speed": 5}, "speed", "less than or equal to 4"),
        ({"speed": 0.2}, "speed", "0.25"),
        ({"ref_audio": "http://example.org/a.wav"}, "ref_audio", "cannot clone"),
        ({"ref_text": "Hello"}, "ref_text", "cannot clone"),
        ({"instructions": "whisper"}, "instructions", "cannot follow instructions"),
        ({"language": "fr"}, "language", "English only"),
        ({"task_type": "Base"}, "task_type", "presets"),
        ({"word_timestamps": True}, "word_timestamps", "cannot be honoured"),
        ({"speaker_embedding": [0.5]}, "speaker_embedding", "cannot be honoured"),
        ({"sample_rate": 8000}, "sample_rate", "24000"),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
        ({"extra_params": {"top_p": 1}}, "extra_params", "no setting `top_p`"),
        ({"max_new_tokens": 9}, "input", "no setting `max_tokens`"),
        ({"temperature": 1.0}, "temperature", "no setting `temperature`"),
        ({"top_k": 1}, "top_k", "no field `top_k`"),
    ],
)
def test_what_cannot_be_done_is_a_400_that_says_why(
    hibari: Running, change: dict[str, Any], param: str, says: str
) -> None:
    reply = hibari.speech(**{**GOOD, **change})
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert says in error["message"]
    assert error["param"].split(".")[0] == param


def test_nulls_and_empty_strings_ask_for_nothing(hibari: Running) -> None:
    nothing = {
        "instructions": "",
        "ref_audio": None,
        "ref_text": "",
        "task_type": None,
        "seed": None,
    }
    assert hibari.speech(**GOOD, **nothing, stream=False, speed=None).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"input": "\\ud800", "voice": "heart"}',
        b'{"\\ud800": 1, "input": "Hi.", "voice": "heart"}',
        b'{"input": "Hi.", "voice": "heart", "speed": NaN}',
        b'{"input": "Hi.", "voice": "heart", "speed": 1e999}',
        b'{"input": "Hi.", "voice": "heart", "seed": ' + b"9" * 5000 + b"}",
        b'{"input": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"input": "\\u0000\\u0007", "voice": "heart"}',
    ],
)
def test_malformed_bodies_are_400s_and_harm_nobody(hibari: Running, body: bytes) -> None:
    url = f"{hibari.url}/v1/audio/speech"
    reply = httpx.post(url, content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert reply.json()["error"]["message"]
    assert hibari.speech(**GOOD).status_code == 200


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_wrong_content_type_is_named(hibari: Running, kind: str | None) -> None:
    """As curl sends it without -H."""
    headers = {} if kind is None else {"content-type": kind}
    body = json.dumps(GOOD).encode()
    reply = httpx.post(f"{hibari.url}/v1/audio/speech", content=body, headers=headers)
    assert reply.status_code == 415
    message = reply.json()["error"]["message"]
    assert "the header `Content-Type` is " + (f"`{kind}`" if kind else "missing") in message
    assert "application/json" in message


@pytest.mark.parametrize(
    "wordless", ["\U0001f600", "...", "\u2014 !", "\n\n\U0001f1ec\U0001f1e7\n\n"]
)
def test_what_has_no_words_amid_a_text_is_passed_over(hibari: Running, wordless: str) -> None:
    body = {**GOOD, "response_format": "pcm"}
    plain = hibari.speech(**{**body, "input": "Hello there. Goodbye now."})
    reply = hibari.speech(**{**body, "input": f"Hello there. {wordless} Goodbye now."})
    assert reply.status_code == 200, reply.text
    assert len(reply.content) == pytest.approx(len(plain.content), rel=0.3)


def test_a_body_that_is_too_large_is_not_read(hibari: Running) -> None:
    assert hibari.speech(**{**GOOD, "input": "a" * 2_000_000}).status_code == 413

    def endless() -> Any:
        for _ in range(2000):
            yield b"a" * 1024

    reply = httpx.post(f"{hibari.url}/v1/audio/speech", content=endless())
    assert reply.status_code == 413


def test_bytes_that_are_no_http_leave_the_server_well(hibari: Running) -> None:
    port = int(hibari.url.rsplit(":", 1)[1])
    for junk in (
        b"\x16\x03\x01\x02\x00" * 50,
        b"GET\r\n\r\n",
        b"POST /v1/audio/speech HTTP/1.1\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port)) as plug:
            plug.sendall(junk)
    assert hibari.speech(**GOOD).status_code == 200


def test_the_api_key_is_asked_for_everywhere_but_health() -> None:
    with running(ActingEngine(), api_key="secret") as server:
        assert httpx.get(f"{server.url}/health").json() == {"status": "ok"}
        assert httpx.get(f"{server.url}/ready").status_code == 200
        for wrong in ({}, {"Authorization": "Bearer other"}, {"Authorization": "secret"}):
            refused = httpx.get(f"{server.url}/v1/models", headers=wrong)
            assert refused.status_code == 401
            assert refused.json()["error"]["code"] == "invalid_api_key"
        right = {"Authorization": "Bearer secret"}
        assert httpx.get(f"{server.url}/v1/models", headers=right).status_code == 200


def test_unknown_paths_and_methods_have_the_same_shape(hibari: Running) -> None:
    assert httpx.get(f"{hibari.url}/v1/nothing").json()["error"]["type"] == "not_found_error"
    reply = httpx.get(f"{hibari.url}/v1/audio/speech")
    assert reply.status_code == 405
    assert "error" in reply.json()


def test_a_body_that_never_ends_is_not_waited_for() -> None:
    async def trickle() -> dict[str, Any]:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"x", "more_body": True}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def application(*_: Any) -> None:
        raise AssertionError("half a body reached the application")

    guard = Guard(application, largest=1000, patience=0.2)
    scope = {"type": "http", "path": "/v1/audio/speech", "headers": []}
    asyncio.run(guard(scope, trickle, send))
    assert sent[0]["status"] == 408
