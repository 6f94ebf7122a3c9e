"""Weights of 16 and 8 bits on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from podgen.engines.voxtral.batch import devices
from podgen.engines.voxtral.batch.batching import Batching
from podgen.engines.voxtral.batch.devices import choose_packs
from podgen.engines.voxtral.bench.drift import teacher_forced
from podgen.engines.voxtral.bench.goldens import Golden, compare, generate_all
from podgen.engines.voxtral.model.ops import TorchOps
from podgen.engines.voxtral.model.packed import can_pack, packed
from podgen.engines.voxtral.model.quantise import projection
from podgen.engines.voxtral.model.tuning import Tuning
from podgen.engines.voxtral.model.whole import Make, Model, load_model

pytestmark = pytest.mark.skipif(not can_pack(), reason="this torch has no FBGEMM")


@pytest.mark.parametrize("slots", [1, 3])
def test_the_recorded_codes_come_of_packed_weights(
    checkpoint: Path, goldens: Sequence[Golden], slots: int
) -> None:
    model = load_model(checkpoint, Make(dtype=torch.bfloat16, packs=True))
    done = generate_all(model, [golden.turn for golden in goldens], Batching(slots, 128))
    assert [compare(golden, made) for golden, made in zip(goldens, done, strict=True)] == [None] * 3
    assert not model.exact and model.dtype == torch.float32


def test_every_bfloat16_of_a_weights_size_survives(model: Model) -> None:
    """From 2^-17 on exactly, below that within 2^-25."""
    exponents = torch.arange(-40, 12, dtype=torch.float32)
    mantissas = 1 + torch.arange(128, dtype=torch.float32) / 128
    values = (2.0 ** exponents[:, None] * mantissas).flatten()
    weight = torch.diag(values).bfloat16()
    assert torch.equal(weight.float().diagonal(), values)
    made = packed(weight)(torch.eye(len(values))).diagonal()
    large = values >= 2**-17
    assert torch.equal(made[large], values[large])
    assert (made - values)[~large].abs().max() <= 2**-25


@pytest.mark.parametrize("rows", [(1,), (2, 3), (40,)])
def test_int8_is_the_same_whatever_computes_it(rows: tuple[int, ...]) -> None:
    weight = torch.randn(96, 64, generator=torch.Generator().manual_seed(1))
    x = torch.randn(*rows, 64, generator=torch.Generator().manual_seed(2))
    wide = projection("int8", TorchOps())(weight)(x)
    made = projection("int8", TorchOps(), packs=True)(weight)(x)
    assert made.shape == wide.shape and made.dtype == torch.float32
    assert (made - wide).norm() / wide.norm() < 0.005


def test_int8_leads_no_further_from_float32_than_on_a_gpu(
    checkpoint: Path, model: Model, goldens: Sequence[Golden]
) -> None:
    other = load_model(checkpoint, Make(dtype=torch.bfloat16, quantise="int8", packs=True))
    drift = teacher_forced(model, other, [(golden.turn, golden.codes) for golden in goldens])
    assert drift.hidden_error < 0.02 and drift.semantic_agreement > 0.9


def test_large_weights_have_the_cpu_measured_and_get_its_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[int] = []
    monkeypatch.setattr(devices, "tune", lambda: Tuning(packed=False, threads=3))
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    assert not choose_packs("cpu", torch.bfloat16, 8 << 30)
    assert threads == [3]
    assert choose_packs("cpu", torch.bfloat16, 1 << 20)  # not worth measuring
    assert not choose_packs("cpu", torch.float32, 8 << 30)
    assert not choose_packs("cuda:0", torch.bfloat16, 8 << 30)
    assert threads == [3]


def test_tuning_keeps_to_the_threads_there_are_and_leaves_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from podgen.engines.voxtral.model import tuning

    monkeypatch.setattr(tuning, "_OUTPUTS", 256)
    tuning.tune.cache_clear()
    before = torch.get_num_threads()
    found = tuning.tune()
    tuning.tune.cache_clear()
    assert 1 <= found.threads <= before == torch.get_num_threads()
