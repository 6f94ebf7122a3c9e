# ruff: noqa: N803
# mypy: disable-error-code="no-untyped-def, untyped-decorator, import-not-found, import-untyped"
"""Products with weights of any kind; see `kernels`."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit(do_not_specialize=["rows", "parts"])
def product(
    x, weight, scale, gain, squares, residual, out, squares_out, rows, OUTPUTS, INPUTS, parts, eps,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, PARTS: tl.constexpr, HALF: tl.constexpr,
    SCALED: tl.constexpr, NORMED: tl.constexpr, GATED: tl.constexpr, ADDED: tl.constexpr,
):  # fmt: skip
    """x [rows, inputs] by weight [outputs, inputs], which is widened as it is read.

    The weight stands on the left: the matrix units take what stands there from registers, where
    it was widened, and need no more than eight columns of the other. HALF: they multiply float16,
    to which fp8 widens in one instruction for two. SCALED: each output has a scale. NORMED: x is
    RMS-normed by `gain` on the way, from the sums of its squares [rows, parts]. GATED: the weight
    is twice as high; silu of the first half times the second comes out. ADDED: the residual is
    added, and the sums of the squares of what comes out are left, one for each tile of outputs.
    """
    row = tl.program_id(1) * BM + tl.arange(0, BM)
    output = tl.program_id(0) * BN + tl.arange(0, BN)
    column = tl.arange(0, BK)
    kind = residual.dtype.element_ty
    factor = tl.float16 if HALF else kind
    has_row, has_output = (row < rows)[:, None], (output < OUTPUTS)[:, None]
    x_at = x + row[:, None].to(tl.int64) * INPUTS + column[None, :]
    w_at = weight + output[:, None].to(tl.int64) * INPUTS + column[None, :]
    unit = tl.full([BM], 1.0, tl.float32)
    if NORMED:
        part = tl.arange(0, PARTS)[None, :]
        left = has_row & (part < parts)
        square = tl.load(squares + row[:, None] * parts + part, mask=left, other=0.0)
        unit = tl.rsqrt(tl.sum(square, axis=1) / INPUTS + eps)
    total = tl.zeros([BN, BM], tl.float32)
    up = tl.zeros([BN, BM], tl.float32)
    for k in range(0, INPUTS, BK):
        inside = (column < INPUTS - k)[None, :]
        a = tl.load(x_at + k, mask=has_row & inside, other=0.0)
        if NORMED:
            g = tl.load(gain + k + column[None, :], mask=inside, other=0.0).to(tl.float32)
            a = ((a.to(tl.float32) * unit[:, None]).to(kind).to(tl.float32) * g).to(kind)
        a = tl.trans(a.to(factor))
        b = tl.load(w_at + k, mask=has_output & inside, other=0.0).to(factor)
        total += tl.dot(b, a, input_precision="ieee")
        if GATED:
            second = w_at + OUTPUTS.to(tl.int64) * INPUTS
            b = tl.load(second + k, mask=has_output & inside, other=0.0).to(factor)
            up += tl.dot(b, a, input_precision="ieee")
    has_both = has_output & (row < rows)[None, :]
    if SCALED:
        total *= tl.load(scale + output, mask=output < OUTPUTS, other=0.0)[:, None]
    value = total.to(kind)
    if GATED:
        if SCALED:
            up *= tl.load(scale + OUTPUTS + output, mask=output < OUTPUTS, other=0.0)[:, None]
        gate = value.to(tl.float32)
        opened = (gate / (1.0 + tl.exp(-gate))).to(kind).to(tl.float32)
        value = (opened * up.to(kind).to(tl.float32)).to(kind)
    target = row[None, :].to(tl.int64) * OUTPUTS + output[:, None]
    if ADDED:
        before = tl.load(residual + target, mask=has_both, other=0.0)
        value = (before.to(tl.float32) + value.to(tl.float32)).to(kind)
        wide = tl.where(has_both, value.to(tl.float32), 0.0)
        to = squares_out + row * tl.num_programs(0) + tl.program_id(0)
        tl.store(to, tl.sum(wide * wide, axis=0), mask=row < rows)
    if out.dtype.element_ty == tl.float16:
        value = tl.clamp(value.to(tl.float32), -65504.0, 65504.0)
    tl.store(out + target, value.to(out.dtype.element_ty), mask=has_both)


@triton.jit(do_not_specialize=["rows"])
def group_scaled(
    x, packed, scale, out, rows, OUTPUTS, INPUTS,
    BM: tl.constexpr, BN: tl.constexpr, GROUP: tl.constexpr, HALF: tl.constexpr,
):  # fmt: skip
    """x [rows, inputs] by a weight in int4, two groups of inputs at a time; see `product`.

    A group's sum is scaled, not its weights. With 0x64 above it, a code is the float16 1024 + 8 +
    value.
    """
    row = tl.program_id(1) * BM + tl.arange(0, BM)
    output = tl.program_id(0) * BN + tl.arange(0, BN)
    column = tl.arange(0, GROUP)
    factor = tl.float16 if HALF else out.dtype.element_ty
    has_row, has_output = (row < rows)[:, None], (output < OUTPUTS)[:, None]
    x_at = x + row[:, None].to(tl.int64) * INPUTS + column[None, :]
    w_at = packed + output[:, None].to(tl.int64) * (INPUTS // 2) + column[None, :]
    s_at = scale + output.to(tl.int64) * (INPUTS // GROUP)
    total = tl.zeros([BN, BM], tl.float32)
    for pair in range(INPUTS // (2 * GROUP)):
        codes = tl.load(w_at + pair * GROUP, mask=has_output, other=0).to(tl.int16)
        low = (((codes & 15) | 0x6400).to(tl.float16, bitcast=True) - 1032.0).to(factor)
        high = (((codes >> 4) | 0x6400).to(tl.float16, bitcast=True) - 1032.0).to(factor)
        a = tl.load(x_at + 2 * pair * GROUP, mask=has_row, other=0.0).to(factor)
        gain = tl.load(s_at + 2 * pair, mask=output < OUTPUTS, other=0.0).to(tl.float32)
        total += tl.dot(low, tl.trans(a), input_precision="ieee") * gain[:, None]
        a = tl.load(x_at + (2 * pair + 1) * GROUP, mask=has_row, other=0.0).to(factor)
        gain = tl.load(s_at + 2 * pair + 1, mask=output < OUTPUTS, other=0.0).to(tl.float32)
        total += tl.dot(high, tl.trans(a), input_precision="ieee") * gain[:, None]
    target = row[None, :].to(tl.int64) * OUTPUTS + output[:, None]
    has_both = has_output & (row < rows)[None, :]
    tl.store(out + target, total.to(out.dtype.element_ty), mask=has_both)
