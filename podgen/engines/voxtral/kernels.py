# ruff: noqa: N803
# mypy: disable-error-code="no-untyped-def, untyped-decorator, import-not-found, import-untyped"
"""The Triton kernels behind `triton_ops`.

Every kernel computes in float32 and rounds where `ops.TorchOps` rounds. What varies from frame to
frame (positions) is read on the device, never passed: launches can be captured in a graph.
Numbers that vary from job to job are not specialised, or each would be compiled anew.
"""

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


@triton.jit
def turned(x, cos, sin):
    """Adjacent pairs of the last dimension of x [rows, width], turned; float32."""
    rows: tl.constexpr = x.shape[0]
    even, odd = tl.split(tl.reshape(x.to(tl.float32), [rows, x.shape[1] // 2, 2]))
    return tl.interleave(even * cos - odd * sin, even * sin + odd * cos)


@triton.jit(do_not_specialize=["splits"])
def split_attention(
    qkv, table, position, keys, values, partial, peak, total,
    key_row, key_head, value_row, value_head, splits, scale,
    KV_HEADS: tl.constexpr, GROUP: tl.constexpr, HEAD: tl.constexpr,
    SPLIT: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    """Attention of the queries of one key head over one split of the positions.

    The split that the row's own position falls into stores its key and value, and takes them
    from where they were computed.
    """
    row = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1)
    split = tl.program_id(2)
    own = tl.load(position + row)
    begin = split * SPLIT
    if begin <= own:
        # Matrix units want sixteen rows; a group of queries is padded to them.
        query = tl.arange(0, 16)
        column = tl.arange(0, HEAD)
        pair = tl.arange(0, HEAD // 2)[None, :]
        asked = (query < GROUP)[:, None]
        cos = tl.load(table + (own * (HEAD // 2) + pair) * 2)
        sin = tl.load(table + (own * (HEAD // 2) + pair) * 2 + 1)
        source = qkv + row * ((GROUP + 2) * KV_HEADS * HEAD)
        asking = tl.load(
            source + (head * GROUP + query)[:, None] * HEAD + column[None, :], mask=asked, other=0.0
        )
        asking = turned(asking, cos, sin).to(keys.dtype.element_ty)
        key_base = keys + row * key_row + head * key_head
        value_base = values + row * value_row + head * value_head
        most = tl.full([16], -float("inf"), tl.float32)
        mass = tl.zeros([16], tl.float32)
        gathered = tl.zeros([16, HEAD], tl.float32)
        if own < begin + SPLIT:
            fresh = source + (GROUP * KV_HEADS + head) * HEAD + column[None, :]
            key = turned(tl.load(fresh), cos, sin).to(keys.dtype.element_ty)
            value = tl.load(fresh + KV_HEADS * HEAD)
            tl.store(key_base + own * HEAD + column[None, :], key)
            tl.store(value_base + own * HEAD + column[None, :], value)
            most = tl.sum(asking.to(tl.float32) * key.to(tl.float32), axis=1) * scale
            mass += 1.0
            gathered += value.to(tl.float32)
        for tile in range(begin, min(begin + SPLIT, own), TILE):
            at = tile + tl.arange(0, TILE)
            seen = at < own
            key = tl.load(
                key_base + at[:, None] * HEAD + column[None, :], mask=seen[:, None], other=0.0
            )
            logits = tl.dot(asking, tl.trans(key), input_precision="ieee") * scale
            logits = tl.where(seen[None, :], logits, -float("inf"))
            higher = tl.maximum(most, tl.max(logits, axis=1))
            shrink = tl.exp(most - higher)
            weight = tl.exp(logits - higher[:, None])
            value = tl.load(
                value_base + at[:, None] * HEAD + column[None, :], mask=seen[:, None], other=0.0
            )
            mass = mass * shrink + tl.sum(weight, axis=1)
            gathered = gathered * shrink[:, None] + tl.dot(
                weight.to(value.dtype), value, input_precision="ieee"
            )
            most = higher
        slot = ((row * KV_HEADS + head) * GROUP + query) * splits + split
        tl.store(partial + slot[:, None] * HEAD + column[None, :], gathered, mask=asked)
        tl.store(peak + slot, most, mask=query < GROUP)
        tl.store(total + slot, mass, mask=query < GROUP)


@triton.jit(do_not_specialize=["splits"])
def join_attention(
    partial, peak, total, position, out, splits,
    HEADS: tl.constexpr, HEAD: tl.constexpr, SPLIT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """The splits of one query, weighed against each other."""
    row = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1)
    used = (tl.load(position + row) + SPLIT) // SPLIT
    split = tl.arange(0, BLOCK)
    inside = split < used
    slot = (row * HEADS + head) * splits + split
    column = tl.arange(0, HEAD)
    peaks = tl.load(peak + slot, mask=inside, other=-float("inf"))
    weight = tl.exp(peaks - tl.max(peaks, axis=0))
    mass = tl.load(total + slot, mask=inside, other=0.0)
    parts = tl.load(
        partial + slot[:, None] * HEAD + column[None, :], mask=inside[:, None], other=0.0
    )
    joined = tl.sum(parts * weight[:, None], axis=0) / tl.sum(mass * weight, axis=0)
    tl.store(out + (row * HEADS + head) * HEAD + column, joined.to(out.dtype.element_ty))


@triton.jit(do_not_specialize=["tokens", "room", "last"])
def rotate_store(
    qkv, table, start, slots, keys, values, q_out, tokens, room, last,
    key_row, key_head, value_row, value_head,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, HEAD: tl.constexpr,
):  # fmt: skip
    """All heads of one token: queries rotated, keys rotated and stored, values stored.

    `room` is a slot's positions, `last` the table's last.
    """
    at = tl.program_id(0)
    token = tl.program_id(1)
    position = tl.load(start + at) + token
    slot = tl.load(slots + at)
    column = tl.arange(0, HEAD)[None, :]
    pair = tl.arange(0, HEAD // 2)[None, :]
    angle = table + (tl.minimum(position, last) * (HEAD // 2) + pair) * 2
    cos, sin = tl.load(angle), tl.load(angle + 1)
    head = tl.arange(0, HEADS)[:, None]
    source = qkv + (at * tokens + token).to(tl.int64) * ((HEADS + 2 * KV_HEADS) * HEAD)
    asking = turned(tl.load(source + head * HEAD + column), cos, sin)
    target = q_out + (at * tokens + token).to(tl.int64) * (HEADS * HEAD) + head * HEAD + column
    tl.store(target, asking.to(q_out.dtype.element_ty))
    if position < room:
        other = tl.arange(0, KV_HEADS)[:, None]
        key = turned(tl.load(source + (HEADS + other) * HEAD + column), cos, sin)
        value = tl.load(source + (HEADS + KV_HEADS + other) * HEAD + column)
        key_at = keys + slot * key_row + other * key_head + position * HEAD + column
        value_at = values + slot * value_row + other * value_head + position * HEAD + column
        tl.store(key_at, key.to(keys.dtype.element_ty))
        tl.store(value_at, value)


@triton.jit(do_not_specialize=["tokens", "room"])
def many_attention(
    q, start, slots, keys, values, out, tokens, room,
    key_row, key_head, value_row, value_head, scale,
    KV_HEADS: tl.constexpr, GROUP: tl.constexpr, PADDED: tl.constexpr, HEAD: tl.constexpr,
    TOKENS: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    """Attention of the queries of one key head at TOKENS tokens, each group PADDED."""
    at = tl.program_id(0)
    head = tl.program_id(1)
    begin = tl.program_id(2) * TOKENS
    query = tl.arange(0, TOKENS * PADDED)
    token, member = begin + query // PADDED, query % PADDED
    column = tl.arange(0, HEAD)[None, :]
    asked = ((token < tokens) & (member < GROUP))[:, None]
    first = tl.load(start + at)
    slot = tl.load(slots + at)
    spot = ((at * tokens + token).to(tl.int64) * KV_HEADS + head) * GROUP + member
    asking = tl.load(q + spot[:, None] * HEAD + column, mask=asked, other=0.0)
    key_base = keys + slot * key_row + head * key_head
    value_base = values + slot * value_row + head * value_head
    most = tl.full([TOKENS * PADDED], -float("inf"), tl.float32)
    mass = tl.zeros([TOKENS * PADDED], tl.float32)
    gathered = tl.zeros([TOKENS * PADDED, HEAD], tl.float32)
    for tile in range(0, min(first + min(begin + TOKENS, tokens), room), TILE):
        stored = tile + tl.arange(0, TILE)
        inside = (stored < room)[:, None]
        key = tl.load(key_base + stored[:, None] * HEAD + column, mask=inside, other=0.0)
        logits = tl.dot(asking, tl.trans(key), input_precision="ieee") * scale
        seen = stored[None, :] <= first + token[:, None]
        logits = tl.where(seen, logits, -float("inf"))
        higher = tl.maximum(most, tl.max(logits, axis=1))
        shrink = tl.exp(most - higher)
        weight = tl.exp(logits - higher[:, None])
        value = tl.load(value_base + stored[:, None] * HEAD + column, mask=inside, other=0.0)
        mass = mass * shrink + tl.sum(weight, axis=1)
        gathered = gathered * shrink[:, None] + tl.dot(
            weight.to(value.dtype), value, input_precision="ieee"
        )
        most = higher
    tl.store(
        out + spot[:, None] * HEAD + column,
        (gathered / mass[:, None]).to(out.dtype.element_ty), mask=asked,
    )  # fmt: skip


@triton.jit(do_not_specialize=["rows"])
def token_attention(
    qkv, out, rows, scale,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, HEAD: tl.constexpr,
):  # fmt: skip
    """One query of one head over the three tokens of its row."""
    row = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1)
    asking = tl.program_id(2)
    width: tl.constexpr = (HEADS + 2 * KV_HEADS) * HEAD
    column = tl.arange(0, HEAD)
    group: tl.constexpr = HEADS // KV_HEADS
    key_at = (HEADS + head // group) * HEAD + column
    value_at = key_at + KV_HEADS * HEAD
    first = qkv + row * width
    second = first + rows * width
    third = second + rows * width
    q = tl.load(qkv + (asking * rows + row) * width + head * HEAD + column).to(tl.float32)
    a = tl.sum(q * tl.load(first + key_at).to(tl.float32), axis=0) * scale
    b = tl.sum(q * tl.load(second + key_at).to(tl.float32), axis=0) * scale
    c = tl.sum(q * tl.load(third + key_at).to(tl.float32), axis=0) * scale
    most = tl.maximum(a, tl.maximum(b, c))
    a, b, c = tl.exp(a - most), tl.exp(b - most), tl.exp(c - most)
    value = a * tl.load(first + value_at).to(tl.float32)
    value += b * tl.load(second + value_at).to(tl.float32)
    value += c * tl.load(third + value_at).to(tl.float32)
    value = value / (a + b + c)
    target = out + ((asking * rows + row) * HEADS + head) * HEAD + column
    tl.store(target, value.to(out.dtype.element_ty))


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
