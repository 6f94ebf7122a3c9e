"""What is sent for each known model, and what is refused before anything is sent."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.engines.base import Utterance
from podgen.engines.remote import RemoteEngine
from podgen.engines.remote.engine import log
from podgen.errors import EngineError
from podgen.render.keys import take_key
from tests.engines.remote.fake import SCHEMA, VOXTRAL, Fake, serving, wav

FISH = "fishaudio/s2-pro"
VOXCPM = "openbmb/VoxCPM2"
QWEN = "Qwen/Qwen3-TTS-12Hz-1.7B-{}"
PRESETS = {VOXTRAL: ("casual_male", "neutral_female"), QWEN.format("CustomVoice"): ("ryan",)}
CONSENT = {"consent": "Ada agreed by letter on 2026-11-01 to be cloned for this show."}


@pytest.fixture
def ada(tmp_path: Path) -> Path:
    path = tmp_path / "ada.wav"
    path.write_bytes(wav(np.full(8000, 0.1)))
    return path


def remote(url: str, model: str, **more: Any) -> RemoteEngine:
    return RemoteEngine({"base_url": url, "model": model, "backoff": 0.01, **more})


def sent(model: str, rate: int, **fields: Any) -> dict[str, Any]:
    """The body of the one request that a turn makes, which the server's schema must allow."""
    with serving(Fake(model, voices=PRESETS.get(model, ()), rate=rate)) as server:
        turn = Utterance("t", "A sentence for the voice.", **{"voice": "", "seed": 7, **fields})
        (speech,) = remote(server.url, model).synthesize([turn])
        assert speech.sample_rate == rate
        (body,) = server.bodies
    jsonschema.validate(body, SCHEMA)
    assert body.pop("input") == turn.text
    assert body.pop("model") == model
    assert body.pop("response_format") == "wav"
    assert body.pop("seed") == 7
    return body


def test_voxtral_gets_its_preset_and_nothing_it_would_drop() -> None:
    assert sent(VOXTRAL, 24000, voice="casual_male", language="fr") == {"voice": "casual_male"}
    assert sent(VOXTRAL, 24000, voice="alloy", speed=1.25) == {
        "voice": "neutral_female",
        "speed": 1.25,
    }


def test_fish_speech_clones_from_audio_and_its_text(ada: Path) -> None:
    body = sent(FISH, 44100, ref_audio=ada, ref_text="I am Ada.", settings=CONSENT)
    kind, data = body.pop("ref_audio").split(",")
    assert kind == "data:audio/x-wav;base64" or kind == "data:audio/wav;base64"
    assert base64.b64decode(data) == ada.read_bytes()
    assert body == {"ref_text": "I am Ada."}


def test_voxcpm_clones_with_and_without_text(ada: Path) -> None:
    body = sent(VOXCPM, 48000, ref_audio=ada, settings=CONSENT)
    assert set(body) == {"ref_audio"}
    settings = {**CONSENT, "ref_audio": "https://example.org/ada.wav", "max_tokens": 900}
    body = sent(VOXCPM, 48000, voice="default", ref_text="I am Ada.", settings=settings)
    assert body == {
        "ref_audio": "https://example.org/ada.wav",
        "ref_text": "I am Ada.",
        "max_new_tokens": 900,
    }


def test_qwen_gets_the_task_and_the_language_by_name(ada: Path) -> None:
    body = sent(
        QWEN.format("Base"),
        24000,
        ref_audio=ada,
        ref_text="Ich bin Ada.",
        language="de-AT",
        settings={**CONSENT, "task_type": "Base"},
    )
    assert body.pop("ref_audio").startswith("data:audio/")
    assert body == {"ref_text": "Ich bin Ada.", "task_type": "Base", "language": "German"}
    x_vector = {**CONSENT, "x_vector_only_mode": True}
    body = sent(QWEN.format("Base"), 24000, ref_audio=ada, settings=x_vector)
    assert (body["x_vector_only_mode"], "ref_text" in body) == (True, False)
    embedding = {**CONSENT, "speaker_embedding": [0.5, -0.25]}
    body = sent(QWEN.format("Base"), 24000, settings=embedding)
    assert body["speaker_embedding"] == [0.5, -0.25]
    assert sent(QWEN.format("CustomVoice"), 24000, voice="ryan", instructions="Softly.") == {
        "voice": "ryan",
        "instructions": "Softly.",
        "task_type": "CustomVoice",
        "language": "English",
    }
    assert sent(QWEN.format("VoiceDesign"), 24000, instructions="An old sailor.") == {
        "instructions": "An old sailor.",
        "task_type": "VoiceDesign",
        "language": "English",
    }


CLONE = {"ref_audio": "https://example.org/a.wav"}


@pytest.mark.parametrize(
    ("model", "fields", "says"),
    [
        (VOXTRAL, {"voice": ""}, "needs a voice"),
        (VOXTRAL, {"settings": {**CLONE, **CONSENT}}, "cannot clone"),
        (VOXTRAL, {"instructions": "Softly."}, "cannot follow instructions"),
        (VOXTRAL, {"ref_text": "Hello."}, "no use for `ref_text`"),
        (VOXTRAL, {"settings": {"task_type": "Base"}}, "no task types"),
        (VOXTRAL, {"settings": {"language": "French"}}, "finds the language by itself"),
        (VOXTRAL, {"settings": {"speaker_embedding": [1.0], **CONSENT}}, "no use for `speaker_em"),
        (VOXTRAL, {"settings": {"temperature": 1}}, "no setting `temperature`"),
        (VOXTRAL, {"settings": {"max_tokens": 5000}}, "`max_tokens` cannot be 5000"),
        (VOXTRAL, {"speed": 4.5}, "outside"),
        (VOXTRAL, {"phonemes": (("Cipher", "ˈsaɪfɚ"),)}, "cannot take phonemes"),
        (VOXTRAL, {"text": "..."}, "nothing to say"),
        (VOXTRAL, {"voice": "nobody"}, "has no voice `nobody`"),
        (VOXTRAL, {"text": "a " * 1500, "settings": {"split": "never"}}, "3000 characters"),
        (FISH, {"settings": {**CLONE, **CONSENT}}, "needs `ref_text`"),
        (FISH, {"ref_text": "Hello."}, "without `ref_audio`"),
        (FISH, {"ref_text": "Hello.", "settings": CLONE}, "consent"),
        (FISH, {"instructions": "Softly."}, "cannot follow instructions"),
        (FISH, {"settings": {"task_type": "Base"}}, "no task types"),
        (
            FISH,
            {"ref_audio": Path("/no/such.wav"), "ref_text": "Hi.", "settings": CONSENT},
            "no file",
        ),
        (FISH, {"settings": {"ref_audio": "ada.wav", **CONSENT}}, "`ref_audio` cannot be"),
        (VOXCPM, {"instructions": "Softly."}, "cannot follow instructions"),
        (QWEN.format("Base"), {}, "needs `ref_audio`"),
        (QWEN.format("Base"), {"voice": "ryan"}, "has no voice `ryan`"),
        (QWEN.format("Base"), {"settings": {**CLONE, **CONSENT}}, "needs `ref_text`"),
        (QWEN.format("Base"), {"settings": {"task_type": "CustomVoice"}}, "cannot do task_type"),
        (QWEN.format("CustomVoice"), {"voice": "ryan", "language": "nl"}, "has no `nl`"),
        (
            QWEN.format("CustomVoice"),
            {"voice": "ryan", "instructions": "x" * 501},
            "500 characters",
        ),
        (QWEN.format("VoiceDesign"), {}, "needs `instructions`"),
        ("zai-org/GLM-TTS", {"ref_text": "Hi."}, "needs `ref_audio`"),
        ("IndexTeam/IndexTTS-2.5", {"voice": "x", "speed": 2.5}, "outside"),
    ],
)
def test_what_a_model_would_drop_is_refused_before_anything_is_sent(
    model: str, fields: dict[str, Any], says: str
) -> None:
    with serving(Fake(model)) as server:
        base = {"text": "Hello there.", "voice": "casual_male" if model == VOXTRAL else ""}
        turn = Utterance("t", **{**base, **fields})
        engine = remote(server.url, model)
        assert any(says in what for what, _ in engine.check(turn)), engine.check(turn)
        with pytest.raises(EngineError):
            list(engine.synthesize([turn]))
        assert not server.bodies


@pytest.mark.parametrize(
    ("model", "rate", "says", "instead"),
    [
        (VOXTRAL, 24000, "refuses `sample_rate`", None),
        (FISH, 16000, "refuses `sample_rate`", None),
        (QWEN.format("CustomVoice"), 16000, "cannot answer at 16000 Hz", 8000),
    ],
)
def test_a_sample_rate_that_the_adapter_refuses_is_an_error_by_the_table(
    model: str, rate: int, says: str, instead: int | None
) -> None:
    """vllm-omni's adapters take those of `supported_output_sample_rates`, mostly none."""
    voice = PRESETS.get(model, ("",))[0]
    with serving(Fake(model, voices=[voice] if voice else [])) as server:
        turn = Utterance("t", "Hello there.", voice)
        ((what, remedy),) = remote(server.url, model, sample_rate=rate).check(turn)
        assert says in what
        assert (str(instead) in remedy) if instead else ("take it out" in remedy)
        mended = {} if instead is None else {"sample_rate": instead}
        assert remote(server.url, model, **mended).check(turn) == []


def test_a_known_model_that_is_not_served_is_an_error_that_lists_what_is() -> None:
    with serving(Fake("mistralai/Voxtral-Large")) as server:
        turn = Utterance("t", "Hello there.", "casual_male")
        ((what, remedy),) = remote(server.url, VOXTRAL).check(turn)
        assert f"has no model `{VOXTRAL}`" in what
        assert remedy == "it has mistralai/Voxtral-Large"
        assert remote(server.url, remedy.removeprefix("it has ")).check(turn) == []
        at = {"base_url": server.url, "model": VOXTRAL}
        ((again, _),) = RemoteEngine({}).check(replace(turn, settings=at))
        assert again == what, "the server of a single voice was not asked"


@pytest.mark.parametrize("model", ["FunAudioLLM/Fun-CosyVoice3-0.5B", "zai-org/GLM-TTS"])
def test_a_voice_that_was_uploaded_needs_no_recording(model: str) -> None:
    with serving(Fake(model, voices=("ann",))) as server:
        assert remote(server.url, model).check(Utterance("t", "Hello there.", "ann")) == []
        ((what, _),) = remote(server.url, model).check(Utterance("t", "Hello there.", "tom"))
        assert "has no voice `tom`" in what


def test_servers_that_do_not_answer_are_warned_of_and_hold_nothing_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    urls = [f"http://127.0.0.1:{port}" for port in (9, 10)]
    engine = RemoteEngine({"base_url": urls, "model": VOXTRAL})
    with caplog.at_level("WARNING", log.name):
        assert engine.check(Utterance("t", "Hello there.", "casual_male")) == []
    for port in (9, 10):
        assert f":{port}/v1 cannot be reached: model and voices are not checked" in caplog.text


@pytest.mark.parametrize(
    ("model", "wrong", "right"),
    [
        (VOXTRAL, {"voice": ""}, {"voice": "casual_male"}),
        (VOXTRAL, {"speed": 4.5}, {"speed": 4.0}),
        (VOXTRAL, {"settings": {"language": "French"}}, {}),
        (QWEN.format("Base"), {"voice": "ryan", "settings": {**CONSENT, "x_vector_only_mode": True,
            "ref_audio": "https://a.org/a.wav"}}, {"voice": "default"}),
        (QWEN.format("Base"), {"settings": {**CONSENT, "ref_audio": "https://a.org/a.wav"}},
            {"ref_text": "Hi."}),
        (QWEN.format("Base"), {"language": "nl"}, {"language": "de"}),
        (QWEN.format("CustomVoice"), {"voice": "nobody"}, {"voice": "ryan"}),
        (QWEN.format("VoiceDesign"), {}, {"instructions": "An old sailor."}),
        (QWEN.format("VoiceDesign"), {"voice": "x", "instructions": "An old sailor."},
            {"voice": ""}),
        (FISH, {"ref_text": "Hi."}, {"ref_text": None}),
        ("IndexTeam/IndexTTS-2.5", {"speed": 2.5}, {"speed": 2.0}),
    ],
)  # fmt: skip
def test_what_is_suggested_is_not_itself_refused(
    model: str, wrong: dict[str, Any], right: dict[str, Any]
) -> None:
    base: dict[str, Any] = {"text": "Hello there.", "voice": "", "language": "en"}
    if model == VOXTRAL:
        base["voice"] = "casual_male"
    if "Base" in model:
        base |= {"ref_text": "Hi.", "settings": {**CONSENT, "ref_audio": "https://a.org/a.wav"}}
    if "IndexTTS" in model:
        base |= {"settings": {**CONSENT, "ref_audio": "https://a.org/a.wav"}}
    if "settings" in wrong and "ref_text" in right:
        base["ref_text"] = None
    with serving(Fake(model, voices=PRESETS.get(model, ()))) as server:
        engine = remote(server.url, model)
        before = {**base, **wrong}
        assert engine.check(Utterance("t", **before))
        after = {**before, **(right or {"settings": {}})}
        assert engine.check(Utterance("t", **after)) == []


def test_a_voice_the_table_does_not_have_is_asked_for_once() -> None:
    with serving(Fake(voices=("casual_male", "house_voice"))) as server:
        engine = remote(server.url, VOXTRAL)
        assert engine.check(Utterance("a", "Hello.", "house_voice")) == []
        assert "has no voice `nobody`" in engine.check(Utterance("b", "Hello.", "nobody"))[0][0]
        assert server.gets == ["/v1/models", "/v1/audio/voices"]
    assert "has no voice" in remote(server.url, VOXTRAL).check(Utterance("a", "Hi.", "x"))[0][0]


def test_an_unknown_model_is_asked_about_warned_of_once_and_sent_what_was_written(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(Fake("acme/talker-9", voices=("mia",))) as server:
        engine = remote(server.url, "acme/talker-9")
        extra = {"task_type": "Base", "language": "Klingon", "extra_params": {"warmth": 3}}
        turns = [
            Utterance(f"t{n}", "Hello you.", "mia", instructions="Gently.", settings=extra)
            for n in range(3)
        ]
        with caplog.at_level("WARNING", log.name):
            assert [engine.check(turn) for turn in turns] == [[], [], []]
        assert caplog.text.count("acme/talker-9 is not known") == 1
        assert "has no voice `tom`" in engine.check(Utterance("a", "Hello.", "tom"))[0][0]
        assert len(server.gets) == 2
        assert len(list(engine.synthesize(turns))) == 3
        body = server.bodies[0]
    jsonschema.validate(body, SCHEMA)
    assert (body["instructions"], body["task_type"], body["language"]) == (
        "Gently.",
        "Base",
        "Klingon",
    )
    assert body["extra_params"] == {"warmth": 3}
    wrong = remote(server.url, "acme/other")
    with serving(Fake("acme/talker-9"), int(server.url.split(":")[2].split("/")[0])):
        assert "has no model `acme/other`" in wrong.check(turns[0])[0][0]


def test_an_unknown_model_on_an_unreachable_server_is_not_held_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = remote("http://127.0.0.1:9", "acme/talker-9")
    with caplog.at_level("WARNING", log.name):
        assert engine.check(Utterance("t", "Hello.", "mia")) == []
    assert "cannot be reached" in caplog.text


@settings(max_examples=200, deadline=None)
@given(
    model=st.sampled_from(
        [VOXTRAL, FISH, VOXCPM, *map(QWEN.format, ("Base", "CustomVoice", "VoiceDesign"))]
    ),
    voice=st.sampled_from(["", "default", "ryan", "casual_male", "alloy"]),
    text=st.text(min_size=1, max_size=60),
    speed=st.floats(0.1, 5),
    seed=st.integers(0, 2**32 - 1),
    instructions=st.none() | st.text(min_size=1, max_size=600),
    ref_text=st.none() | st.just("I am Ada."),
    given_settings=st.fixed_dictionaries(
        {},
        optional={
            "consent": st.just("She agreed."),
            "ref_audio": st.sampled_from(
                ["https://example.org/a.wav", "data:audio/wav;base64,AA=="]
            ),
            "task_type": st.sampled_from(["Base", "CustomVoice", "VoiceDesign"]),
            "max_tokens": st.integers(-1, 5000),
            "x_vector_only_mode": st.booleans(),
            "speaker_embedding": st.lists(st.floats(-1, 1), max_size=4),
            "extra_params": st.dictionaries(st.text(), st.integers(), max_size=2),
        },
    ),
)
def test_whatever_passes_the_check_makes_a_request_of_the_schema(
    model: str, voice: str, text: str, speed: float, seed: int, instructions: str | None,
    ref_text: str | None, given_settings: dict[str, Any],
) -> None:  # fmt: skip
    from podgen.engines.remote.request import body

    engine = remote("http://127.0.0.1:9", model)
    turn = Utterance(
        "t", text, voice, seed=seed, speed=speed, instructions=instructions, ref_text=ref_text,
        settings=given_settings,
    )  # fmt: skip
    if not engine.check(turn):
        made = body(engine._job(turn).ask, text)
        jsonschema.validate(json.loads(json.dumps(made)), SCHEMA)


def test_the_key_holds_all_that_sounds_and_no_address(ada: Path) -> None:
    turn = Utterance("t", "Hello.", "", ref_audio=ada, ref_text="I am Ada.", settings=CONSENT)

    def key(url: str = "http://a:1", model: str = FISH, **more: Any) -> str:
        return take_key(remote(url, model, **more).fingerprint(), turn)

    same = key()
    assert key("http://b:2") == same
    assert key(in_flight=3, timeout=9) == same
    assert "a:1" not in remote("http://a:1", FISH).fingerprint()
    assert len({same, key(model=VOXCPM), key(sample_rate=24000), key(extra_params={"a": 1})}) == 4
    ada.write_bytes(wav(np.full(9000, 0.2)))
    assert key() != same


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "gpu1:8091"},
        {"base_url": []},
        {"base_url": "ftp://a"},
        {"in_flight": 0},
        {"timeout": "soon"},
        {"attempts": 1.5},
        {"sample_rate": True},
        {"port": 1},
    ],
)
def test_wrong_engine_settings_are_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(EngineError, match=next(iter(wrong))):
        RemoteEngine(wrong)


def test_an_engine_without_servers_is_not_usable_and_says_what_to_set() -> None:
    state = RemoteEngine({}).availability()
    assert not state.usable
    assert "base_url" in state.reason
    assert RemoteEngine({"base_url": ["http://a:1", "http://b:2/v1/"]}).availability().usable
