"""The recorded outputs of the reference implementation."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from podgen.engines.voxtral.batch.batching import Batching
from podgen.engines.voxtral.batch.slots import Turn
from podgen.engines.voxtral.bench.goldens import Golden, compare, generate_all
from podgen.engines.voxtral.model.prompt import open_tokenizer, text_prompt, voice_prompt
from podgen.engines.voxtral.model.whole import Make, Model, load_model
from tests.engines.voxtral.recording import Graph, Recording, recorded

__all__ = ["recorded"]


def test_prompt_ids_are_those_of_mistral_common(
    checkpoint: Path, model: Model, goldens: Sequence[Golden]
) -> None:
    pytest.importorskip("mistral_common", reason="prompt ids need mistral-common")
    tokenizer = open_tokenizer(checkpoint / "tekken.json", model.params)
    for golden in goldens:
        ids = voice_prompt(model.params, model.voice_rows(golden.turn.voice))
        ids += text_prompt(model.params, tokenizer.encode(golden.text, bos=False, eos=False))
        assert tuple(ids) == golden.tokens


@pytest.mark.parametrize("alone", [True, False])
def test_one_at_a_time(model: Model, goldens: Sequence[Golden], alone: bool) -> None:
    for golden in goldens:
        (generated,) = generate_all(model, [golden.turn], Batching(1, 128, alone=alone))
        assert compare(golden, generated) is None


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("slots", [2, 3, 8])
def test_among_other_turns_in_any_order(
    model: Model, goldens: Sequence[Golden], slots: int, alone: bool
) -> None:
    draw = random.Random(slots)
    others = [
        Turn(
            id=f"other {i}",
            voice=draw.choice(["casual_male", "casual_female", "fr_female"]),
            ids=(*(draw.randrange(1000, 2048) for _ in range(draw.randrange(1, 30))), 35, 25),
            seed=i,
            limit=draw.randrange(1, 30),
        )
        for i in range(5)
    ]
    turns = [*(golden.turn for golden in goldens), *others]
    draw.shuffle(turns)
    done = {g.turn.id: g for g in generate_all(model, turns, Batching(slots, 128, alone=alone))}
    for golden in goldens:
        assert compare(golden, done[golden.turn.id]) is None


@pytest.mark.parametrize("slots", [1, 3, 8])
def test_from_steps_recorded_once_and_replayed(
    model: Model, goldens: Sequence[Golden], slots: int, recorded: list[Graph]
) -> None:
    """As CUDA graphs do it: see `recording`."""
    turns = [
        replace(golden.turn, id=f"{i} {golden.turn.id}") for i in range(3) for golden in goldens
    ]
    done = generate_all(model, turns, Batching(slots, 128, graphs=True))
    for i, generated in enumerate(done):
        assert compare(goldens[i % len(goldens)], generated) is None
    assert 1 <= len(recorded) <= 3 * slots  # for so many rows, and lengths of 64 and 128


def test_what_waits_for_the_device_cannot_be_recorded() -> None:
    with pytest.raises(RuntimeError, match="waits for the device"), Recording():
        torch.ones(3).sum().item()


def test_the_same_codes_in_float64(checkpoint: Path, goldens: Sequence[Golden]) -> None:
    model = load_model(checkpoint, Make(dtype=torch.float64))
    for generated, golden in zip(
        generate_all(model, [g.turn for g in goldens], Batching(3, 128)), goldens, strict=True
    ):
        assert compare(golden, generated) is None


@pytest.mark.parametrize(
    "make", [Make(steps=6), Make(steps=8), Make(cfg_alpha=1.0), Make(cfg_alpha=1.3)]
)
def test_steps_and_guidance_matter(checkpoint: Path, goldens: Sequence[Golden], make: Make) -> None:
    """The cases would notice another schedule or another guidance."""
    model = load_model(checkpoint, make)
    turns = [golden.turn for golden in goldens]
    done = generate_all(model, turns, Batching(3, 128))
    assert all(compare(golden, g) is not None for golden, g in zip(goldens, done, strict=True))


def test_another_seed_is_another_reading(model: Model, goldens: Sequence[Golden]) -> None:
    golden = goldens[0]
    (done,) = generate_all(model, [replace(golden.turn, seed=8)], Batching(1, 128))
    assert compare(golden, done) is not None


@pytest.mark.gpu
@pytest.mark.parametrize("graphs", [True, False])
@pytest.mark.parametrize(
    "make", [Make("cuda"), Make("cuda", own_rows=16), Make("cuda", triton=False)]
)
def test_on_a_gpu(checkpoint: Path, goldens: Sequence[Golden], graphs: bool, make: Make) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    model = load_model(checkpoint, make)
    for slots in (1, 3, 8):
        turns = [golden.turn for golden in goldens]
        done = generate_all(model, turns, Batching(slots, 128, graphs=graphs))
        for golden, generated in zip(goldens, done, strict=True):
            assert compare(golden, generated) is None
