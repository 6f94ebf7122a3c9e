"""The official client, unmodified, against the server."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import openai
import pytest
import soundfile

from podgen.audio.ffmpeg import find
from podgen.engines import create
from podgen.serve.aliases import VOICES, aliases
from tests.support.running import Running, running

TEXT = "The first sentence is here. And then the second one follows!"


@pytest.fixture
def client(hibari: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{hibari.url}/v1", api_key="none", max_retries=0) as made:
        yield made


def decoded(data: bytes, *layout: str) -> np.ndarray:
    """Any format as 24 kHz samples, by ffmpeg."""
    argv = [find().path, "-v", "error", *layout, "-i", "pipe:0", "-f", "f32le", "-ac", "1"]
    done = subprocess.run([*argv, "-ar", "24000", "-"], input=data, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32)


RAW = ("-f", "s16le", "-ar", "24000", "-ac", "1")
MIME = {
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "aac": "audio/aac",
    "opus": "audio/ogg",
    "ogg": "audio/ogg",
}


@pytest.fixture(scope="module")
def whole(hibari: Running) -> np.ndarray:
    reply = hibari.speech(input=TEXT, voice="heart", response_format="wav")
    samples, rate = soundfile.read(io.BytesIO(reply.content), dtype="float32")
    assert rate == 24000
    return samples


@pytest.mark.parametrize("name", MIME)
def test_every_format_holds_the_whole_sentence(
    client: openai.OpenAI, name: str, whole: np.ndarray
) -> None:
    reply = client.audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format=name
    )
    assert reply.response.headers["content-type"] == MIME[name]
    samples = decoded(reply.content, *(RAW if name == "pcm" else ()))
    assert len(samples) == pytest.approx(len(whole), abs=2500)  # codecs pad by a frame or two
    rms = np.sqrt(np.mean(samples**2))
    assert rms == pytest.approx(np.sqrt(np.mean(whole**2)), rel=0.1)


@pytest.mark.parametrize("name", MIME)
def test_a_stream_of_bytes_decodes_to_the_same_sound(
    client: openai.OpenAI, name: str, whole: np.ndarray
) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="hibari", voice="heart", input=TEXT, response_format=name, stream_format="audio"
    ) as reply:
        assert "content-length" not in reply.headers
        assert reply.headers["content-type"] == MIME[name]
        samples = decoded(reply.read(), *(RAW if name == "pcm" else ()))
    if name in ("wav", "pcm", "flac"):
        np.testing.assert_allclose(samples, whole, atol=2 / 32768)
    else:
        assert len(samples) == pytest.approx(len(whole), abs=2500)


def sent_events(reply: Any) -> list[dict[str, Any]]:
    assert reply.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in reply.iter_lines() if line]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert [event["type"] for event in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1)
    assert events[-1]["type"] == "speech.audio.done"
    return events


@pytest.mark.parametrize("name", [None, *MIME])
def test_server_sent_events_carry_any_format_and_an_end_with_usage(
    client: openai.OpenAI, name: str | None, whole: np.ndarray
) -> None:
    """As LiveKit's plugin asks: events, mp3, a voice of OpenAI's."""
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts-2025-12-15",
        voice="ash",
        input=TEXT,
        response_format=name or openai.NOT_GIVEN,
        stream_format="sse",
    ) as reply:
        *deltas, done = sent_events(reply)
    body = b"".join(base64.b64decode(event["audio"]) for event in deltas)
    samples = decoded(body, *(RAW if name == "pcm" else ()))
    assert len(samples) == pytest.approx(len(whole), abs=2500)
    frames = round(len(whole) / 24000 * 12.5)
    total = len(TEXT) + frames
    assert done["usage"] == {
        "input_tokens": len(TEXT), "output_tokens": frames, "total_tokens": total
    }  # fmt: skip


def test_the_default_is_mp3_and_stream_true_means_events_of_samples(hibari: Running) -> None:
    plain = hibari.speech(input="Hello.", voice={"id": "heart"})
    assert plain.headers["content-type"] == "audio/mpeg"
    streamed = hibari.speech(input="Hello.", speaker="heart", stream=True)
    first = json.loads(streamed.text.split("\n")[0].removeprefix("data: "))
    samples = np.frombuffer(base64.b64decode(first["audio"]), "<i2")
    assert 100 < np.abs(samples.astype(int)).max() < 32768
    assert not base64.b64decode(first["audio"]).startswith(b"ID3")


@pytest.mark.parametrize("model", ["tts-1", "tts-1-hd", "tts-1-1106", "gpt-4o-mini-tts"])
@pytest.mark.parametrize("voice", VOICES)
def test_openais_models_and_voices_mean_what_is_served(
    hibari: Running, model: str, voice: str
) -> None:
    reply = hibari.speech(input="Hi.", voice=voice, model=model, response_format="pcm")
    assert reply.status_code == 200


def test_openais_voices_are_distinct_where_there_are_enough() -> None:
    for name, least in (("kokoro", 13), ("voxtral", 5), ("hibari", 1)):
        engine = create(name)
        own = {voice.name for voice in engine.voices()}
        found = aliases(engine.voices())
        assert set(found) | own >= set(VOICES)
        assert set(found.values()) <= own
        assert len(set(found.values())) >= min(least, len(found))


def test_instructions_are_refused_but_by_a_lenient_server(
    hibari: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """OpenAI's Agents SDK sends them always."""
    asked = {"input": "Hello.", "voice": "coral", "instructions": "Sound cheerful."}
    refused = hibari.speech(**asked)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "instructions"
    with running(create("hibari"), lenient=True) as server:
        for _ in range(2):
            reply = server.speech(**asked)
            assert reply.status_code == 200
            assert reply.headers["x-podgen-passed-over"] == "instructions"
        assert "x-podgen-passed-over" not in server.speech(input="Hello.", voice="coral").headers
    assert caplog.text.count("cannot follow instructions; requests are answered without") == 1


@pytest.mark.parametrize("speed", [0.25, 0.8, 1.5, 4.0])
def test_speed_is_honoured_beyond_what_the_engine_has(
    client: openai.OpenAI, speed: float, whole: np.ndarray
) -> None:
    reply = client.audio.speech.create(
        model="hibari", voice="heart", input=TEXT, response_format="wav", speed=speed
    )
    samples, _ = soundfile.read(io.BytesIO(reply.content))
    assert len(samples) == pytest.approx(len(whole) / speed, rel=0.15)


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["hibari"]


def test_an_error_arrives_as_the_clients_own_exception(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="its one voice is `heart`") as caught:
        client.audio.speech.create(model="hibari", voice="nobody", input="Hello.")
    assert caught.value.param == "voice"
    with pytest.raises(openai.NotFoundError, match="use `hibari`"):
        client.audio.speech.create(model="gpt-9", voice="heart", input="Hello.")


def test_the_served_model_can_be_asked_for(client: openai.OpenAI) -> None:
    assert client.models.retrieve("hibari").id == "hibari"
    assert client.models.retrieve("tts-1").id == "hibari"
    with pytest.raises(openai.NotFoundError, match="use `hibari`"):
        client.models.retrieve("gpt-9")


def test_voices_are_listed_with_id_and_name(hibari: Running) -> None:
    """As Open WebUI reads them, to which a string is an error."""
    listed = httpx.get(f"{hibari.url}/v1/audio/voices").json()
    assert {voice["id"]: voice["name"] for voice in listed["voices"]} == {"heart": "heart"}
    assert listed["aliases"]["coral"] == "heart"


def test_health_can_be_asked_for_without_a_body(hibari: Running) -> None:
    reply = httpx.head(f"{hibari.url}/health")
    assert (reply.status_code, reply.content) == (200, b"")


def test_a_page_of_another_origin_may_ask_where_it_is_let() -> None:
    asking = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    with running(create("hibari"), api_key="secret", cors=["https://example.org"]) as server:
        url = f"{server.url}/v1/audio/speech"
        leave = httpx.options(url, headers=asking)
        assert leave.status_code == 200
        assert leave.headers["access-control-allow-origin"] == "https://example.org"
        refused = httpx.options(url, headers={**asking, "Origin": "https://example.com"})
        assert refused.status_code == 400
        body = {"input": "Hi.", "voice": "heart"}
        key = {"Origin": "https://example.org", "Authorization": "Bearer secret"}
        spoken = httpx.post(url, json=body, headers=key, timeout=60)
        assert spoken.headers["access-control-allow-origin"] == "https://example.org"
        assert httpx.post(url, json=body, headers={"Origin": key["Origin"]}).status_code == 401
    with running(create("hibari")) as server:
        closed = httpx.post(f"{server.url}/v1/audio/speech", json=body, headers=asking)
        assert "access-control-allow-origin" not in closed.headers
