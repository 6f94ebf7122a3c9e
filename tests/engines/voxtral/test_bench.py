"""The measuring itself, at a tiny size on the CPU; no figure here means anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from podgen.engines.voxtral.bench import bench as benching
from podgen.engines.voxtral.bench import made_up
from podgen.engines.voxtral.bench.bench import Line, Plan, bench
from podgen.engines.voxtral.bench.frames import Measurements
from podgen.engines.voxtral.bench.made_up import dialogue, write_random_checkpoint
from podgen.engines.voxtral.bench.measure import frame_cost
from podgen.engines.voxtral.model.config import Params, parse_params
from podgen.engines.voxtral.model.whole import Make, load_model
from podgen.errors import EngineError
from tests.support.places import GOLDEN, ROOT

TINY = {
    "model_type": "voxtral_tts", "dim": 32, "n_layers": 1, "head_dim": 8, "hidden_dim": 32,
    "n_heads": 4, "n_kv_heads": 2, "vocab_size": 1100,
    "multimodal": {
        "audio_model_args": {
            "semantic_codebook_size": 30,
            "acoustic_transformer_args": {
                "dim": 32, "n_layers": 2, "head_dim": 8, "hidden_dim": 32, "n_heads": 4,
                "n_kv_heads": 2, "n_decoding_steps": 2, "input_dim": 32,
            },
        },
        "audio_tokenizer_args": {
            "semantic_codebook_size": 30, "semantic_dim": 8, "dim": 16, "hidden_dim": 16,
            "head_dim": 4, "n_heads": 4, "n_kv_heads": 4,
        },
    },
}  # fmt: skip


@pytest.fixture
def tiny() -> Params:
    return parse_params(TINY)


def test_everything_is_measured(tiny: Params) -> None:
    lines: list[Line] = []
    plan = Plan(
        device="cpu", dtype=torch.float32, params=tiny, batches=(1, 3), quantised=("int8",),
        frames=2, episode=(6, 60), episode_batches=(3,), copy_size=1 << 16, product_size=32,
    )  # fmt: skip
    bench(plan, lines.append)
    json.dumps(lines)
    assert not [line for line in lines if "error" in line]
    kinds = {str(line["what"]) for line in lines}
    assert kinds == {
        "device", "product", "build", "step", "turn_alone", "prefill", "parts", "kernel",
        "first_audio", "episode", "invariance", "drift",
    }  # fmt: skip
    assert all(line["machine"] and line["date"] for line in lines)
    steps = [(line["quantise"], line["batch"]) for line in lines if line["what"] == "step"]
    assert steps == [("none", 1), ("none", 3), ("int8", 1)]
    (episode,) = (line for line in lines if line["what"] == "episode")
    assert episode["audio_s"] == pytest.approx(60 * 0.08, rel=0.1)
    assert all(float(str(line["ms"])) > 0 for line in lines if "ms" in line)


def test_other_kernels_are_measured_as_the_chosen_ones(tiny: Params) -> None:
    lines: list[Line] = []
    plan = Plan(device="cpu", dtype=torch.float32, params=tiny, frames=1)
    measuring = Measurements(plan, tiny, 1e9, 1e9, lambda what, **line: lines.append(line))
    measuring.other_kernels()
    told = [line["kernels"] for line in lines if "kernels" in line]
    assert told == [*["own"] * 3, *["torch"] * 3]


def test_a_measurement_that_fails_does_not_end_the_others(
    tiny: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Measurements, *args: object) -> None:
        raise ZeroDivisionError("in one part")

    monkeypatch.setattr(Measurements, "parts", fail)
    lines: list[Line] = []
    plan = Plan(
        device="cpu", dtype=torch.float32, params=tiny, batches=(1,), quantised=(), frames=1,
        episode=(2, 8), episode_batches=(1,), copy_size=1 << 10, product_size=8,
    )  # fmt: skip
    with pytest.raises(ZeroDivisionError):
        bench(plan, lines.append)
    assert [line["error"] for line in lines if "error" in line] == [
        "ZeroDivisionError: in one part"
    ]
    assert lines[-1]["what"] == "invariance"


def test_goldens_that_differ_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benching, "compare", lambda golden, generated: "other codes")
    lines: list[Line] = []
    with pytest.raises(EngineError, match="golden case 0 of Make"):
        bench(Plan(device="cpu", golden=GOLDEN), lines.append)
    assert lines == []


def test_goldens_that_pass() -> None:
    benching.check_goldens(GOLDEN, "cpu")


def test_a_random_checkpoint_has_the_published_layout(
    tiny: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made_up, "PUBLISHED", TINY)
    write_random_checkpoint(tmp_path, tiny)
    model = load_model(tmp_path, Make())
    assert model.params == tiny


def test_dialogues_are_as_long_as_asked_for() -> None:
    lengths = dialogue(240, 45000)
    assert sum(lengths) == pytest.approx(45000, rel=0.01)
    assert min(lengths) >= 4 and max(lengths) > 3 * sorted(lengths)[120]


def test_the_floor_is_that_of_the_published_sizes() -> None:
    """6.05 GB of backbone and 4.9 GB of acoustic weights a frame at the published sizes."""
    params = parse_params(made_up.PUBLISHED)
    cost = frame_cost(params, 1, 0, 7, torch.bfloat16, "none")
    assert cost.backbone_bytes == pytest.approx(6.05e9, rel=0.01)
    assert cost.acoustic_bytes == pytest.approx(4.9e9, rel=0.03)
    assert cost.floor(4.8e12, 1e15) * 12.5 == pytest.approx(0.029, rel=0.03)
    many = frame_cost(params, 64, 400, 7, torch.bfloat16, "fp8")
    assert many.backbone_bytes == pytest.approx(3.03e9 + 64 * 400 * 106496, rel=0.01)


def test_the_benchmark_needs_torch_and_safetensors_alone() -> None:
    """A machine to measure on need not have the package installed, nor a tokeniser."""
    script = """
import sys
for name in ("mistral_common", "babel", "unicode_rbnf", "pydantic", "yaml", "scipy", "typer",
             "soundfile", "platformdirs", "rich", "soxr", "triton"):
    sys.modules[name] = None
from pathlib import Path
import torch
from podgen.engines.voxtral.bench.bench import check_goldens
torch.set_num_threads(1)
check_goldens(Path(sys.argv[1]), "cpu")
"""
    subprocess.run([sys.executable, "-c", script, GOLDEN], check=True)


def test_the_command_tells_how_to_use_it() -> None:
    script = ROOT / "benchmarks" / "voxtral.py"
    done = subprocess.run(
        [sys.executable, script, "--help"], capture_output=True, text=True, check=True
    )
    assert "--batches" in done.stdout
