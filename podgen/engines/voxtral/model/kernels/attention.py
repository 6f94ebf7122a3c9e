# ruff: noqa: N803
# mypy: disable-error-code="no-untyped-def, untyped-decorator, import-not-found, import-untyped"
"""Attention of frames, prompts and the acoustic transformer's tokens; see `kernels`."""

from __future__ import annotations

import triton
import triton.language as tl


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
