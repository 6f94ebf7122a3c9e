"""The official client, unmodified, against the server."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from collections.abc import Iterator

import numpy as np
import openai
import pytest
import soundfile

from podgen.audio.ffmpeg import find
from tests.support.running import Running

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


def test_server_sent_events_carry_16_bit_pcm_and_an_end(
    client: openai.OpenAI, whole: np.ndarray
) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="hibari", voice="heart", input=TEXT, stream_format="sse"
    ) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in reply.iter_lines() if line]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert [event["type"] for event in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1)
    assert events[-1]["type"] == "speech.audio.done"
    pcm = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    np.testing.assert_allclose(np.frombuffer(pcm, "<i2") / 32768, whole, atol=2 / 32768)


def test_the_default_is_mp3_and_stream_true_means_events(hibari: Running) -> None:
    plain = hibari.speech(input="Hello.", voice={"id": "heart"})
    assert plain.headers["content-type"] == "audio/mpeg"
    streamed = hibari.speech(input="Hello.", speaker="heart", stream=True)
    assert streamed.text.startswith("data: {")


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
