"""The model once more, slowly: one position, head and channel at a time, in float64 NumPy.

Written from the specification's formulas alone. `get` gives a tensor by its published name.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from podgen.engines.voxtral.model.config import CodecArgs, Params, TransformerArgs

Array = npt.NDArray[np.float64]
Get = Callable[[str], Array]


def rms(x: Array, weight: Array, eps: float) -> Array:
    return weight * x / np.sqrt((x**2).mean(-1, keepdims=True) + eps)


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max())
    return e / e.sum()


def turn(x: Array, position: int, theta: float) -> Array:
    """Rotary: adjacent pairs as complex numbers."""
    pairs = x[0::2] + 1j * x[1::2]
    size = len(x)
    angles = position * theta ** (-2 * np.arange(size // 2) / size)
    turned = pairs * np.exp(1j * angles)
    return np.stack([turned.real, turned.imag], -1).reshape(-1)


def swiglu(get: Get, prefix: str, x: Array) -> Array:
    gate = get(f"{prefix}feed_forward.w1.weight") @ x
    up = get(f"{prefix}feed_forward.w3.weight") @ x
    return get(f"{prefix}feed_forward.w2.weight") @ (gate / (1 + np.exp(-gate)) * up)


def layer(
    get: Get,
    prefix: str,
    args: TransformerArgs,
    xs: Array,
    theta: float | None,
) -> Array:
    """One pre-norm layer over [positions, dim]: causal with rotary, or neither."""
    heads, kv, size = args.n_heads, args.n_kv_heads, args.head_dim
    normed = rms(xs, get(f"{prefix}attention_norm.weight"), args.norm_eps)
    q = (normed @ get(f"{prefix}attention.wq.weight").T).reshape(len(xs), heads, size)
    k = (normed @ get(f"{prefix}attention.wk.weight").T).reshape(len(xs), kv, size)
    v = (normed @ get(f"{prefix}attention.wv.weight").T).reshape(len(xs), kv, size)
    attended = np.zeros((len(xs), heads * size))
    for i in range(len(xs)):
        seen = range(i + 1) if theta else range(len(xs))
        for h in range(heads):
            shared = h * kv // heads
            ask = turn(q[i, h], i, theta) if theta else q[i, h]
            keys = [turn(k[j, shared], j, theta) if theta else k[j, shared] for j in seen]
            weight = softmax(np.array([ask @ key for key in keys]) / np.sqrt(size))
            attended[i, h * size : (h + 1) * size] = sum(
                w * v[j, shared] for w, j in zip(weight, seen, strict=True)
            )
    xs = xs + attended @ get(f"{prefix}attention.wo.weight").T
    normed = rms(xs, get(f"{prefix}ffn_norm.weight"), args.norm_eps)
    return xs + np.stack([swiglu(get, prefix, x) for x in normed])


def backbone(get: Get, params: Params, inputs: Array) -> Array:
    """h [positions, dim] of inputs [positions, dim]."""
    for i in range(params.backbone.n_layers):
        inputs = layer(get, f"layers.{i}.", params.backbone, inputs, params.rope_theta)
    return rms(inputs, get("norm.weight"), params.backbone.norm_eps)


def code_embedding(get: Get, params: Params, codes: list[int]) -> Array:
    table = get("mm_audio_embeddings.audio_codebook_embeddings.embeddings.weight")
    semantic = params.semantic_codebook_size + 2
    levels = params.acoustic_codebook_sizes[0] + 2
    rows = [codes[0]] + [semantic + levels * k + code for k, code in enumerate(codes[1:])]
    return sum(table[row] for row in rows)


def flow(get: Get, params: Params, h: Array, noise: Array, steps: int, alpha: float) -> Array:
    """The state at t = 1, unclamped, by all tokens through all layers twice a step."""
    args, prefix = params.acoustic, "acoustic_transformer."

    def velocity(x: Array, t: float, condition: Array) -> Array:
        half = args.dim // 2
        angles = t * np.exp(-np.log(10000.0) * np.arange(half) / half)
        time = np.concatenate([np.cos(angles), np.sin(angles)])
        tokens = np.stack(
            [
                get(f"{prefix}input_projection.weight") @ x,
                get(f"{prefix}time_projection.weight") @ time,
                get(f"{prefix}llm_projection.weight") @ condition,
            ]
        )
        for i in range(args.n_layers):
            tokens = layer(get, f"{prefix}layers.{i}.", args, tokens, None)
        first = rms(tokens[0], get(f"{prefix}norm.weight"), args.norm_eps)
        return get(f"{prefix}acoustic_codebook_output.weight") @ first

    x = noise
    for i in range(steps):
        t = i / steps
        guided = alpha * velocity(x, t, h) + (1 - alpha) * velocity(x, t, np.zeros_like(h))
        x = x + guided / steps
    return x


def conv_weight(get: Get, name: str) -> Array:
    gain = get(f"{name}.parametrizations.weight.original0")
    direction = get(f"{name}.parametrizations.weight.original1")
    return np.stack([g * v / np.linalg.norm(v) for g, v in zip(gain, direction, strict=True)])


def codec(get: Get, args: CodecArgs, codes: npt.NDArray[np.int64]) -> Array:
    """Samples of codes [frames, codebooks], by loops over steps and taps."""
    book = "audio_tokenizer.quantizer.semantic_codebook."
    usage = get(f"{book}cluster_usage")
    rows = get(f"{book}embedding_sum") / np.maximum(usage, 1e-5)[:, None]
    values = codes - 2
    levels = 2 * values[:, 1:] / (args.acoustic_codebook_size - 1) - 1
    x = np.concatenate([rows[values[:, 0]], levels], axis=1)
    windows = {0: 2, 1: 4, 2: 8, 3: 16}
    for number, stage in enumerate(args.stages):
        weight = conv_weight(get, f"audio_tokenizer.decoder_blocks.{2 * number}.conv")
        if number == 0:
            taps = weight.shape[2]
            padded = np.concatenate([x[:1]] * (taps - 1) + [x])
            x = np.stack(
                [sum(weight[:, :, k] @ padded[t + k] for k in range(taps)) for t in range(len(x))]
            )
        else:
            out = np.zeros((2 * len(x) + weight.shape[2], weight.shape[1]))
            for t in range(len(x)):
                for k in range(weight.shape[2]):
                    out[2 * t + k] += x[t] @ weight[:, :, k]
            x = out[: 2 * len(x)]
        for i in range(stage.layers):
            prefix = f"audio_tokenizer.decoder_blocks.{2 * number + 1}.layers.{i}."
            x = codec_layer(get, prefix, args, x, windows[number])
    weight = conv_weight(get, "audio_tokenizer.output_proj.conv")
    taps = weight.shape[2]
    padded = np.concatenate([x[taps - 1 : 0 : -1], x])
    return np.concatenate(
        [sum(weight[:, :, k] @ padded[t + k] for k in range(taps)) for t in range(len(x))]
    )


def codec_layer(get: Get, prefix: str, args: CodecArgs, x: Array, window: int) -> Array:
    sizes = args.transformer
    heads, size = sizes.n_heads, sizes.head_dim
    normed = rms(x, get(f"{prefix}attention_norm.weight"), sizes.norm_eps)
    q, k, v = (normed @ get(f"{prefix}attention.w{name}.weight").T for name in "qkv")
    q = rms(q, get(f"{prefix}attention.q_norm.weight"), args.qk_norm_eps)
    k = rms(k, get(f"{prefix}attention.k_norm.weight"), args.qk_norm_eps)
    attended = np.zeros_like(q)
    for i in range(len(x)):
        seen = range(max(0, i - window), i + 1)
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            slope = 2.0 ** (-8 * h / heads)
            logits = [q[i, part] @ k[j, part] / np.sqrt(size) + slope * (j - i) for j in seen]
            weight = softmax(np.array(logits))
            attended[i, part] = sum(w * v[j, part] for w, j in zip(weight, seen, strict=True))
    x = x + get(f"{prefix}attention_scale") * (attended @ get(f"{prefix}attention.wo.weight").T)
    normed = rms(x, get(f"{prefix}ffn_norm.weight"), sizes.norm_eps)
    return x + get(f"{prefix}ffn_scale") * np.stack([swiglu(get, prefix, n) for n in normed])
