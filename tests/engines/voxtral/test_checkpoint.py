"""The published layout: what is read, what is tolerated, and one clear line for what is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from podgen.engines.voxtral.batch.batching import Batching
from podgen.engines.voxtral.bench.goldens import Golden, compare, generate_all
from podgen.engines.voxtral.fingerprint import model_digest
from podgen.engines.voxtral.model.config import parse_params, read_params
from podgen.engines.voxtral.model.whole import Make, Model, load_model
from podgen.errors import EngineError

Json = dict[str, object]


@pytest.fixture
def folder(checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint, tmp_path / "model"))


def change_json(path: Path, change: Callable[[Json], object]) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def change_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / "consolidated.safetensors")
    change(tensors)
    save_file(tensors, folder / "consolidated.safetensors")


def refusal(folder: Path) -> str:
    with pytest.raises(EngineError) as caught:
        load_model(folder, Make())
    assert len(caught.value.problems) == 1
    line = str(caught.value)
    assert "\n" not in line and "; " in line  # what; remedy
    return line


def test_published_defaults_stand_in_for_missing_fields() -> None:
    params = parse_params({"model_type": "voxtral_tts"})
    assert params.backbone.dim == 3072 and params.backbone.n_layers == 26
    assert params.backbone.q_width == 4096 and params.backbone.kv_width == 1024
    assert params.acoustic.n_layers == 3 and params.decoding_steps == 7
    assert params.acoustic.norm_eps == 1e-5 and params.codec.transformer.norm_eps == 1e-2
    assert params.rope_theta == 1e6 and params.vocab_size == 131072
    assert params.codebooks == 37 and params.semantic_codes == 8194
    assert params.codebook_offsets[:3] == (0, 8194, 8217)
    assert params.codebook_offsets[-1] + 23 == 9022
    assert [stage.window for stage in params.codec.stages] == [2, 4, 8, 16]
    assert params.codec.samples_per_frame == 1920 and params.frame_rate == 12.5
    assert (params.bos_id, params.audio_id, params.begin_audio_id) == (1, 24, 25)


def test_codebook_sizes_as_one_comma_string(folder: Path, model: Model) -> None:
    def change(values: dict[str, dict[str, dict[str, object]]]) -> None:
        audio = values["multimodal"]["audio_model_args"]
        for name in ("semantic_codebook_size", "acoustic_codebook_size", "n_acoustic_codebook"):
            del audio[name]
        audio["codebook_sizes"] = ",".join(["256"] + ["21"] * 36)

    change_json(folder / "params.json", change)
    assert read_params(folder / "params.json") == model.params


def test_unknown_fields_are_tolerated_and_the_kind_may_be_in_architectures(
    folder: Path, model: Model
) -> None:
    def change(values: Json) -> None:
        values |= {"novelty": {"a": 1}, "architectures": ["VoxtralTTSForConditionalGeneration"]}
        del values["model_type"]

    change_json(folder / "params.json", change)
    assert read_params(folder / "params.json") == model.params


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"model_type": "mistral"}, "mistral"),
        ({}, "model without audio"),
        ({"model_type": "voxtral_tts", "dim": "wide"}, "dim"),
        ({"model_type": "voxtral_tts", "n_layers": True}, "n_layers"),
        ({"model_type": "voxtral_tts", "tied_embeddings": False}, "tied_embeddings"),
        ({"model_type": "voxtral_tts", "use_biases": True}, "use_biases"),
        ({"model_type": "voxtral_tts", "n_kv_heads": 5}, "heads"),
        ({"model_type": "voxtral_tts", "multimodal": []}, "multimodal"),
        (
            {
                "model_type": "voxtral_tts",
                "multimodal": {"audio_tokenizer_args": {"decoder_convs_kernels_str": "3,x"}},
            },
            "decoder_convs_kernels_str",
        ),
        (
            {
                "model_type": "voxtral_tts",
                "multimodal": {"audio_model_args": {"semantic_codebook_size": 4096}},
            },
            "codebooks",
        ),
    ],
)
def test_params_of_another_model_are_refused(values: Json, named: str) -> None:
    with pytest.raises(EngineError, match=named):
        parse_params(values)


def test_no_params(tmp_path: Path) -> None:
    assert "params.json" in refusal(tmp_path)


def test_params_that_are_no_json(folder: Path) -> None:
    (folder / "params.json").write_text("{")
    assert "params.json" in refusal(folder)


def test_no_weights(folder: Path) -> None:
    (folder / "consolidated.safetensors").unlink()
    assert "consolidated.safetensors" in refusal(folder)


def test_a_truncated_file(folder: Path) -> None:
    path = folder / "consolidated.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    assert "truncated" in refusal(folder)


def test_a_missing_tensor(folder: Path) -> None:
    name = "layers.1.feed_forward.w3.weight"
    change_tensors(folder, lambda tensors: tensors.pop(name))
    assert f"no tensor {name}" in refusal(folder)


def test_a_misshapen_tensor(folder: Path) -> None:
    name = "audio_tokenizer.decoder_blocks.2.conv.parametrizations.weight.original1"
    change_tensors(folder, lambda tensors: tensors.update({name: torch.zeros(64, 64, 3)}))
    assert f"{name} is [64, 64, 3], not [64, 64, 4]" in refusal(folder)


def test_a_tensor_that_is_no_weight(folder: Path) -> None:
    name = "norm.weight"
    change_tensors(
        folder, lambda tensors: tensors.update({name: torch.zeros(96, dtype=torch.int8)})
    )
    assert "norm.weight holds torch.int8" in refusal(folder)


def test_a_tensor_without_a_place(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.update({"output.weight": torch.zeros(3)}))
    assert "output.weight" in refusal(folder)


def test_encoder_tensors_may_be_there(folder: Path, goldens: list[Golden]) -> None:
    extra = {
        "audio_tokenizer.input_proj.conv.parametrizations.weight.original0": torch.randn(64, 1, 1),
        "audio_tokenizer.encoder_blocks.0.layers.0.ffn_scale": torch.randn(64),
    }
    change_tensors(folder, lambda tensors: tensors.update(extra))
    model = load_model(folder, Make())
    (done,) = generate_all(model, [goldens[2].turn], Batching(1, 128))
    assert compare(goldens[2], done) is None


def test_a_voice_may_be_safetensors(folder: Path, goldens: list[Golden]) -> None:
    path = folder / "voice_embedding" / "casual_male.pt"
    rows = torch.load(path, weights_only=True)
    save_file({"rows": rows}, path.with_suffix(".safetensors"))
    path.unlink()
    (done,) = generate_all(load_model(folder, Make()), [goldens[0].turn], Batching(1, 128))
    assert compare(goldens[0], done) is None


def test_a_voice_of_ones_own_needs_no_entry_in_the_other_files(folder: Path) -> None:
    torch.save(torch.randn(5, 96), folder / "voice_embedding" / "own.pt")
    assert load_model(folder, Make()).voice_rows("own") == 5


class Payload:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path.touch, ("/tmp/never",)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (torch.zeros(10, 96), "has 10 rows, tekken.json says 9"),
        (torch.zeros(9, 95), "[9, 95], not [rows, 96]"),
        (torch.zeros(0, 96), "[0, 96]"),
        (torch.zeros(9, 96, dtype=torch.int32), "no tensor of voice rows"),
        ({"a": torch.zeros(9, 96)}, "no tensor of voice rows"),
        (Payload(), "cannot be read"),
        (b"not a zip", "cannot be read"),
    ],
)
def test_voices_that_are_refused(folder: Path, content: object, named: str) -> None:
    path = folder / "voice_embedding" / "casual_male.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    line = refusal(folder)
    assert named in line and "casual_male.pt" in line


def test_the_digest_follows_the_files(folder: Path) -> None:
    digests = [model_digest(folder)]
    name = "layers.1.attention.wk.weight"
    change_tensors(folder, lambda tensors: tensors[name].mul_(1.01))
    digests.append(model_digest(folder))
    torch.save(torch.randn(9, 96), folder / "voice_embedding" / "casual_male.pt")
    digests.append(model_digest(folder))
    change_json(folder / "params.json", lambda values: values.update(norm_eps=1e-6))
    digests.append(model_digest(folder))
    (folder / "voice_embedding" / "fr_female.pt").unlink()
    digests.append(model_digest(folder))
    assert len(set(digests)) == 5
    (folder / "consolidated.safetensors").write_bytes(b"\x05\0\0\0\0\0\0\0hello")
    assert model_digest(folder) not in digests
