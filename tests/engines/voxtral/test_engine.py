"""The engine as the renderer sees it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podgen.engines.base import Engine, Utterance
from podgen.engines.voxtral import VoxtralEngine
from podgen.engines.voxtral.batch.progress import Progress
from podgen.engines.voxtral.bench.goldens import Golden
from podgen.engines.voxtral.text import pace
from podgen.errors import EngineError, MachineError
from tests.support.lenient import lenient

pytest.importorskip("mistral_common", reason="the engine's prompts need mistral-common")

HELLO = Utterance("hello", "Hello there, this is a test.", "casual_male", seed=7)


@pytest.fixture
def engine(checkpoint: Path) -> VoxtralEngine:
    return VoxtralEngine({"model": str(checkpoint), "device": "cpu", "dtype": "float32"})


def test_it_is_an_engine_and_its_import_takes_no_torch(engine: Engine) -> None:
    script = "import sys, podgen.engines.voxtral as v; v.VoxtralEngine({}).voices(); " + (
        "v.VoxtralEngine({}).availability(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    assert engine.capabilities().sample_rate == 24000
    assert not engine.capabilities().cloning


def test_a_golden_through_the_engine(
    engine: VoxtralEngine, goldens: list[Golden], monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient(monkeypatch)
    (speech,) = engine.synthesize([HELLO])
    assert speech.id == "hello" and speech.sample_rate == 24000
    np.testing.assert_allclose(speech.samples, goldens[0].waveform, atol=1e-5)
    engine.close()
    engine.close()


def test_an_alias_is_its_preset(
    engine: VoxtralEngine, goldens: list[Golden], monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient(monkeypatch)
    (speech,) = engine.synthesize([replace(HELLO, voice="echo")])
    np.testing.assert_allclose(speech.samples, goldens[0].waveform, atol=1e-5)


def test_all_turns_come_whatever_their_order(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient(monkeypatch)
    turns = [replace(HELLO, id=str(i), seed=i, text=f"{HELLO.text} {'la ' * i}") for i in range(6)]
    seen: list[Progress] = []
    engine.on_progress = seen.append
    first = {speech.id: speech.samples for speech in engine.synthesize(turns)}
    again = {speech.id: speech.samples for speech in engine.synthesize(turns[::-1])}
    assert sorted(first) == [str(i) for i in range(6)]
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert seen and seen[-1].frames > 0 and seen[-1].rate > 0 and seen[-1].remaining >= 0


def test_nothing_to_say_needs_no_weights() -> None:
    assert list(VoxtralEngine({}).synthesize([])) == []


def test_a_turn_that_ends_badly_is_tried_with_the_next_seeds(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes out as the turn with the seed that ended well would."""
    lenient(monkeypatch)
    tried: list[int] = []

    def fault(text: str, frames: int, ended: bool) -> str | None:
        tried.append(frames)
        return "ended after 0.1 s" if len(tried) < 3 else None

    monkeypatch.setattr(pace, "fault", fault)
    (speech,) = engine.synthesize([HELLO])
    lenient(monkeypatch)
    (expected,) = engine.synthesize([replace(HELLO, seed=9)])
    assert len(tried) == 3
    assert np.array_equal(speech.samples, expected.samples)


def test_a_turn_that_never_ends_well_fails_by_name_when_the_others_are_done(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient(monkeypatch)
    monkeypatch.setattr(
        pace,
        "fault",
        lambda text, frames, ended: "did not end within 2.0 s" if "test" in text else None,
    )
    fine = replace(HELLO, id="fine", text="Something else.")
    got: list[str] = []
    with pytest.raises(EngineError) as caught:
        got.extend(speech.id for speech in engine.synthesize([HELLO, fine]))
    assert got == ["fine"]
    (problem,) = caught.value.problems
    assert problem.turn == "hello"
    assert "did not end within 2.0 s, with each of 4 seeds" in problem.what


@pytest.mark.parametrize(
    ("bound", "frames", "said"),
    [("most_frames", 3, r"did not end within 0\.2 s"), ("least_frames", 900, "ended after")],
)
def test_a_truncated_turn_never_comes_out(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch, bound: str, frames: int, said: str
) -> None:
    monkeypatch.setattr(pace, bound, lambda text: frames)
    with pytest.raises(EngineError, match=f"turn hello: voxtral {said}"):
        list(engine.synthesize([HELLO]))


def test_long_texts_are_spoken_in_pieces(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient(monkeypatch)
    text = "The first sentence is here. The second one is there."
    both = replace(HELLO, text=text, settings={"split": 30})
    (whole,) = engine.synthesize([both])
    (first,) = engine.synthesize([replace(HELLO, text="The first sentence is here.")])
    assert len(whole.samples) > len(first.samples)
    assert np.array_equal(whole.samples[:1000], first.samples[:1000])
    assert engine.estimate(both) > engine.estimate(replace(both, settings={"split": "never"}))


@pytest.mark.parametrize(
    ("change", "what", "remedy"),
    [
        ({"instructions": "whisper"}, "no instructions", "take `instructions` out"),
        ({"ref_audio": Path("me.wav")}, "encoder", "voices add"),
        ({"ref_text": "me"}, "ref_text", "take it out"),
        ({"speed": 1.2}, "one speed", "take `speed` out"),
        ({"settings": {"temperature": 1.6}}, "temperature is 1.6", "from 0 to 1.5"),
        ({"settings": {"temperature": -0.1}}, "temperature is -0.1", "from 0 to 1.5"),
        ({"settings": {"temperature": "hot"}}, "temperature is 'hot'", "from 0 to 1.5"),
        ({"settings": {"temperature": True}}, "temperature is True", "from 0 to 1.5"),
        ({"settings": {"pitch": 1}}, "no setting `pitch`", "split"),
        ({"settings": {"split": "often"}}, "split is 'often'", "never, auto"),
        ({"voice": "casual_mail"}, "no voice `casual_mail`", "did you mean `casual_male`?"),
        ({"voice": "zzz"}, "no voice `zzz`", "casual_female"),
        ({"language": "ja"}, "does not speak `ja`", "en, fr"),
        ({"text": "..."}, "nothing to say", "word"),
        ({"phonemes": (("a", "b"),)}, "phonemes", "respelling"),
        ({"text": "word " * 2000, "settings": {"split": "never"}}, "positions", "split: auto"),
    ],
)
def test_what_it_cannot_do_is_refused_with_the_reason(
    engine: VoxtralEngine, change: dict[str, object], what: str, remedy: str
) -> None:
    ((said, advice),) = engine.check(replace(HELLO, **change))
    assert what in said and remedy in advice
    with pytest.raises(EngineError, match="turn hello"):
        list(engine.synthesize([replace(HELLO, **change)]))


def test_what_it_can_do_is_not_refused(engine: VoxtralEngine) -> None:
    assert engine.check(HELLO) == []
    assert engine.check(replace(HELLO, text="word " * 2000)) == []
    assert engine.check(replace(HELLO, voice="shimmer", language="fr-CA")) == []


def test_estimates_follow_the_text(engine: VoxtralEngine) -> None:
    longer = replace(HELLO, text="one million two hundred thousand")
    assert engine.estimate(longer) > engine.estimate(replace(HELLO, text="one million"))
    assert engine.estimate(longer) == engine.estimate_frames(longer) / 12.5


def test_voices_are_the_folders_presets_then_aliases(engine: VoxtralEngine) -> None:
    names = [voice.name for voice in engine.voices()]
    assert names == ["casual_female", "casual_male", "fr_female", "echo", "nova", "shimmer"]
    french = engine.voices()[2]
    assert (french.language, french.gender) == ("fr", "f")
    everything = VoxtralEngine({}).voices()
    assert len(everything) == 26


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"modle": "x"}, "did you mean `model`"),
        ({"whatever_this_is": 1}, "no setting `whatever_this_is`"),
        ({"batch": 0}, "batch"),
        ({"batch": "many"}, "batch"),
        ({"steps": 0}, "steps"),
        ({"cfg_alpha": "high"}, "cfg_alpha"),
        ({"cfg_alpha": -1}, "cfg_alpha"),
        ({"quantise": "int2"}, "quantise"),
        ({"dtype": "float8"}, "dtype"),
        ({"device": "gpu"}, "device"),
        ({"cuda_graphs": "maybe"}, "cuda_graphs"),
        ({"split": "x"}, "split"),
        ({"temperature": 2}, "temperature"),
        ({"temperature": "nan"}, "temperature"),
    ],
)
def test_unknown_settings_and_values_are_refused(settings: dict[str, object], named: str) -> None:
    with pytest.raises(EngineError, match=named):
        VoxtralEngine(settings)


def test_settings_may_be_text_and_none_is_the_default() -> None:
    settings = VoxtralEngine(
        {"batch": "16", "steps": None, "cfg_alpha": "1.5", "cuda_graphs": "off", "split": "never"}
    ).settings
    assert (settings.batch, settings.steps, settings.cfg_alpha) == (16, None, 1.5)
    assert settings.cuda_graphs is False and settings.split is None


def test_the_model_may_come_from_the_environment(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODGEN_VOXTRAL_MODEL", str(checkpoint))
    assert VoxtralEngine({"device": "cpu"}).availability().usable


def test_what_is_missing_is_said(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PODGEN_VOXTRAL_MODEL", raising=False)
    assert "PODGEN_VOXTRAL_MODEL" in VoxtralEngine({}).availability().reason
    folder = Path(shutil.copytree(checkpoint, tmp_path / "model"))
    (folder / "tekken.json").unlink()
    status = VoxtralEngine({"model": str(folder), "device": "cpu"}).availability()
    assert not status.usable and "tekken.json" in status.reason
    monkeypatch.setattr("podgen.engines.voxtral.presence._gpu_seen", lambda: False)
    status = VoxtralEngine({"model": str(checkpoint)}).availability()
    assert not status.usable and "device: cpu" in status.reason
    with pytest.raises(MachineError, match="no GPU"):
        list(VoxtralEngine({"model": str(checkpoint)}).synthesize([HELLO]))


def test_a_missing_package_is_said(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "podgen.engines.voxtral.presence.find_spec", lambda name: None if name == "torch" else name
    )
    status = VoxtralEngine({"model": str(checkpoint), "device": "cpu"}).availability()
    assert not status.usable and "pip install" in status.reason


def test_a_model_that_does_not_fit_is_said(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def fail(*args: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr("podgen.engines.voxtral.batch.loaded.load_model", fail)
    with pytest.raises(MachineError, match=r"does not fit the memory of cpu; .*quantise"):
        list(engine.synthesize([HELLO]))


def test_fingerprints_name_what_changes_the_sound(checkpoint: Path) -> None:
    def fingerprint(**settings: object) -> str:
        return VoxtralEngine({"model": str(checkpoint), "device": "cpu"} | settings).fingerprint()

    changes: list[dict[str, object]] = [
        {}, {"dtype": "float32"}, {"dtype": "float16"}, {"quantise": "int8"},
        {"steps": 8}, {"cfg_alpha": 1.3},
        {"split": 300}, {"retries": 0}, {"temperature": 0.5}, {"temperature": 1},
    ]  # fmt: skip
    assert len({fingerprint(**change) for change in changes}) == len(changes)
    assert fingerprint(dtype="bfloat16") == fingerprint()
    same = fingerprint(batch=2, cuda_graphs=False, triton=False, temperature=0)
    assert same == fingerprint()


@pytest.mark.parametrize(
    ("wanted", "found"), [("cpu", ["cpu"]), ("cuda", None), ("cuda:0,cuda:1", None), ("auto", None)]
)
def test_devices(wanted: str, found: list[str] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from podgen.engines.voxtral.batch.devices import choose_devices

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    if found is not None:
        assert choose_devices(wanted) == found
        return
    with pytest.raises(MachineError, match="torch finds"):
        choose_devices(wanted)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_devices(wanted) == ["cuda:0", "cuda:1"]
