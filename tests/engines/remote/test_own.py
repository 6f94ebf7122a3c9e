"""podgen's client on podgen's server: checked and spoken as on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the server is not installed: pip install podgen[serve]")

from podgen.engines import create
from podgen.engines.base import Engine, Utterance
from podgen.engines.remote import RemoteEngine
from tests.conftest import CommandLine
from tests.support.running import Running, running


@pytest.fixture(scope="module")
def kokoro() -> Iterator[Running]:
    pytest.importorskip("onnxruntime")
    engine = create("kokoro")
    if not engine.availability().usable:
        pytest.skip(engine.availability().reason)
    with running(engine) as server:
        yield server


@pytest.fixture
def remote(kokoro: Running) -> Engine:
    return RemoteEngine({"base_url": kokoro.url, "model": "kokoro"})


def turn(text: str = "Good evening. Who is there? It is me.", **more: Any) -> Utterance:
    return Utterance("t", text, **{"voice": "af_heart", "language": "en", **more})


def test_it_says_what_its_engine_can_do(kokoro: Running, remote: Engine) -> None:
    (model,) = httpx.get(f"{kokoro.url}/v1/models").json()["data"]
    assert model["podgen"]["engine"] == "kokoro"
    own, here = remote.capabilities(), create("kokoro").capabilities()
    for name in ("languages", "sample_rate", "speed", "blends", "phonemes", "instructions"):
        assert getattr(own, name) == getattr(here, name), name
    assert not own.cloning
    voices = {voice.name: voice for voice in remote.voices()}
    for voice in create("kokoro").voices():
        assert (voices[voice.name].language, voices[voice.name].gender) == (
            voice.language,
            voice.gender,
        )


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"phonemes": (("evening", "ˈivnɪŋ"),)},
        {"voice": "af_heart:0.5+am_onyx:0.5"},
        {"voice": "bm_daniel", "language": "en-GB"},
        {"speed": 3.0},
        {"voice": "nobody"},
        {"voice": "af_heart:0.5+nobody:0.5"},
        {"language": "ja"},
        {"instructions": "Softly."},
        {"ref_text": "Hello."},
        {"text": "..."},
        {"settings": {"top_p": 1}},
    ],
)
def test_a_cast_checks_as_it_would_here(remote: Engine, change: dict[str, Any]) -> None:
    here = create("kokoro").check(turn(**change))
    there = remote.check(turn(**change))
    assert bool(there) == bool(here), (there, here)


@pytest.mark.parametrize(
    "change",
    [
        {"phonemes": (("evening", "ˈmɔɹnɪŋ"),), "speed": 1.25, "seed": 5},
        {"text": "# 12 *stars*, as written. Mr. SY-fer's.", "voice": "af_heart:0.5+bm_daniel:0.5"},
    ],
)
def test_a_turn_is_the_same_sample_for_sample(remote: Engine, change: dict[str, Any]) -> None:
    engine = create("kokoro")
    (here,) = engine.synthesize([turn(**change)])
    (there,) = remote.synthesize([turn(**change)])
    assert there.sample_rate == here.sample_rate
    np.testing.assert_array_equal(there.samples, here.samples)
    engine.close()


def test_an_engine_with_one_reading_is_known_as_such_and_phonemes_it_lacks_are_refused(
    hibari: Running,
) -> None:
    remote = RemoteEngine({"base_url": hibari.url, "model": "hibari"})
    assert remote.capabilities().takes == create("hibari").capabilities().takes
    refused = hibari.speech(input="Hello.", voice="heart", as_turn=True)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "as_turn")


@pytest.fixture(scope="module")
def hibari() -> Iterator[Running]:
    pytest.importorskip("hibari")
    with running(create("hibari")) as server:
        yield server


def test_a_show_is_rendered_by_a_server_as_it_is_here(
    hibari: Running, tmp_path: Path, podgen: CommandLine
) -> None:
    (tmp_path / "voices.yaml").write_text(
        f'engines:\n  remote: {{base_url: "{hibari.url}", model: hibari}}\n'
        "characters:\n  ADA: {voices: {hibari: heart, remote: heart}}\n"
    )
    (tmp_path / "hibari").mkdir()  # called as the server's model is, and none of its business
    (tmp_path / "show.yaml").write_text(
        "title: A\nturns:\n  - ADA: It is 10:15. We begin with 3 of 4.\n  - ADA: Good evening!\n"
    )
    for engine in ("hibari", "remote"):
        run = podgen("render", "show.yaml", "-e", engine, "-o", f"{engine}.wav")
        assert run.code == 0, run.err
    assert (tmp_path / "hibari.wav").read_bytes() == (tmp_path / "remote.wav").read_bytes()
