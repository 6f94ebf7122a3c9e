"""What params.json says about the model: sizes, ids and constants, as frozen values.

Fields that a params.json leaves out take the published model's values; fields that nothing here
reads are tolerated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TypeVar

from podgen.errors import EngineError

T = TypeVar("T", int, float, bool)

SPECIAL_CODES = 2
"""Codes of each codebook that are not values: EMPTY_AUDIO and END_AUDIO come first."""
EMPTY_AUDIO = 0
END_AUDIO = 1

SPECIAL_TEXT_IDS = 1000
"""Tekken reserves the first thousand ids: text id = rank + 1000."""
NEXT_AUDIO_TEXT = 36
"""The mark before the text of the audio to come."""
REPEAT_AUDIO_TEXT = 35
"""The mark after it."""

MAX_POSITIONS = 4096
"""Voice rows, text and frames of one sequence together; the served model's limit."""

HOTTEST = 1.5
"""The highest temperature of the semantic codes."""


@dataclass(frozen=True, slots=True)
class TransformerArgs:
    """Sizes of a stack of grouped-query attention layers with SwiGLU."""

    dim: int
    n_layers: int
    head_dim: int
    hidden_dim: int
    n_heads: int
    n_kv_heads: int
    norm_eps: float

    @property
    def q_width(self) -> int:
        """Columns of the queries of one position."""
        return self.n_heads * self.head_dim

    @property
    def kv_width(self) -> int:
        """Columns of the keys (or values) of one position."""
        return self.n_kv_heads * self.head_dim


@dataclass(frozen=True, slots=True)
class CodecStage:
    """A convolution with the transformer layers at its higher rate: those after it where the
    decoder upsamples, those before it where the encoder goes the other way."""

    kernel: int
    stride: int
    layers: int
    window: int
    """How many earlier positions a position sees besides itself."""


@dataclass(frozen=True, slots=True)
class CodecArgs:
    """Sizes of the codec: decoder, codebooks, encoder."""

    transformer: TransformerArgs
    qk_norm_eps: float
    semantic_codebook_size: int
    semantic_dim: int
    acoustic_codebook_size: int
    acoustic_dim: int
    patch_size: int
    patch_kernel: int
    sampling_rate: int
    stages: tuple[CodecStage, ...]
    encoder_stages: tuple[CodecStage, ...]

    @property
    def latent_dim(self) -> int:
        """Channels of a quantised frame."""
        return self.semantic_dim + self.acoustic_dim

    @property
    def samples_per_frame(self) -> int:
        """Samples that one frame of codes becomes."""
        samples = self.patch_size
        for stage in self.stages:
            samples *= stage.stride
        return samples


@dataclass(frozen=True, slots=True)
class Params:
    """Everything the model needs to know of its checkpoint."""

    backbone: TransformerArgs
    rope_theta: float
    vocab_size: int
    acoustic: TransformerArgs
    decoding_steps: int
    semantic_codebook_size: int
    acoustic_codebook_sizes: tuple[int, ...]
    bos_id: int
    audio_id: int
    begin_audio_id: int
    codec: CodecArgs
    voices: tuple[str, ...]

    @property
    def codebooks(self) -> int:
        """Codes of a frame: one semantic, the others acoustic."""
        return 1 + len(self.acoustic_codebook_sizes)

    @property
    def semantic_codes(self) -> int:
        """Semantic codes with the two special ones."""
        return self.semantic_codebook_size + SPECIAL_CODES

    @property
    def codebook_offsets(self) -> tuple[int, ...]:
        """Row of the embedding table at which each codebook's codes begin."""
        offsets = [0]
        for size in (self.semantic_codebook_size, *self.acoustic_codebook_sizes[:-1]):
            offsets.append(offsets[-1] + size + SPECIAL_CODES)
        return tuple(offsets)

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.codec.sampling_rate / self.codec.samples_per_frame


class _Fields:
    """One JSON object of params.json, read with defaults and checked types."""

    def __init__(self, values: Mapping[str, object], name: str) -> None:
        self._values = values
        self._name = name

    def _wrong(self, key: str, wanted: str) -> EngineError:
        return EngineError(
            f"params.json: {self._name}{key} is {self._values[key]!r}, not {wanted}",
            "take the file from the model's own repository",
        )

    def part(self, key: str) -> _Fields:
        value = self._values.get(key)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise self._wrong(key, "an object")
        return _Fields(value, f"{self._name}{key}.")

    def get(self, key: str, default: T) -> T:
        value = self._values.get(key)
        if value is None:
            return default
        kinds = (int, float) if isinstance(default, float) else (type(default),)
        if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool):
            raise self._wrong(key, f"a {type(default).__name__}")
        return type(default)(value)

    def numbers(self, key: str, default: str) -> tuple[int, ...]:
        """A comma-separated string of integers."""
        value = self._values.get(key) or default
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            raise self._wrong(key, "integers separated by commas") from None

    def has(self, key: str) -> bool:
        return self._values.get(key) is not None

    def names(self, key: str) -> tuple[str, ...]:
        """The keys of an object."""
        return tuple(self.part(key)._values)


def read_params(path: Path) -> Params:
    """Read params.json.

    Raises:
        EngineError: where it is missing, is no JSON, or describes another kind of model.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EngineError(
            f"{path.parent}: no params.json",
            "point the model setting at the downloaded folder of Voxtral-4B-TTS-2603",
        ) from None
    except (OSError, ValueError) as error:
        raise EngineError(f"{path}: {error}", "download the file again") from None
    if not isinstance(values, dict):
        raise EngineError(f"{path}: not a JSON object", "download the file again")
    return parse_params(values)


def parse_params(values: Mapping[str, object]) -> Params:
    """Params of a parsed params.json; see `read_params`."""
    top = _Fields(values, "")
    multimodal = top.part("multimodal")
    audio = multimodal.part("audio_model_args")
    _check_kind(values, multimodal)

    backbone = _transformer(top, TransformerArgs(3072, 26, 128, 9216, 32, 8, norm_eps=1e-5))
    net = audio.part("acoustic_transformer_args")
    acoustic = _transformer(net, TransformerArgs(backbone.dim, 3, 128, 9216, 32, 8, norm_eps=1e-5))
    if acoustic.dim != backbone.dim or net.get("input_dim", backbone.dim) != backbone.dim:
        raise EngineError(
            f"params.json: the acoustic transformer is {acoustic.dim} wide, "
            f"the backbone {backbone.dim}",
            "this engine runs models where both are the same",
        )
    if not top.get("tied_embeddings", True):
        raise EngineError("params.json: tied_embeddings is false", "this is another model")
    semantic, levels = _codebooks(audio)
    codec = _codec(multimodal.part("audio_tokenizer_args"))
    if (semantic, levels) != (
        codec.semantic_codebook_size,
        (codec.acoustic_codebook_size,) * codec.acoustic_dim,
    ):
        raise EngineError(
            "params.json: the model and its codec disagree about the codebooks",
            "take the file from the model's own repository",
        )
    return Params(
        backbone=backbone,
        rope_theta=top.get("rope_theta", 1e6),
        vocab_size=top.get("vocab_size", 131072),
        acoustic=acoustic,
        decoding_steps=net.get("n_decoding_steps", 7),
        semantic_codebook_size=semantic,
        acoustic_codebook_sizes=levels,
        bos_id=multimodal.get("bos_token_id", 1),
        audio_id=audio.get("audio_token_id", 24),
        begin_audio_id=audio.get("begin_audio_token_id", 25),
        codec=codec,
        voices=multimodal.part("audio_tokenizer_args").names("voice"),
    )


def _check_kind(values: Mapping[str, object], multimodal: _Fields) -> None:
    kind = values.get("model_type")
    architectures = values.get("architectures")
    named = architectures if isinstance(architectures, list) else []
    if kind is None and not named:
        known = multimodal.has("audio_model_args")
    else:
        known = kind == "voxtral_tts" or "VoxtralTTSForConditionalGeneration" in named
    if not known:
        raise EngineError(
            f"params.json describes {kind or named or 'a model without audio'}, not voxtral_tts",
            "point the model setting at the downloaded folder of Voxtral-4B-TTS-2603",
        )


def _transformer(fields: _Fields, default: TransformerArgs) -> TransformerArgs:
    if fields.get("use_biases", False):
        raise EngineError("params.json: use_biases is true", "this engine has no biases")
    args = TransformerArgs(
        dim=fields.get("dim", default.dim),
        n_layers=fields.get("n_layers", default.n_layers),
        head_dim=fields.get("head_dim", default.head_dim),
        hidden_dim=fields.get("hidden_dim", default.hidden_dim),
        n_heads=fields.get("n_heads", default.n_heads),
        n_kv_heads=fields.get("n_kv_heads", default.n_kv_heads),
        norm_eps=fields.get("norm_eps", default.norm_eps),
    )
    if args.n_heads % args.n_kv_heads:
        raise EngineError(
            f"params.json: {args.n_heads} heads do not share {args.n_kv_heads} key heads evenly",
            "take the file from the model's own repository",
        )
    return args


def _codebooks(audio: _Fields) -> tuple[int, tuple[int, ...]]:
    """Semantic size and acoustic sizes, from the three fields or the older comma string."""
    if audio.has("codebook_sizes"):
        semantic, *levels = audio.numbers("codebook_sizes", "")
        return semantic, tuple(levels)
    size = audio.get("acoustic_codebook_size", 21)
    return (
        audio.get("semantic_codebook_size", 8192),
        (size,) * audio.get("n_acoustic_codebook", 36),
    )


def _codec(fields: _Fields) -> CodecArgs:
    decoder = _half(fields, "decoder", "3,4,4,4", "1,2,2,2")
    encoder = _half(fields, "encoder", "4,4,4,3", "2,2,2,1")
    if prod(stage.stride for stage in encoder) != prod(stage.stride for stage in decoder):
        raise EngineError(
            "params.json: the codec's encoder and decoder have other frame rates",
            "take the file from the model's own repository",
        )
    for key, wanted in (("conv_weight_norm", True), ("causal", True), ("qk_norm", True)):
        if fields.get(key, wanted) is not wanted:
            raise EngineError(f"params.json: the codec's {key} is not {wanted}")
    if not fields.get("layer_scale", True) or fields.get("channels", 1) != 1:
        raise EngineError("params.json: the codec is not mono with layer scales")
    return CodecArgs(
        transformer=_transformer(
            fields,
            TransformerArgs(
                1024, sum(stage.layers for stage in decoder), 128, 4096, 8, 8, norm_eps=1e-2
            ),
        ),
        qk_norm_eps=fields.get("qk_norm_eps", 1e-6),
        semantic_codebook_size=fields.get("semantic_codebook_size", 8192),
        semantic_dim=fields.get("semantic_dim", 256),
        acoustic_codebook_size=fields.get("acoustic_codebook_size", 21),
        acoustic_dim=fields.get("acoustic_dim", 36),
        patch_size=fields.get("pretransform_patch_size", 240),
        patch_kernel=fields.get("patch_proj_kernel_size", 7),
        sampling_rate=fields.get("sampling_rate", 24000),
        stages=decoder,
        encoder_stages=encoder,
    )


def _half(fields: _Fields, half: str, kernels: str, strides: str) -> tuple[CodecStage, ...]:
    """The decoder's or the encoder's stages with their windows, in the order of the checkpoint.

    The attention window is whole at the highest rate; where `half_attn_window_upon_downsampling`
    is set, each stage's is that divided by the strides between it and the waveform.
    """
    kernel = fields.numbers(f"{half}_convs_kernels_str", kernels)
    stride = fields.numbers(f"{half}_convs_strides_str", strides)
    length = fields.numbers(f"{half}_transformer_lengths_str", "2,2,2,2")
    if not len(kernel) == len(stride) == len(length):
        raise EngineError(
            f"params.json: the {half}'s kernels, strides and lengths differ in number",
            "take the file from the model's own repository",
        )
    window = fields.get("attn_sliding_window_size", 16)
    halved = fields.get("half_attn_window_upon_downsampling", True)
    from_wave = list(zip(kernel, stride, length, strict=True))
    if half == "decoder":
        from_wave.reverse()
    stages: list[CodecStage] = []
    for taps, step, layers in from_wave:
        stages.append(CodecStage(taps, step, layers, window))
        if halved:
            window //= step
    return tuple(stages if half == "encoder" else stages[::-1])
