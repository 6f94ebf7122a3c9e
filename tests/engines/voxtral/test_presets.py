"""The codes behind a voice's rows, and the level that a checkpoint's voices have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyloudnorm
import pytest
import torch

from podgen.engines.voxtral.cloning.codec import Codec
from podgen.engines.voxtral.cloning.presets import codes_of_rows, usual_codes, usual_loudness
from podgen.engines.voxtral.cloning.recording import LOUDNESS
from podgen.engines.voxtral.model.backbone import CodeTable
from podgen.engines.voxtral.model.codec import CodecDecoder
from podgen.engines.voxtral.model.config import SPECIAL_CODES
from podgen.engines.voxtral.model.ops import TorchOps
from tests.engines.voxtral.weights import NamedWeights, small_params


@pytest.fixture(scope="module")
def codec() -> Codec:
    """Small, but as wide as it takes to tell sums of rows apart."""
    params = small_params()
    params = replace(params, backbone=replace(params.backbone, dim=512))
    source = NamedWeights(torch.float32)
    return Codec(
        params,
        CodecDecoder(source, params.codec, TorchOps()),
        CodeTable(source, params),
        None,
    )


def test_codes_are_found_behind_rounded_rows(codec: Codec, tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    sizes = (codec.params.semantic_codebook_size, *codec.params.acoustic_codebook_sizes)
    codes = torch.stack([torch.randint(size, (220,), generator=generator) for size in sizes], dim=1)
    codes += SPECIAL_CODES
    rows = codec.rows(codes).to(torch.bfloat16)
    found = codes_of_rows(codec, rows[:-1])
    assert found is not None and torch.equal(found, codes)
    noise = torch.randn(rows.shape, generator=generator)
    assert codes_of_rows(codec, noise) is None

    folder = tmp_path / "voice_embedding"
    folder.mkdir()
    torch.save(noise.to(torch.bfloat16), folder / "noise.pt")
    assert usual_loudness(codec, tmp_path) == LOUDNESS
    assert usual_codes(codec, tmp_path) is None
    torch.save(rows, folder / "voice.pt")
    sound = codec.decoder.decode(codes).double().numpy()
    wanted = pyloudnorm.Meter(24000).integrated_loudness(sound)
    assert usual_loudness(codec, tmp_path) == pytest.approx(wanted, abs=0.01)
    assert usual_codes(codec, tmp_path) == len(codes[:, 0].unique())
