"""Quantised weights: what they stand for, and how far they lead the model off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from podgen.engines.voxtral.batch.batching import Batching
from podgen.engines.voxtral.bench.drift import teacher_forced
from podgen.engines.voxtral.bench.goldens import Golden, generate_all
from podgen.engines.voxtral.model.layers import dense
from podgen.engines.voxtral.model.ops import TorchOps, unpack_int4
from podgen.engines.voxtral.model.quantise import (
    GroupScaled,
    RowScaled,
    int4,
    projection,
    row_scaled,
)
from podgen.engines.voxtral.model.whole import Make, Model, load_model
from podgen.errors import EngineError

OPS = TorchOps()


@pytest.mark.parametrize("kind", ["int8", "fp8"])
def test_rows_have_scales_of_their_own(kind: str) -> None:
    weight = torch.randn(6, 40) * torch.tensor([1e-4, 1.0, 30.0, 1.0, 0.0, 5.0])[:, None]
    made = row_scaled(weight, kind, OPS)
    assert isinstance(made, RowScaled)
    assert made.weight.dtype == (torch.int8 if kind == "int8" else torch.float8_e4m3fn)
    stood_for = made.weight.float() * made.scale[:, None]
    step = weight.abs().amax(dim=1, keepdim=True) / 127
    bound = step / 2 if kind == "int8" else weight.abs() / 16 + step / 100
    assert ((stood_for - weight).abs() <= bound * 1.001).all()


@pytest.mark.parametrize(("inputs", "group"), [(1024, 64), (96, 16)])
def test_int4_packs_pairs_of_groups(inputs: int, group: int) -> None:
    weight = torch.randn(5, inputs)
    made = int4(weight, OPS)
    assert isinstance(made, GroupScaled)
    assert made.packed.shape == (5, inputs // 2) and made.scale.shape == (5, inputs // group)
    stood_for = unpack_int4(made.packed, made.scale, torch.float32)
    step = weight.view(5, -1, group).abs().amax(dim=2, keepdim=True) / 7
    assert ((stood_for - weight).view(5, -1, group).abs() <= step * 0.501).all()
    # A weight on the grid comes back as it was.
    grid = torch.randint(-7, 8, (5, inputs)).float()
    grid.view(5, -1, group)[:, :, 0] = 7
    again = int4(grid, OPS)
    assert isinstance(again, GroupScaled)
    assert torch.equal(unpack_int4(again.packed, again.scale, torch.float32), grid)


def test_int4_refuses_inputs_it_cannot_group() -> None:
    with pytest.raises(EngineError, match="int4"):
        int4(torch.zeros(4, 40), OPS)


@pytest.mark.parametrize(
    ("kind", "bound"), [("none", 0.0), ("int8", 0.01), ("fp8", 0.05), ("int4", 0.15)]
)
def test_products_are_near_the_whole_weights(kind: str, bound: float) -> None:
    x, weight = torch.randn(3, 4, 256), torch.randn(64, 256)
    made, whole = projection(kind, OPS)(weight)(x), dense(OPS)(weight)(x)
    assert made.shape == whole.shape
    assert (made - whole).norm() <= bound * whole.norm()


@pytest.mark.parametrize(
    ("kind", "hidden", "levels"), [("int8", 0.02, 0.05), ("fp8", 0.08, 0.2), ("int4", 0.3, 0.5)]
)
def test_drift_under_teacher_forcing(
    checkpoint: Path,
    model: Model,
    goldens: Sequence[Golden],
    kind: str,
    hidden: float,
    levels: float,
) -> None:
    quantised = load_model(checkpoint, Make(quantise=kind))
    drift = teacher_forced(model, quantised, [(goldens[0].turn, goldens[0].codes[:8])])
    assert 0 < drift.hidden_error < hidden
    assert drift.levels_off < levels


def test_a_quantised_model_speaks(checkpoint: Path, goldens: Sequence[Golden]) -> None:
    quantised = load_model(checkpoint, Make(quantise="int8"))
    (done,) = generate_all(quantised, [goldens[0].turn], Batching(1, 128))
    assert done.frames == len(done.codes) and len(done.samples) == 1920 * done.frames
