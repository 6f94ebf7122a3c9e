"""docs/remote.md and docs/serve.md say what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="the server is not installed: pip install podgen[serve]")

from podgen.casting import read_voices
from podgen.engines.remote import RemoteEngine
from podgen.engines.remote.settings import EngineSettings, VoiceSettings
from podgen.serve.request import SpeechRequest
from tests.support.places import ROOT
from tests.support.running import Running, running

DOCS = ROOT / "docs"


def block(page: str, info: str) -> str:
    match = re.search(rf"^```{info}\n(.*?)^```$", (DOCS / page).read_text(), re.M | re.S)
    assert match
    return match[1]


def named(page: str, heading: str) -> set[str]:
    """The names in code in the first column of the table after a heading or sentence."""
    text = (DOCS / page).read_text().split(heading, 1)[1].split("\n\n|", 1)[1].split("\n\n", 1)[0]
    first = [line.split("|")[1] for line in ("|" + text).splitlines()[2:]]
    return set(re.findall(r"`(\w+)`", " ".join(first)))


def test_every_setting_is_documented() -> None:
    assert named("remote.md", "## Settings of the engine") == {
        f.name for f in fields(EngineSettings)
    }
    documented = named("remote.md", "## Settings of a voice or turn")
    assert documented | {"consent"} == {f.name for f in fields(VoiceSettings)}


def test_every_field_that_can_be_honoured_is_documented() -> None:
    refused = {
        "sample_rate", "ref_audio", "ref_text", "task_type", "x_vector_only_mode",
        "speaker_embedding", "initial_codec_chunk_frames", "word_timestamps",
    }  # fmt: skip
    assert named("serve.md", "`POST /v1/audio/speech` takes:") == (
        set(SpeechRequest.model_fields) - refused
    )


def test_the_example_of_a_cast_is_one(tmp_path: Path) -> None:
    path = tmp_path / "voices.yaml"
    path.write_text(block("remote.md", "yaml voices"))
    (tmp_path / "ben.wav").write_bytes(b"")
    voices, problems = read_voices(path)
    assert not problems
    assert RemoteEngine(voices.engine_settings["remote"]).availability().usable


@pytest.fixture
def hibari() -> Iterator[Running]:
    pytest.importorskip("hibari")
    from podgen.engines import create

    with running(create("hibari")) as server:
        yield server


def test_the_example_of_a_client_runs(
    hibari: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = block("serve.md", "python")
    assert "http://127.0.0.1:8000" in code
    exec(compile(code.replace("http://127.0.0.1:8000", hibari.url), "serve.md", "exec"), {})
    assert (tmp_path / "morning.wav").stat().st_size > 20_000
