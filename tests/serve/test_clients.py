"""Other people's clients, unmodified, with their own defaults; each where it is installed."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import subprocess
from collections.abc import Iterator

import pytest
import soundfile

from podgen.engines import create
from tests.support.running import Running, running

TEXT = "The first sentence is here. And then the second one follows!"


@pytest.fixture(scope="module")
def lenient() -> Iterator[Running]:
    pytest.importorskip("hibari")
    with running(create("hibari"), lenient=True) as server:
        yield server


@pytest.fixture(scope="module")
def seconds(lenient: Running) -> float:
    reply = lenient.speech(input=TEXT, voice="heart", response_format="wav")
    return soundfile.info(io.BytesIO(reply.content)).duration


def test_openais_agents_sdk_which_always_sends_instructions(
    lenient: Running, seconds: float
) -> None:
    voice = pytest.importorskip("agents.voice", reason="not installed: pip install openai-agents")
    import openai

    async def speak() -> bytes:
        async with openai.AsyncOpenAI(base_url=f"{lenient.url}/v1", api_key="none") as client:
            model = voice.OpenAITTSModel("gpt-4o-mini-tts", client)
            return b"".join([b async for b in model.run(TEXT, voice.TTSModelSettings())])

    assert len(asyncio.run(speak())) / 2 / 24000 == pytest.approx(seconds, abs=0.05)


def test_livekits_plugin_whose_default_is_events_of_mp3(lenient: Running, seconds: float) -> None:
    livekit = pytest.importorskip(
        "livekit.plugins.openai", reason="not installed: pip install livekit-plugins-openai"
    )

    async def speak() -> float:
        tts = livekit.TTS(base_url=f"{lenient.url}/v1", api_key="none")
        async with tts.synthesize(TEXT) as stream:
            frames = [event.frame async for event in stream]
        await tts.aclose()
        return sum(frame.samples_per_channel / frame.sample_rate for frame in frames)

    assert asyncio.run(speak()) == pytest.approx(seconds, abs=0.15)


def test_litellm(lenient: Running, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # it would ask for prices else
    litellm = pytest.importorskip("litellm", reason="not installed: pip install litellm")
    reply = litellm.speech(
        model="openai/tts-1",
        voice="alloy",
        input=TEXT,
        api_base=f"{lenient.url}/v1",
        api_key="none",
        max_retries=0,
    )
    assert soundfile.info(io.BytesIO(reply.content)).duration == pytest.approx(seconds, abs=0.15)


NODE = """
const OpenAI = require('openai');
const client = new OpenAI({baseURL: process.argv[1], apiKey: 'none', maxRetries: 0});
(async () => {
  const asked = {model: 'gpt-4o-mini-tts', voice: 'coral', input: process.argv[2]};
  const whole = await client.audio.speech.create({...asked, instructions: 'Speak cheerfully.'});
  const length = (await whole.arrayBuffer()).byteLength;
  const stream = await client.audio.speech.create({...asked, stream_format: 'sse'});
  const events = (await stream.text()).trim().split('\\n\\n').map((e) => JSON.parse(e.slice(6)));
  console.log(JSON.stringify({length, last: events.at(-1)}));
})();
"""


def test_openai_node_with_its_own_example(lenient: Running, seconds: float) -> None:
    node = shutil.which("node")
    if (
        node is None
        or subprocess.run([node, "-e", "require('openai')"], capture_output=True).returncode
    ):
        pytest.skip("not installed: npm install openai, and NODE_PATH=.../node_modules")
    argv = [node, "-e", NODE, f"{lenient.url}/v1", TEXT]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True)
    said = json.loads(done.stdout)
    assert said["length"] / 16000 == pytest.approx(seconds, abs=0.15)  # 128 kbit/s
    assert said["last"]["type"] == "speech.audio.done"
    assert said["last"]["usage"]["input_tokens"] == len(TEXT)
