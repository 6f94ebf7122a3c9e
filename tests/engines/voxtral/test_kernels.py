"""The Triton kernels against plain PyTorch: on a GPU, or in Triton's interpreter on the CPU."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

pytest.importorskip("triton", reason="the kernels need triton, which CPU builds of torch lack")

from podgen.engines.voxtral.batch.slots import Slots, turn_noise
from podgen.engines.voxtral.bench.goldens import Golden
from podgen.engines.voxtral.model import quantise
from podgen.engines.voxtral.model.kernels.ops import TritonOps
from podgen.engines.voxtral.model.ops import TorchOps, rotary_table
from podgen.engines.voxtral.model.whole import Make, load_model
from tests.support.places import ROOT

pytestmark = pytest.mark.slow
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
DTYPES = [(torch.float32, 1e-5), (torch.bfloat16, 3e-2)]
TRITON, TORCH = TritonOps(), TorchOps()


@pytest.fixture(autouse=True)
def bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Triton's interpreter takes the bits that stand for bfloat16 for integers, when it multiplies
    matrices or makes numbers of integers: not here."""
    if DEVICE.type == "cuda":
        return
    from triton.language import bfloat16, float32
    from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

    multiply, convert = InterpreterBuilder.create_dot, InterpreterBuilder.create_si_to_fp

    def widened(x: Any) -> Any:
        if x.dtype != bfloat16:
            return x
        return TensorHandle((x.data.astype(np.uint32) << 16).view(np.float32), float32)

    def create_dot(self: Any, a: Any, b: Any, *rest: Any) -> Any:
        return multiply(self, widened(a), widened(b), *rest)

    def create_si_to_fp(self: Any, x: Any, kind: Any) -> Any:
        if kind.scalar != bfloat16:
            return convert(self, x, kind)
        bits = x.data.astype(np.float32).view(np.uint32)
        return TensorHandle((bits >> 16).astype(np.uint16), bfloat16)

    monkeypatch.setattr(InterpreterBuilder, "create_dot", create_dot)
    monkeypatch.setattr(InterpreterBuilder, "create_si_to_fp", create_si_to_fp)


@pytest.fixture(params=DTYPES, ids=lambda pair: str(pair[0]))
def near(request: pytest.FixtureRequest) -> object:
    dtype, tolerance = request.param

    class Near:
        def draw(self, *shape: int) -> Tensor:
            return torch.randn(*shape).to(DEVICE, dtype)

        def same(self, made: Tensor, expected: Tensor) -> None:
            assert made.shape == expected.shape and made.dtype == expected.dtype
            error = (made.float() - expected.float()).norm() / expected.float().norm()
            assert error < tolerance

    return Near()


@pytest.mark.parametrize("shape", [(5, 96), (3, 2, 40), (1, 3072)])
def test_norms(near: object, shape: tuple[int, ...]) -> None:
    x, delta, weight = near.draw(*shape), near.draw(*shape), near.draw(shape[-1])
    near.same(TRITON.norm(x, weight, 1e-2), TORCH.norm(x, weight, 1e-2))
    made = TRITON.add_norm(x, delta, weight, 1e-2)
    for one, other in zip(made, TORCH.add_norm(x, delta, weight, 1e-2), strict=True):
        near.same(one, other)


def test_silu_mul(near: object) -> None:
    x = near.draw(2, 3, 2 * 1100)
    near.same(TRITON.silu_mul(x), TORCH.silu_mul(x))


def attend(ops: TorchOps, qkv: Tensor, position: Tensor, stored: Sequence[Tensor]) -> Tensor:
    keys, values = stored
    table = rotary_table(keys.shape[2], keys.shape[3], 1e6, DEVICE)
    return ops.attend(qkv, table, position, keys, values, keys.shape[2])


@pytest.mark.parametrize("positions", [[0], [0, 127, 128], [5, 299, 64], [319, 1, 63]])
def test_attention_rotates_stores_and_attends(near: object, positions: list[int]) -> None:
    heads, kv_heads, size, rows = 8, 2, 16, len(positions)
    position = torch.tensor(positions, device=DEVICE)
    whole = [near.draw(2, rows + 1, kv_heads, 320, size) for _ in range(2)]
    twin = [tensor.clone() for tensor in whole]
    qkv = near.draw(rows, (heads + 2 * kv_heads) * size)
    made = attend(TRITON, qkv, position, [tensor[1, :rows] for tensor in whole])
    near.same(made, attend(TORCH, qkv, position, [tensor[1, :rows] for tensor in twin]))
    for one, other in zip(whole, twin, strict=True):
        near.same(one, other)


def test_attention_never_reads_past_the_position(near: object) -> None:
    stored = near.draw(2, 2, 256, 16), near.draw(2, 2, 256, 16)
    qkv, position = near.draw(2, 12 * 16), torch.tensor([3, 130], device=DEVICE)
    expected = attend(TRITON, qkv, position, stored)
    for row, at in enumerate(position.tolist()):
        for tensor in stored:
            tensor[row, :, at:] = torch.nan
    assert torch.equal(attend(TRITON, qkv, position, stored), expected)


@pytest.mark.parametrize(("kv_heads", "tokens", "over"), [(2, 5, 2), (8, 1, 0), (4, 40, 7)])
def test_attention_of_a_prompt(near: object, kv_heads: int, tokens: int, over: int) -> None:
    """Rows in any slots, one of which is padded to past its slot's end."""
    size, room = 16, 96
    slots = torch.tensor([3, 0, 2], device=DEVICE)
    start = torch.tensor([0, 17, room - 1 - tokens + over], device=DEVICE)
    whole = [near.draw(2, 4, kv_heads, room, size) for _ in range(2)]
    twin = [tensor.clone() for tensor in whole]
    qkv = near.draw(3, tokens, (8 + 2 * kv_heads) * size)
    table = rotary_table(room + 8, size, 1e6, DEVICE)
    made, expected = (
        ops.attend_many(qkv, table, start, slots, stored[0][1], stored[1][1], room)
        for ops, stored in ((TRITON, whole), (TORCH, twin))
    )
    kept = tokens - over  # a prompt leaves room for a frame; what is padded means nothing
    near.same(made[:2], expected[:2])
    near.same(made[2, :kept], expected[2, :kept])
    for one, other in zip(whole, twin, strict=True):
        one[1, 2, :, -1] = other[1, 2, :, -1]
        near.same(one, other)


@pytest.mark.parametrize("queries", [3, 1])
def test_token_attention(near: object, queries: int) -> None:
    qkv = near.draw(3, 5, 12 * 16)
    near.same(TRITON.token_attention(qkv, queries, 8, 2), TORCH.token_attention(qkv, queries, 8, 2))


def test_euler(near: object) -> None:
    x, velocity = near.draw(9, 36), near.draw(18, 36)
    near.same(TRITON.euler(x, velocity, 1.2, 0.14), TORCH.euler(x, velocity, 1.2, 0.14))


@pytest.mark.parametrize("rows", [1, 17, 70, 300])
@pytest.mark.parametrize("kind", ["int8", "fp8", "int4"])
def test_quantised_products(near: object, kind: str, rows: int) -> None:
    x, weight = near.draw(rows, 512), near.draw(72, 512)
    made, twin = (quantise.projection(kind, ops)(weight) for ops in (TRITON, TORCH))
    near.same(made(x), twin(x))


@pytest.mark.parametrize("shape", [(1, 96), (2, 3, 96), (17, 96)])
def test_products_of_few_rows(near: object, shape: tuple[int, ...]) -> None:
    x, weight = near.draw(*shape), near.draw(72, 96)
    near.same(TritonOps(own_rows=16).product(x, weight), TORCH.product(x, weight))


@pytest.mark.parametrize("kind", ["none", "int8", "fp8", "int4"])
@pytest.mark.parametrize("shape", [(1, 96), (2, 3, 96), (16, 96)])
def test_a_layer_of_few_rows(near: object, shape: tuple[int, ...], kind: str) -> None:
    """Sums, norms and gates within the products, as against one after the other."""
    x, gain = near.draw(*shape), near.draw(96)
    width = 96 if kind == "int4" else 72  # int4 comes in groups
    weights = near.draw(48, 96), near.draw(96, 64), near.draw(2 * width, 96), near.draw(96, width)
    y = near.draw(*shape[:-1], 64)
    made = []
    for ops in (TritonOps(own_rows=16), TORCH):
        linear = quantise.projection(kind, ops)
        first, out, gate_up, down = (linear(weight / 8) for weight in weights)
        stream = ops.residual(x, 1e-2)
        begun = stream.project(gain, first)
        stream.add(out, y)
        stream.add(down, stream.gate(gain, gate_up))
        gone_on = stream.project(gain, first)
        stream.narrow(1)
        stream.add(out, y[:1])
        made.append((begun, gone_on, stream.normed(gain)))
    for one, other in zip(*made, strict=True):
        near.same(one, other)


@pytest.mark.parametrize("own_rows", [0, 16])
def test_a_frame_of_the_goldens(
    checkpoint: Path, goldens: Sequence[Golden], monkeypatch: pytest.MonkeyPatch, own_rows: int
) -> None:
    ops = TritonOps(own_rows)
    monkeypatch.setattr("podgen.engines.voxtral.model.whole.choose_ops", lambda device, make: ops)
    model = load_model(checkpoint, Make(device=str(DEVICE)))
    slots = Slots(model, 2, 64)
    turns = [replace(golden.turn, limit=1) for golden in goldens[:2]]
    slots.place([(i, turn, turn_noise(turn.seed, 1, 36)) for i, turn in enumerate(turns)])
    slots.step(0, 2, 64)
    for i, golden in enumerate(goldens[:2]):
        assert torch.equal(slots.codes(i, 1).cpu(), golden.codes[:1])


@pytest.mark.parametrize("kind", ["int8", "fp8"])
def test_a_frame_with_quantised_weights(
    checkpoint: Path, goldens: Sequence[Golden], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    turn = replace(goldens[0].turn, limit=1)
    made = []
    for ops in (TORCH, TRITON):
        monkeypatch.setattr(
            "podgen.engines.voxtral.model.whole.choose_ops", lambda *_, ops=ops: ops
        )
        model = load_model(checkpoint, Make(device=str(DEVICE), quantise=kind))
        slots = Slots(model, 1, 64)
        slots.place([(0, turn, turn_noise(turn.seed, 1, 36))])
        slots.step(0, 1, 64)
        made.append(slots.codes(0, 1))
    assert torch.equal(*made)


class Guard:
    """Has tensors stand amid NaNs: what is read past an end shows, and what is written there."""

    def __init__(self) -> None:
        self.whole: list[tuple[Tensor, int]] = []

    def __call__(self, x: Tensor) -> Tensor:
        if not x.is_floating_point():
            return x
        whole = torch.full((x.numel() + 2048,), torch.nan, dtype=x.dtype, device=x.device)
        self.whole.append((whole, x.numel()))
        return whole[1024 : 1024 + x.numel()].view(x.shape).copy_(x)

    def some(self, *shape: int) -> Tensor:
        return self(torch.randn(*shape, device=DEVICE))

    def check(self) -> None:
        for whole, size in self.whole:
            assert whole[:1024].isnan().all() and whole[1024 + size :].isnan().all()


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    """Guards what the operations allocate, too."""
    guard = Guard()
    new_empty, empty_like = Tensor.new_empty, torch.empty_like
    monkeypatch.setattr(
        Tensor, "new_empty", lambda *args, **named: guard(new_empty(*args, **named))
    )
    monkeypatch.setattr(torch, "empty_like", lambda x: guard(empty_like(x)))
    yield guard
    guard.check()


@pytest.mark.parametrize("seed", range(6))
def test_layers_keep_within_their_tensors(guard: Guard, seed: int) -> None:
    draw = random.Random(seed).randint
    rows, dim, out, hidden = draw(1, 20), 16 * draw(2, 9), draw(1, 70), 16 * draw(2, 9)
    x, y, gain = guard.some(rows, dim), guard.some(rows, hidden), guard.some(dim)
    shapes = (out, dim), (dim, hidden), (2 * hidden, dim), (dim, hidden)
    weights = [guard(torch.randn(*shape, device=DEVICE) / dim**0.5) for shape in shapes]
    made = []
    for ops in (TritonOps(own_rows=16), TORCH):
        first, middle, gate_up, down = map(quantise.dense(ops), weights)
        stream = ops.residual(x, 1e-5)
        stream.add(middle, y)
        stream.add(down, stream.gate(gain, gate_up))
        made.append((stream.project(gain, first), stream.normed(gain)))
    for one, other in zip(*made, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_attention_keeps_within_its_tensors(guard: Guard, seed: int) -> None:
    draw = random.Random(seed).randint
    kv_heads, length, slots = 2 ** draw(0, 3), draw(1, 300), draw(1, 4)
    room, tokens, width = length + draw(0, 20), draw(1, min(40, length)), (8 + 2 * kv_heads) * 16
    table = guard(rotary_table(room, 16, 1e6, DEVICE))
    stored = [guard.some(slots, kv_heads, room, 16) for _ in range(2)]
    twin = [tensor.clone() for tensor in stored]
    position = [length - 1, *(draw(0, length - 1) for _ in range(slots - 1))]
    start = [draw(0, room - tokens) for _ in range(slots)]
    one, many = guard.some(slots, width), guard.some(slots, tokens, width)
    at, begin = (torch.tensor(numbers, device=DEVICE) for numbers in (position, start))
    order = torch.arange(slots, device=DEVICE).flip(0)
    made = []
    for ops, (keys, values) in ((TRITON, stored), (TORCH, twin)):
        single = ops.attend(one, table, at, keys, values, room)
        made.append((single, ops.attend_many(many, table, begin, order, keys, values, room)))
    for mine, plain in zip(*made, strict=True):
        torch.testing.assert_close(mine, plain, rtol=1e-3, atol=1e-4)


def test_the_kernels_compile_for_gpus_that_are_not_here(tmp_path: Path) -> None:
    """To machine code for Ada and Hopper, as a frame launches them, within their shared
    memory and registers; in a process of its own, where Triton does not interpret."""
    script = Path(__file__).with_name("compile_kernels.py")
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
