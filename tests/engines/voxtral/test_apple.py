"""The engine on an Apple GPU, simulated: see `apple`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from podgen.engines.voxtral.batch.batching import Batcher, Batching
from podgen.engines.voxtral.batch.decoding import Generated
from podgen.engines.voxtral.batch.slots import Turn
from podgen.engines.voxtral.batch.work import Work
from podgen.engines.voxtral.bench.drift import teacher_forced
from podgen.engines.voxtral.bench.goldens import Golden, compare
from podgen.engines.voxtral.model.whole import Make, Model, load_model
from tests.engines.voxtral.apple import MPS, Apple, OnMps


def generated(model: Model, turns: Sequence[Turn], how: Batching) -> dict[str, Generated]:
    """The turns, in this thread, where the simulation is."""
    work = Work(turns)
    done: dict[str, Generated] = {}
    for result in Batcher(model, how).run(work):
        assert isinstance(result, Generated)
        done[result.turn.id] = result
        if len(done) == len(turns):
            work.close()
    return done


@pytest.mark.parametrize("how", [Batching(3, 128), Batching(2, 128, alone=True)])
def test_the_recorded_codes_in_float32(
    checkpoint: Path, goldens: Sequence[Golden], how: Batching
) -> None:
    with Apple() as apple:
        model = load_model(checkpoint, Make(device="meta"))
        assert isinstance(model.backbone.text_table, OnMps) and model.device == MPS
        done = generated(model, [golden.turn for golden in goldens], how)
    for golden in goldens:
        made = done[golden.turn.id]
        assert compare(golden, replace(made, codes=_held(made.codes))) is None
    assert {"mm", "index_put_", "argmax"} <= apple.ran


@pytest.mark.parametrize(
    ("dtype", "quantise", "error"),
    [
        (torch.bfloat16, "none", 0.02),
        (torch.float16, "none", 0.01),
        (torch.bfloat16, "int8", 0.03),
        (torch.bfloat16, "int4", 0.25),
    ],
)
def test_fewer_bits(
    checkpoint: Path, model: Model, goldens: Sequence[Golden],
    dtype: torch.dtype, quantise: str, error: float,
) -> None:  # fmt: skip
    past = [(golden.turn, golden.codes[:6]) for golden in goldens[:2]]
    warm = replace(goldens[0].turn, temperature=1.0, limit=3)
    with Apple():
        other = load_model(checkpoint, Make(device="meta", dtype=dtype, quantise=quantise))
        assert teacher_forced(model, other, past).hidden_error < error
        assert len(generated(other, [warm], Batching(1, 64))) == 1


def test_what_it_lacks_is_refused() -> None:
    with Apple():
        x = torch.ones(3, device="meta")
        assert float((x + 1).sum()) == 6
        with pytest.raises(TypeError, match="float64"):
            x.double()
        with pytest.raises(TypeError, match="float64"):
            torch.ones(3, dtype=torch.float64, device="meta")
        with pytest.raises(RuntimeError, match="on the CPU and on the device"):
            x + torch.ones(3)
        with pytest.raises(NotImplementedError, match="not implemented for MPS"):
            torch.linalg.eig(torch.ones(3, 3, device="meta"))


def _held(codes: torch.Tensor) -> torch.Tensor:
    assert isinstance(codes, OnMps)
    return codes.held
