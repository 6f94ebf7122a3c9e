"""The Triton kernels against plain PyTorch: on a GPU, or in Triton's interpreter on the CPU."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

pytest.importorskip("triton", reason="the kernels need triton, which CPU builds of torch lack")

from podgen.engines.voxtral import quantise, triton_ops
from podgen.engines.voxtral.goldens import Golden
from podgen.engines.voxtral.model import Make, load_model
from podgen.engines.voxtral.ops import TorchOps, rotary_table
from podgen.engines.voxtral.slots import Slots, turn_noise

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
DTYPES = (
    [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)]
    if DEVICE.type == "cuda"
    else [(torch.float32, 1e-5)]  # the interpreter cannot multiply bfloat16 matrices
)
TRITON, TORCH = triton_ops.TritonOps(), TorchOps()


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


@pytest.mark.parametrize("positions", [[0], [0, 127, 128], [5, 299, 64]])
def test_rotation_storage_and_attention(near: object, positions: list[int]) -> None:
    heads, kv_heads, size, rows = 8, 2, 16, len(positions)
    position = torch.tensor(positions, device=DEVICE)
    table = rotary_table(320, size, 1e6, DEVICE)
    stored = [near.draw(2, rows + 1, kv_heads, 320, size) for _ in range(2)]
    twin = [tensor.clone() for tensor in stored]
    qkv = near.draw(rows, (heads + 2 * kv_heads) * size)
    keys, values = (tensor[1, :rows] for tensor in stored)
    twin_keys, twin_values = (tensor[1, :rows] for tensor in twin)
    q = TRITON.rotate_store(qkv, table, position, keys, values)
    near.same(q, TORCH.rotate_store(qkv, table, position, twin_keys, twin_values))
    for one, other in zip(stored, twin, strict=True):
        near.same(one, other)
    near.same(
        TRITON.decode_attention(q, keys, values, position, 320),
        TORCH.decode_attention(q, twin_keys, twin_values, position, 320),
    )


def test_attention_never_reads_past_the_position(near: object) -> None:
    keys, values = near.draw(2, 2, 256, 16), near.draw(2, 2, 256, 16)
    q, position = near.draw(2, 8, 16), torch.tensor([3, 130], device=DEVICE)
    expected = TRITON.decode_attention(q, keys, values, position, 256)
    for row, at in enumerate(position.tolist()):
        keys[row, :, at + 1 :], values[row, :, at + 1 :] = torch.nan, torch.nan
    assert torch.equal(TRITON.decode_attention(q, keys, values, position, 256), expected)


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
    near.same(triton_ops.TritonOps(own_rows=16).product(x, weight), TORCH.product(x, weight))


def test_a_frame_of_the_goldens(
    checkpoint: Path, goldens: Sequence[Golden], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podgen.engines.voxtral.model.choose_ops", lambda device, make: TRITON)
    model = load_model(checkpoint, Make(device=str(DEVICE)))
    slots = Slots(model, 2, 64)
    turns = [replace(golden.turn, limit=1) for golden in goldens[:2]]
    slots.place([(i, turn, turn_noise(turn.seed, 1, 36)) for i, turn in enumerate(turns)])
    slots.step(0, 2, 64)
    for i, golden in enumerate(goldens[:2]):
        assert torch.equal(slots.codes(i, 1).cpu(), golden.codes[:1])


def test_the_kernels_compile_for_gpus_that_are_not_here() -> None:
    """To machine code for Ampere, Ada and Hopper, at the model's own sizes and within their
    shared memory; in a process of its own, where Triton does not interpret."""
    script = Path(__file__).with_name("compile_kernels.py")
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3 * 8 + 4 * (3 + 2 + 3 + 3)
