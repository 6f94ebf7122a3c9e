# ruff: noqa: N803
# mypy: disable-error-code="no-untyped-def, untyped-decorator, import-not-found, import-untyped"
"""Norms, gates and Euler steps; see `kernels`."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def norm(x, delta, weight, total, out, eps, WIDTH, ADD: tl.constexpr, BLOCK: tl.constexpr):
    """RMS norm of one row; with ADD, of its sum with `delta`, which is kept too."""
    row = tl.program_id(0).to(tl.int64) * WIDTH
    column = tl.arange(0, BLOCK)
    inside = column < WIDTH
    value = tl.load(x + row + column, mask=inside, other=0.0)
    if ADD:
        added = tl.load(delta + row + column, mask=inside, other=0.0).to(tl.float32)
        value = (value.to(tl.float32) + added).to(total.dtype.element_ty)
        tl.store(total + row + column, value, mask=inside)
    wide = value.to(tl.float32)
    scale = tl.rsqrt(tl.sum(wide * wide, axis=0) / WIDTH + eps)
    gain = tl.load(weight + column, mask=inside, other=0.0).to(tl.float32)
    normed = (wide * scale).to(out.dtype.element_ty).to(tl.float32)
    tl.store(out + row + column, (normed * gain).to(out.dtype.element_ty), mask=inside)


@triton.jit
def silu_mul(gate_up, out, WIDTH, BLOCK: tl.constexpr):
    """silu of a row's first half times its second."""
    row = tl.program_id(0).to(tl.int64)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = column < WIDTH
    gate = tl.load(gate_up + row * 2 * WIDTH + column, mask=inside, other=0.0).to(tl.float32)
    up = tl.load(gate_up + row * 2 * WIDTH + WIDTH + column, mask=inside, other=0.0)
    opened = (gate / (1.0 + tl.exp(-gate))).to(out.dtype.element_ty).to(tl.float32)
    value = (opened * up.to(tl.float32)).to(out.dtype.element_ty)
    tl.store(out + row * WIDTH + column, value, mask=inside)


@triton.jit(do_not_specialize=["count"])
def euler(x, velocity, out, count, alpha, dt, BLOCK: tl.constexpr):
    """One guided Euler step, rounding where the sums in PyTorch do."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    kind = out.dtype.element_ty
    conditioned = tl.load(velocity + at, mask=inside, other=0.0).to(tl.float32)
    free = tl.load(velocity + count + at, mask=inside, other=0.0).to(tl.float32)
    pulled = (alpha * conditioned).to(kind).to(tl.float32)
    pushed = ((1 - alpha) * free).to(kind).to(tl.float32)
    step = (dt * (pulled + pushed).to(kind).to(tl.float32)).to(kind).to(tl.float32)
    state = tl.load(x + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + at, (state + step).to(kind), mask=inside)
