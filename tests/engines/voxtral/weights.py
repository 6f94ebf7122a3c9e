"""Weights made up by name or without content, and parameters of sizes unlike the goldens'."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import torch
from torch import Tensor

from podgen.engines.voxtral.model.config import Params, parse_params


class NamedWeights:
    """Random weights that depend on their names, kept as float64 for a reference to read."""

    def __init__(self, dtype: torch.dtype = torch.float64, **changes: Tensor) -> None:
        self.device = torch.device("cpu")
        self.dtype = dtype
        self.tensors: dict[str, Tensor] = dict(changes)

    def get(self, name: str, *shape: int) -> Tensor:
        if name not in self.tensors:
            generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
            drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
            if len(shape) == 1:
                drawn = 1 + 0.2 * drawn
            elif "tok_embeddings" not in name and "embeddings" not in name:
                drawn = drawn / max(1, torch.Size(shape[1:]).numel()) ** 0.5
            self.tensors[name] = drawn
        assert self.tensors[name].shape == shape, name
        return self.tensors[name].to(self.dtype)

    def stacked(self, parts: Sequence[tuple[str, int]], columns: int) -> Tensor:
        return torch.cat([self.get(name, rows, columns) for name, rows in parts])


class NoData:
    """Weights of every shape and no content; remembers what was asked for."""

    device = torch.device("meta")

    def __init__(self, dtype: torch.dtype = torch.bfloat16) -> None:
        self.dtype = dtype
        self.shapes: dict[str, tuple[int, ...]] = {}

    def get(self, name: str, *shape: int) -> Tensor:
        self.shapes[name] = shape
        return torch.empty(shape, device="meta", dtype=self.dtype)

    def stacked(self, parts: Sequence[tuple[str, int]], columns: int) -> Tensor:
        return torch.cat([self.get(name, rows, columns) for name, rows in parts])


def small_params(**top: object) -> Params:
    """Sizes unlike the golden checkpoint's: other ratios everywhere, eight codec heads."""
    net = {"dim": 48, "n_layers": 2, "head_dim": 8, "hidden_dim": 80, "n_heads": 6,
           "n_kv_heads": 3, "input_dim": 48}  # fmt: skip
    audio = {"semantic_codebook_size": 40, "acoustic_codebook_size": 5, "n_acoustic_codebook": 7,
             "acoustic_transformer_args": net}  # fmt: skip
    codec = {"semantic_codebook_size": 40, "acoustic_codebook_size": 5, "acoustic_dim": 7,
             "semantic_dim": 9, "dim": 32, "hidden_dim": 24, "head_dim": 4, "n_heads": 8,
             "n_kv_heads": 8, "pretransform_patch_size": 6}  # fmt: skip
    values = {
        "dim": 48, "n_layers": 3, "head_dim": 16, "hidden_dim": 56, "n_heads": 4,
        "n_kv_heads": 2, "vocab_size": 300,
        "multimodal": {"audio_model_args": audio, "audio_tokenizer_args": codec},
    }  # fmt: skip
    return parse_params(values | top)
