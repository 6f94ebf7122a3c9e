"""Semantic codes drawn rather than taken by their likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from podgen.engines.base import Utterance
from podgen.engines.voxtral import VoxtralEngine
from podgen.engines.voxtral.batch.batching import Batching
from podgen.engines.voxtral.bench.goldens import Golden, compare, generate_all
from podgen.engines.voxtral.model.acoustic import Sampling, drawn
from podgen.engines.voxtral.model.whole import Model
from podgen.render.keys import take_key
from tests.engines.voxtral.recording import Graph, recorded
from tests.engines.voxtral.test_batching import some_turns
from tests.support.lenient import lenient

__all__ = ["recorded"]

HELLO = Utterance("hello", "Hello there, this is a test.", "casual_male", seed=7)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 1.5])
def test_codes_are_as_likely_as_the_softmax_says(temperature: float) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(12, generator=generator).clamp(-1, 1)
    count = 20_000
    chance = torch.rand(count, generator=generator)
    codes = drawn(
        logits.expand(count, -1), Sampling(torch.full((count,), temperature), chance)
    ).bincount(minlength=12)
    expected = (logits.double() / temperature).softmax(-1) * count
    assert expected.min() > 5
    assert chisquare(codes.numpy(), expected.numpy()).pvalue > 1e-3


@given(
    st.lists(st.floats(-80, 80, width=32), min_size=1, max_size=40),
    st.floats(2**-10, 1.5, width=32),
    st.floats(0, 1, exclude_max=True, width=32),
)
def test_what_is_drawn_could_be(logits: list[float], temperature: float, chance: float) -> None:
    row = torch.tensor([logits])
    (code,) = drawn(row, Sampling(torch.tensor([temperature]), torch.tensor([chance])))
    assert 0 <= code < len(logits)
    assert (row / temperature).softmax(-1)[0, code] > 0


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 7))
def test_in_float32_the_same_codes_alone_and_in_a_batch(
    model: Model, seed: int, slots: int
) -> None:
    turns = [
        replace(turn, temperature=(0.0, 0.3, 1.0, 1.5)[i % 4])
        for i, turn in enumerate(some_turns(6, seed, most=12))
    ]
    alone = generate_all(model, turns, Batching(1, 64, alone=True))
    for how in (Batching(slots, 64, alone=True), Batching(slots, 64)):
        for one, other in zip(alone, generate_all(model, turns[::-1], how)[::-1], strict=True):
            assert torch.equal(one.codes, other.codes) and one.ended == other.ended


def test_turns_without_it_stay_exact_beside_turns_with_it(
    model: Model, goldens: Sequence[Golden], recorded: list[Graph]
) -> None:
    hot = [
        replace(turn, id=f"hot {turn.id}", temperature=1.0) for turn in some_turns(4, 5, most=30)
    ]
    turns = [*hot, *(golden.turn for golden in goldens)]
    for how in (Batching(3, 128), Batching(7, 128, alone=True), Batching(7, 128, graphs=True)):
        done = generate_all(model, turns, how)[len(hot) :]
        assert all(compare(g, d) is None for g, d in zip(goldens, done, strict=True))
    assert recorded


def test_the_hotter_the_more_readings_differ(model: Model, goldens: Sequence[Golden]) -> None:
    """By the share of first codes that are not the likeliest: only the drawing can differ there."""
    turn = replace(goldens[0].turn, limit=1)
    likeliest = goldens[0].codes[0, 0]
    others = []
    for temperature in (0.0, 0.05, 0.3, 1.5):
        turns = [replace(turn, id=str(s), seed=s, temperature=temperature) for s in range(30)]
        done = generate_all(model, turns, Batching(30, 64))
        others.append(sum(not len(d.codes) or d.codes[0, 0] != likeliest for d in done))
    assert others[0] == 0 < others[1] < others[2] <= others[3]


def test_it_is_set_for_all_or_a_turn_and_is_in_the_key(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient(monkeypatch)

    def said(utterance: Utterance, **more: object) -> tuple[bytes, str]:
        engine = VoxtralEngine(
            {"model": str(checkpoint), "device": "cpu", "dtype": "float32", **more}
        )
        (speech,) = engine.synthesize([utterance])
        return speech.samples.tobytes(), take_key(engine.fingerprint(), utterance)

    hot = replace(HELLO, settings={"temperature": 1.2})
    cold = replace(HELLO, settings={"temperature": 0})
    plain, warm, by_turn = said(HELLO), said(HELLO, temperature=1.2), said(hot)
    assert plain[0] != by_turn[0] == warm[0]
    assert said(hot) == by_turn
    assert said(replace(hot, seed=8))[0] != by_turn[0]
    assert said(cold, temperature=1.2)[0] == plain[0]
    assert len({plain[1], warm[1], by_turn[1]}) == 3
