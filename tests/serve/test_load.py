"""Many clients at once on loopback, and requests made of noise."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx
import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error

from tests.support.running import Running, wait_for

FUZZING = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TEXT = "One is here. Then two. And {}."


async def events(client: httpx.AsyncClient, url: str, number: int) -> bytes:
    body = {"input": TEXT.format(number), "voice": "heart", "stream": True}
    pcm = b""
    done = False
    async with client.stream("POST", f"{url}/v1/audio/speech", json=body) as reply:
        assert reply.status_code == 200
        async for line in reply.aiter_lines():
            if line:
                event = json.loads(line.removeprefix("data: "))
                done = event["type"] == "speech.audio.done"
                pcm += base64.b64decode(event.get("audio", ""))
    assert done
    return pcm


def test_64_streams_at_once_all_end_well_and_unmixed(hibari: Running) -> None:
    async def all_at_once() -> list[bytes]:
        limits = httpx.Limits(max_connections=64)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:
            return await asyncio.gather(*[events(client, hibari.url, n % 8) for n in range(64)])

    heard = asyncio.run(all_at_once())
    for number in range(8):
        same = set(heard[number::8])
        assert len(same) == 1, "the same text sounded different in company"
        body = {"input": TEXT.format(number), "voice": "heart", "response_format": "pcm"}
        alone = np.frombuffer(hibari.speech(**body).content, "<i2").astype(int)
        assert np.abs(alone - np.frombuffer(same.pop(), "<i2")).max() <= 1
    wait_for(lambda: hibari.state.admission.active == 0)
    assert hibari.state.batcher.depth == (0, 0)


def test_clients_that_leave_give_their_slots_back(hibari: Running) -> None:
    before = hibari.metric('podgen_requests_total{outcome="200"}')

    async def leave() -> None:
        body = {"input": "One is here. " * 100, "voice": "heart", "stream": True}
        async with (
            httpx.AsyncClient(timeout=60) as client,
            client.stream("POST", f"{hibari.url}/v1/audio/speech", json=body) as reply,
        ):
            async for _ in reply.aiter_bytes():
                return

    async def many() -> None:
        await asyncio.gather(*[leave() for _ in range(20)])

    asyncio.run(many())
    wait_for(lambda: hibari.state.admission.active == 0)
    wait_for(lambda: hibari.state.batcher.depth == (0, 0))
    assert hibari.metric('podgen_requests_total{outcome="200"}') == before
    assert hibari.speech(input="Hello.", voice="heart").status_code == 200


def test_metrics_count_what_happened(hibari: Running) -> None:
    before = hibari.metric("podgen_audio_seconds_total")
    pcm = hibari.speech(input="Count me.", voice="heart", response_format="pcm").content
    spoken = hibari.metric("podgen_audio_seconds_total") - before
    assert spoken == pytest.approx(len(pcm) / 48000, abs=1e-6)


@pytest.fixture(scope="module")
def operations(hibari: Running) -> st.SearchStrategy[schemathesis.Case]:
    """Requests to every operation of the server's own OpenAPI document, well-formed and not."""
    schema = schemathesis.openapi.from_url(f"{hibari.url}/openapi.json")
    modes = schemathesis.GenerationMode
    return st.one_of(
        operation.ok().as_strategy(generation_mode=mode)
        for operation in schema.get_all_operations()
        for mode in (modes.POSITIVE, modes.NEGATIVE)
        if mode is modes.POSITIVE or operation.ok().body
    )


def test_no_request_made_from_the_schema_is_a_server_error(
    operations: st.SearchStrategy[schemathesis.Case],
) -> None:
    @FUZZING
    @given(operations)
    def fuzz(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=[not_a_server_error])

    fuzz()


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
FIELDS = ("voice", "speed", "seed", "stream", "stream_format", "language", "extra_params", "model")


@FUZZING
@given(
    text=st.text(max_size=80) | JSON,
    fields=st.dictionaries(st.sampled_from((*FIELDS, "response_format")) | st.text(), JSON),
)
def test_no_json_at_all_is_a_server_error(
    hibari: Running, text: Any, fields: dict[str, Any]
) -> None:
    body = json.dumps({"voice": "heart", "response_format": "pcm", **fields, "input": text})
    reply = httpx.post(
        f"{hibari.url}/v1/audio/speech",
        content=body.encode("utf-8", "surrogatepass"),
        headers={"content-type": "application/json"},
        timeout=30,
    )
    assert reply.status_code in (200, 400, 404), reply.text
    if reply.status_code != 200:
        assert reply.json()["error"]["message"]
