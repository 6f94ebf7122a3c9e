"""What a user is told of what their devices compute, and of a checkpoint's presets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from podgen.doctor.speaking import Row, prove_model
from podgen.engines.base import Speech
from tests.conftest import CommandLine
from tests.support.places import GOLDEN

pytest.importorskip("torch", reason="the Voxtral engine is not installed")
pytest.importorskip("mistral_common", reason="the Voxtral engine is not installed")

MODEL = GOLDEN / "checkpoint"


def test_devices_and_presets_are_proved_in_one_command(podgen: CommandLine) -> None:
    """The devices are right; a checkpoint of random weights says nothing, and that is told."""
    said = podgen("doctor", "--prove", "--model", MODEL, "--device", "cpu", OMP_NUM_THREADS="1")
    assert said.code == 3, said.err
    lines = said.out.splitlines()
    for name in ("float32", "bfloat16", "float16", "int8", "fp8", "int4"):
        (line,) = [line for line in lines if line.startswith(f"ok  cpu {name} ")]
        assert "equal" in line and "not equal" not in line
    for voice in ("casual_female", "casual_male", "fr_female"):
        (row,) = [
            line
            for line in lines
            if line.startswith(f"| {voice} | {voice[:2].replace('ca', 'en')} |")
        ]
        assert row.count("|") == 9
    assert "casual_male" in said.err and "see the table" in said.err


def test_a_device_that_computes_otherwise_is_an_error(
    podgen: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from podgen.cli.printing.machine import show_proof
    from podgen.doctor.finding import Finding
    from podgen.engines.voxtral.bench import proving
    from podgen.errors import MachineError

    folder = Path(shutil.copytree(GOLDEN, tmp_path / "golden"))
    tensors = load_file(folder / "expected.safetensors")
    tensors["1.codes"][20, 3] ^= 1
    save_file(tensors, folder / "expected.safetensors")
    monkeypatch.setattr(proving, "PRECISIONS", proving.PRECISIONS[:2])
    proofs = list(proving.prove(folder))
    assert [proof.good for proof in proofs] == [False, False]
    assert "golden case 1" in proofs[0].detail and "1 of 24 frames" in proofs[0].detail
    with pytest.raises(MachineError, match="not as the reference: cpu float32"):
        show_proof([Finding("cpu float32", False, proofs[0].detail)], json=False)
    assert torch.get_num_threads() == 1


def test_what_does_not_go_without_prove(podgen: CommandLine) -> None:
    said = podgen("doctor", "--model", MODEL)
    assert said.code == 2 and "go with --prove" in said.err


def rows(monkeypatch: pytest.MonkeyPatch, seconds: float, level: float) -> list[Row]:
    """Presets that speak so long and so loud."""
    generator = np.random.default_rng(1)

    def synthesize(self: object, utterances: list) -> object:  # type: ignore[type-arg]
        for one in utterances:
            noise = generator.normal(0, level, int(seconds * 24000)).astype(np.float32)
            yield Speech(one.id, noise, 24000)

    monkeypatch.setattr("podgen.engines.voxtral.VoxtralEngine.synthesize", synthesize)
    monkeypatch.setattr("podgen.proof.installed", lambda: False)
    return list(prove_model({"model": str(MODEL), "device": "cpu"}))


def test_pace_and_loudness_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in rows(monkeypatch, 5.0, 0.05):
        assert row.ends and not row.faults and row.words is None
        assert row.pace and 10 < row.pace < 20 and row.loudness and -30 < row.loudness < -20
    assert all("LUFS" in row.faults[0] for row in rows(monkeypatch, 5.0, 1e-3))
    assert all("characters a second" in row.faults[0] for row in rows(monkeypatch, 2.0, 0.05))


def test_rows_are_json_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from podgen.cli.printing.machine import show_presets

    show_presets(rows(monkeypatch, 5.0, 0.05), json=True)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["voice"] for event in events] == ["casual_female", "casual_male", "fr_female"]
    assert all(event["event"] == "preset" and event["ends"] for event in events)
