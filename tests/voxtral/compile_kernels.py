"""Compiles every kernel for GPUs that need not be there; one line each, or an exception."""

from __future__ import annotations

import inspect

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from podgen.engines.voxtral import kernels, triton_ops

BF16, F32, INT = "*bf16", "*fp32", "i32"
STRIDES = ["i64"] * 4
# Shared memory that one program may have: Ampere, Ada, Hopper (CUDA programming guide, table of
# technical specifications per compute capability).
MEMORY = {80: 163 << 10, 89: 99 << 10, 90: 227 << 10}
ALIGNED = {"INPUTS", "OUTPUTS", "WIDTH", "key_row", "key_head", "value_row", "value_head"}

KERNELS: list[tuple[str, list[str], dict[str, object], dict[str, int]]] = [
    ("norm", [BF16] * 5 + ["fp32", INT], {"ADD": True, "BLOCK": 4096}, {"num_warps": 8}),
    ("silu_mul", [BF16, BF16, INT], {"BLOCK": 1024}, {}),
    (
        "rotate_store",
        [BF16, F32, "*i64", BF16, BF16, BF16, *STRIDES],
        {"HEADS": 32, "KV_HEADS": 8, "HALF": 64},
        {"num_warps": 1},
    ),
    (
        "split_attention",
        [BF16, BF16, BF16, "*i64", F32, F32, F32, *STRIDES, INT, "fp32"],
        {"KV_HEADS": 8, "GROUP": 4, "HEAD": 128, "SPLIT": 128, "TILE": 64},
        {},
    ),
    (
        "split_attention",
        [F32, F32, F32, "*i64", F32, F32, F32, *STRIDES, INT, "fp32"],
        {"KV_HEADS": 8, "GROUP": 4, "HEAD": 128, "SPLIT": 128, "TILE": 64},
        {"num_stages": 1},
    ),
    (
        "join_attention",
        [F32, F32, F32, "*i64", BF16, INT],
        {"HEADS": 32, "HEAD": 128, "SPLIT": 128, "BLOCK": 32},
        {},
    ),
    (
        "token_attention",
        [BF16, BF16, INT, "fp32"],
        {"HEADS": 32, "KV_HEADS": 8, "HEAD": 128},
        {"num_warps": 1},
    ),
    ("euler", [BF16, BF16, BF16, INT, "fp32", "fp32"], {"BLOCK": 256}, {}),
]
for rows, outputs in ((1, 3072), (6, 18432), (40, 18432), (500, 18432)):
    for weight, size in (("*i8", 1), ("*fp8e4nv", 1), ("*bf16", 2)):
        tile = triton_ops.row_tile(rows, outputs, size)
        KERNELS.append(
            (
                "row_scaled",
                [BF16, weight, F32, BF16, INT, INT, INT],
                {"BM": tile.rows, "BN": tile.outputs, "BK": tile.inputs, "SCALED": size == 1},
                {"num_warps": tile.warps, "num_stages": tile.stages},
            )
        )
    tile = triton_ops.group_tile(rows, outputs)
    KERNELS.append(
        (
            "group_scaled",
            [BF16, "*u8", "*fp16", BF16, INT, INT, INT],
            {"BM": tile.rows, "BN": tile.outputs, "GROUP": 64, "CHUNK": 256},
            {"num_warps": tile.warps, "num_stages": tile.stages},
        )
    )


def build(capability: int, name: str, types: list[str], constants: dict[str, object],
          options: dict[str, int]) -> int:  # fmt: skip
    """The shared memory of a kernel compiled for a compute capability."""
    kernel = getattr(kernels, name)
    names = list(inspect.signature(kernel.fn).parameters)
    remaining = iter(types)
    signature = {n: "constexpr" if n in constants else next(remaining) for n in names}
    source = ASTSource(
        fn=kernel,
        signature=signature,
        constexprs={(names.index(n),): value for n, value in constants.items()},
        attrs={
            (i,): [["tt.divisibility", 16]]
            for i, n in enumerate(names)
            if signature[n][0] == "*" or n in ALIGNED
        },
    )
    made = triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)
    assert made.asm["cubin"]
    return int(made.metadata.shared)


for name, types, constants, options in KERNELS:
    for capability, most in MEMORY.items():
        if capability < 89 and "*fp8e4nv" in types:
            continue
        shared = build(capability, name, types, constants, options)
        assert shared <= most, f"{name} needs {shared} bytes on {capability}"
        print(name, capability, shared)
