"""A checkpoint of Voxtral behind the server, small and on the CPU."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from podgen.engines import create
from tests.serve.running import Running, running

CHECKPOINT = Path(__file__).parents[1] / "voxtral" / "golden" / "checkpoint"
GOOD = {"input": "Hello there.", "voice": "casual_female", "response_format": "wav"}


@pytest.fixture(scope="module")
def voxtral() -> Iterator[Running]:
    pytest.importorskip("torch")
    pytest.importorskip("mistral_common")
    engine = create("voxtral", {"model": str(CHECKPOINT), "device": "cpu"})
    with running(engine, model="Voxtral-4B-TTS-2603") as server:
        yield server


def test_it_speaks_by_name_and_by_alias(voxtral: Running) -> None:
    named = voxtral.speech(**GOOD, model="Voxtral-4B-TTS-2603", seed=3)
    alias = voxtral.speech(**{**GOOD, "voice": {"id": "nova"}}, seed=3)
    other = voxtral.speech(**GOOD, seed=4)
    assert named.status_code == alias.status_code == other.status_code == 200
    assert named.content == alias.content != other.content
    assert soundfile.info(io.BytesIO(named.content)).samplerate == 24000


@pytest.mark.parametrize(
    ("change", "param", "says"),
    [
        ({"ref_audio": "https://example.org/a.wav"}, "ref_audio", "choose a preset"),
        ({"instructions": "softly"}, "instructions", "the voice decides the style"),
        ({"voice": "nobody"}, "voice", "it has casual_female"),
        ({"input": "a " * 3000}, "input", "more than 4096"),
    ],
)
def test_what_the_open_checkpoint_lacks_is_a_400_that_says_what_to_use(
    voxtral: Running, change: dict[str, Any], param: str, says: str
) -> None:
    reply = voxtral.speech(**{**GOOD, **change})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == param
    assert says in reply.json()["error"]["message"]
