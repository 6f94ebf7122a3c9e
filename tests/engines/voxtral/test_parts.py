"""Each part of the model against the slow float64 reference, on sizes of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from podgen.engines.voxtral.model.acoustic import AcousticTransformer
from podgen.engines.voxtral.model.backbone import Backbone, KeyValues
from podgen.engines.voxtral.model.codec import CONTEXT, CodecDecoder
from podgen.engines.voxtral.model.config import CodecArgs, Params
from podgen.engines.voxtral.model.convolution import (
    causal_conv,
    causal_upsample,
    upsampling_weight,
)
from podgen.engines.voxtral.model.ops import TorchOps
from tests.engines.voxtral import reference
from tests.engines.voxtral.weights import NamedWeights, small_params

PARAMS = small_params()


def getter(source: NamedWeights) -> reference.Get:
    return lambda name: source.tensors[name].numpy()


def random_codes(params: Params, frames: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    sizes = [params.semantic_codebook_size, *params.acoustic_codebook_sizes]
    columns = [torch.randint(2, size + 2, (frames,), generator=generator) for size in sizes]
    return torch.stack(columns, dim=1)


@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_backbone_prefill_and_steps(eps: float) -> None:
    params = small_params(norm_eps=eps)
    source = NamedWeights()
    net = Backbone(source, params, TorchOps())
    inputs = torch.randn(2, 9, 48, dtype=torch.float64)
    expected = [reference.backbone(getter(source), params, row.numpy()) for row in inputs]

    stored = KeyValues.empty(params.backbone, 3, 12, inputs)
    slots = torch.tensor([2, 0])
    prompts = torch.tensor([3, 5])
    net.prefill(inputs[:, :5], torch.zeros(2, dtype=torch.long), slots, stored, 5)
    for row, slot in enumerate(slots.tolist()):
        for at in range(int(prompts[row]), 9):
            one = KeyValues(stored.keys[:, slot : slot + 1], stored.values[:, slot : slot + 1])
            h = net.step(inputs[row, at : at + 1], torch.tensor([at]), one, 12)
            np.testing.assert_allclose(h[0], expected[row][at], rtol=1e-6, atol=1e-6)


def test_prefill_goes_on_from_a_stored_start() -> None:
    source = NamedWeights()
    net = Backbone(source, PARAMS, TorchOps())
    inputs = torch.randn(1, 10, 48, dtype=torch.float64)
    start, whole = (KeyValues.empty(PARAMS.backbone, 2, 12, inputs) for _ in range(2))
    zero, slot = torch.zeros(1, dtype=torch.long), torch.ones(1, dtype=torch.long)
    net.prefill(inputs[:, :4], zero, zero, start, 4)
    whole.copy_start(1, KeyValues(start.keys[:, :1, :, :4], start.values[:, :1, :, :4]))
    net.prefill(inputs[:, 4:], zero + 4, slot, whole, 10)
    once = KeyValues.empty(PARAMS.backbone, 2, 12, inputs)
    net.prefill(inputs, zero, slot, once, 10)
    torch.testing.assert_close(whole.keys, once.keys, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(whole.values, once.values, rtol=1e-12, atol=1e-12)


def test_frame_embedding_sums_the_offset_rows() -> None:
    source = NamedWeights()
    net = Backbone(source, PARAMS, TorchOps())
    codes = random_codes(PARAMS, 4)
    codes[3] = torch.tensor([1] + [0] * 7)  # the row that ends a voice
    for made, frame in zip(net.embed_codes(codes), codes.tolist(), strict=True):
        expected = reference.code_embedding(getter(source), PARAMS, frame)
        np.testing.assert_allclose(made, expected, rtol=1e-12)


@pytest.mark.parametrize("steps", [7, 3])
@pytest.mark.parametrize("eps", [1e-5, 0.1])
@pytest.mark.parametrize("alpha", [1.2, 2.0])
def test_flow(steps: int, eps: float, alpha: float) -> None:
    params = replace(PARAMS, acoustic=replace(PARAMS.acoustic, norm_eps=eps))
    source = NamedWeights()
    net = AcousticTransformer(source, params, TorchOps(), steps, alpha)
    h, noise = torch.randn(3, 48, dtype=torch.float64), torch.randn(3, 7, dtype=torch.float64)
    made = net.flow(h, noise)
    for row in range(3):
        expected = reference.flow(
            getter(source), params, h[row].numpy(), noise[row].numpy(), steps, alpha
        )
        np.testing.assert_allclose(made[row], expected, rtol=1e-5, atol=1e-5)


def acoustic(**changes: torch.Tensor) -> AcousticTransformer:
    return AcousticTransformer(NamedWeights(**changes), PARAMS, TorchOps(), 7, 1.2)


def test_the_semantic_code_is_never_empty_nor_padding() -> None:
    """Index 0 and the padding of the head win every logit, and are not picked."""
    head = torch.zeros(128, 48, dtype=torch.float64)
    head[0], head[42:] = 100.0, 100.0
    head[1], head[17] = 3.0, 2.0
    name = "acoustic_transformer.semantic_codebook_output.weight"
    net = acoustic(**{name: head})
    h = torch.ones(1, 48, dtype=torch.float64)
    noise = torch.zeros(1, 7, dtype=torch.float64)
    assert net.frame(h, noise)[0, 0] == 1
    assert net.frame(h, noise, may_end=False)[0, 0] == 17
    head[41] = 4.0
    assert net.frame(h, noise)[0, 0] == 41


def test_levels_round_halves_to_even_and_are_clamped(monkeypatch: pytest.MonkeyPatch) -> None:
    net = acoustic()
    # With five levels, (x + 1) / 2 * 4 is 0.5, 1.5, 2.5, 3.5 here, then beyond both ends.
    ends = torch.tensor([[-0.75, -0.25, 0.25, 0.75, -7.0, 7.0, 0.0]], dtype=torch.float64)
    monkeypatch.setattr(net, "flow", lambda h, noise: ends)
    h = torch.zeros(1, 48, dtype=torch.float64)
    assert net.frame(h, ends)[0, 1:].tolist() == [2, 4, 4, 6, 2, 6, 4]


def test_time_grid_and_steps_are_in_the_models_dtype() -> None:
    net = AcousticTransformer(NamedWeights(torch.bfloat16), PARAMS, TorchOps(), 7, 1.2)
    expected = [0.142578] * 4 + [0.144531, 0.140625, 0.144531]
    np.testing.assert_allclose(net._dt, expected, atol=1e-6)


def decoder(args: CodecArgs) -> tuple[CodecDecoder, NamedWeights]:
    source = NamedWeights()
    return CodecDecoder(source, args, TorchOps()), source


@pytest.mark.parametrize("frames", [1, 2, 13, 40])
@pytest.mark.parametrize(("eps", "qk_eps"), [(1e-2, 1e-6), (0.3, 1e-6), (1e-2, 0.3)])
def test_codec(frames: int, eps: float, qk_eps: float) -> None:
    """Eight heads; the published model's padding, strides, windows and slopes."""
    sizes = replace(PARAMS.codec.transformer, norm_eps=eps)
    args = replace(PARAMS.codec, transformer=sizes, qk_norm_eps=qk_eps)
    net, source = decoder(args)
    codes = random_codes(PARAMS, frames)
    expected = reference.codec(getter(source), args, codes.numpy())
    np.testing.assert_allclose(net.decode(codes), expected, rtol=1e-9, atol=1e-9)


def test_codebook_rows_are_sums_over_clamped_usage() -> None:
    usage = torch.ones(40, dtype=torch.float64)
    usage[7], usage[8] = 0.0, 4.0
    name = "audio_tokenizer.quantizer.semantic_codebook.cluster_usage"
    source = NamedWeights(**{name: usage})
    net = CodecDecoder(source, PARAMS.codec, TorchOps())
    total = source.tensors["audio_tokenizer.quantizer.semantic_codebook.embedding_sum"]
    codes = torch.full((3, 8), 2)
    codes[:, 0] = torch.tensor([7, 8, 9]) + 2
    latents = net.codebooks.latents(codes - 2)
    torch.testing.assert_close(latents[0, :9], total[7] / 1e-5)
    torch.testing.assert_close(latents[1, :9], total[8] / 4)
    torch.testing.assert_close(latents[2, 9:], -torch.ones(7, dtype=torch.float64))
    expected = reference.codec(getter(source), PARAMS.codec, codes.numpy())
    np.testing.assert_allclose(net.decode(codes), expected, rtol=1e-7)


@pytest.mark.parametrize("chunk", [4, 25, 64])
def test_chunks_with_context_equal_the_whole(chunk: int) -> None:
    net, _source = decoder(PARAMS.codec)
    codes = random_codes(PARAMS, 70)
    whole = net.decode(codes)
    torch.testing.assert_close(net.decode(codes, chunk), whole, rtol=1e-13, atol=1e-13)


def test_the_context_is_not_one_frame_more_than_needed() -> None:
    net, _ = decoder(PARAMS.codec)
    codes = random_codes(PARAMS, 60)
    first = 40 * net.args.samples_per_frame
    whole = net.decode(codes)[first]
    one_less = net.decode(codes[40 - CONTEXT + 1 :])[(CONTEXT - 1) * net.args.samples_per_frame]
    assert abs(whole - one_less) > 0


def test_no_frames_are_no_samples() -> None:
    net, _ = decoder(PARAMS.codec)
    assert net.decode(random_codes(PARAMS, 0)).shape == (0,)


def test_reflect_padding_of_an_input_shorter_than_its_padding() -> None:
    """Noughts are taken to follow the input, mirrored with it, and dropped again."""
    x = torch.tensor([[1.0], [2.0], [3.0]], dtype=torch.float64)
    weight = torch.eye(7, dtype=torch.float64)[:, None, :]  # output k is the input k - 6 steps on
    out = causal_conv(x, weight, "reflect").T
    assert out[:, 0].tolist() == [0.0, 0.0, 0.0, 0.0, 3.0, 2.0, 1.0][:7]
    assert out[:, 2].tolist() == [0.0, 0.0, 3.0, 2.0, 1.0, 2.0, 3.0]


def test_replicate_padding_repeats_the_first_step() -> None:
    x = torch.tensor([[5.0], [7.0]], dtype=torch.float64)
    weight = torch.eye(3, dtype=torch.float64)[:, None, :]
    assert causal_conv(x, weight, "replicate").tolist() == [[5, 5, 5], [5, 5, 7]]


@pytest.mark.parametrize(("stride", "kernel"), [(2, 4), (3, 4), (2, 2), (1, 3), (2, 7)])
def test_convolutions_are_those_of_pytorch(stride: int, kernel: int) -> None:
    x = torch.randn(9, 4, dtype=torch.float64)
    weight = torch.randn(4, 5, kernel, dtype=torch.float64)
    transposed = F.conv_transpose1d(x.T[None], weight, stride=stride)[0, :, : 9 * stride].T
    made = causal_upsample(x, upsampling_weight(weight, stride), stride)
    torch.testing.assert_close(made, F.pad(transposed, (0, 0, 0, len(made) - len(transposed))))
    straight = weight.transpose(0, 1)
    expected = F.conv1d(F.pad(x.T[None], (kernel - 1, 0)), straight)[0].T
    torch.testing.assert_close(causal_conv(x, straight, "zeros"), expected)


def test_upsampling_drops_its_tail_on_the_right() -> None:
    x = torch.tensor([[1.0], [10.0]], dtype=torch.float64)
    weight = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]], dtype=torch.float64)
    made = causal_upsample(x, upsampling_weight(weight, 2), 2)
    assert made.flatten().tolist() == [1.0, 2.0, 13.0, 24.0]


def test_only_the_last_projection_of_a_bfloat16_codec_is_float32() -> None:
    source = NamedWeights(torch.bfloat16)
    net = CodecDecoder(source, PARAMS.codec, TorchOps())
    assert net.decode(random_codes(PARAMS, 4)).dtype == torch.float32
