"""The codec's encoder, on what the reference made of five recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor

from podgen.engines.voxtral.model.checkpoint import Checkpoint
from podgen.engines.voxtral.model.config import END_AUDIO, SPECIAL_CODES, read_params
from podgen.engines.voxtral.model.encoder import CodecEncoder
from podgen.engines.voxtral.model.files import ENCODER
from podgen.engines.voxtral.model.ops import TorchOps
from podgen.engines.voxtral.model.whole import Model
from tests.engines.voxtral.weights import NamedWeights, NoData, small_params
from tests.support.places import GOLDEN

FOLDER = GOLDEN / "encoder"


def load(dtype: torch.dtype = torch.float32) -> CodecEncoder:
    params = read_params(GOLDEN / "checkpoint" / "params.json")
    with Checkpoint(FOLDER / "encoder.safetensors", torch.device("cpu"), dtype) as source:
        encoder = CodecEncoder(source, params.codec, TorchOps())
        source.finish()
    return encoder


@pytest.fixture(scope="module")
def waves() -> list[Tensor]:
    stored = load_file(FOLDER / "waves.safetensors")
    return [stored[str(i)] for i in range(len(stored))]


@pytest.fixture(scope="module")
def expected() -> dict[str, Tensor]:
    return load_file(FOLDER / "expected.safetensors")


def agrees(model: Model, expected: dict[str, Tensor], i: int, latent: Tensor) -> None:
    torch.testing.assert_close(latent, expected[f"{i}.latent"], atol=1e-4, rtol=0)
    values = model.codec.codebooks.values(latent)
    assert torch.equal(values.int(), expected[f"{i}.codes"])
    codes = torch.zeros(len(values) + 1, values.shape[1], dtype=torch.long)
    codes[:-1] = values + SPECIAL_CODES
    codes[-1, 0] = END_AUDIO
    assert torch.equal(model.backbone.embed_codes(codes), expected[f"{i}.rows"])


def test_each_wave_alone(model: Model, waves: list[Tensor], expected: dict[str, Tensor]) -> None:
    encoder = load()
    for i, wave in enumerate(waves):
        (latent,) = encoder.encode([wave])
        agrees(model, expected, i, latent)


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (3, 4, 1, 0, 2), (2, 3)])
def test_all_in_one_padded_batch(
    model: Model, waves: list[Tensor], expected: dict[str, Tensor], order: Sequence[int]
) -> None:
    for i, latent in zip(order, load().encode([waves[i] for i in order]), strict=True):
        agrees(model, expected, i, latent)


def test_bfloat16_is_near(model: Model, waves: list[Tensor], expected: dict[str, Tensor]) -> None:
    """Codes fall the other way here and there, as docs/cloning.md counts; latents stay close."""
    for i, latent in enumerate(load(torch.bfloat16).encode(waves)):
        wanted = expected[f"{i}.latent"]
        assert (latent.float() - wanted).norm() < 0.02 * wanted.norm()
        same = model.codec.codebooks.values(latent.float()).int() == expected[f"{i}.codes"]
        assert same.float().mean() > 0.9


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=5), st.integers(0, 99))
def test_what_else_is_in_the_batch_is_of_no_account(lengths: list[int], seed: int) -> None:
    """To the last bits of float64, with sizes unlike the published ones."""
    args = small_params().codec
    encoder = CodecEncoder(NamedWeights(), args, TorchOps())
    generator = torch.Generator().manual_seed(seed)
    clips = [torch.randn(n, generator=generator, dtype=torch.float64) for n in lengths]
    for clip, latent in zip(clips, encoder.encode(clips), strict=True):
        assert len(latent) == -(-len(clip) // args.samples_per_frame)
        torch.testing.assert_close(latent, encoder.encode([clip])[0], atol=1e-12, rtol=0)


def test_a_frame_sees_nothing_to_its_right() -> None:
    args = small_params().codec
    encoder = CodecEncoder(NamedWeights(), args, TorchOps())
    clip = torch.randn(20 * args.samples_per_frame, dtype=torch.float64)
    other = clip.clone()
    other[8 * args.samples_per_frame :] = 0
    (whole,), (cut,) = encoder.encode([clip]), encoder.encode([other])
    assert torch.equal(whole[:8], cut[:8])
    assert not torch.equal(whole[8], cut[8])


def test_the_published_sizes_are_114_tensors(tmp_path: Path) -> None:
    (tmp_path / "params.json").write_text('{"model_type": "voxtral_tts"}')
    source = NoData()
    CodecEncoder(source, read_params(tmp_path / "params.json").codec, TorchOps())
    assert len(source.shapes) == 114
    assert all(name.startswith(ENCODER) for name in source.shapes)
    last = "audio_tokenizer.encoder_blocks.7.conv.parametrizations.weight.original1"
    assert source.shapes[last] == (292, 1024, 3)
    count = sum(torch.Size(shape).numel() for shape in source.shapes.values())
    assert 148e6 < count < 150e6
