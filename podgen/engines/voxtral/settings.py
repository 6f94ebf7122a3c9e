"""The engine's settings, read from a show or the command line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from podgen.engines.voxtral.model.config import HOTTEST
from podgen.engines.voxtral.text.pieces import read_split
from podgen.errors import EngineError

MODEL_VARIABLE = "PODGEN_VOXTRAL_MODEL"
GPU_SLOTS = 64
QUANTISE = ("none", "int8", "int4", "fp8")
DTYPES = ("auto", "float32", "bfloat16", "float16")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?(,cuda:\d+)*")


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set for a whole job.

    Attributes:
        model: the downloaded folder; else what PODGEN_VOXTRAL_MODEL names.
        device: auto, cpu, mps, cuda (every GPU), or GPUs by number: cuda:0,cuda:1.
        dtype: auto is bfloat16.
        cfg_alpha: guidance: 1 is none, more keeps closer to the voice's own recording.
        steps: Euler steps of the acoustic transformer; None is what params.json says, 7.
        batch: most turns at once on a device; None is 64 on a GPU, 4 elsewhere.
        cuda_graphs: off for devices where graphs misbehave.
        triton: off for PyTorch's own operations in place of our kernels.
        quantise: none, int8, int4 or fp8 for the backbone's weights.
        retries: how often a turn that ends badly is generated again, each time with the next
            seed.
        split: characters of the pieces that a longer text is cut into; None for never.
        temperature: of the semantic codes; 0 takes the likeliest.
        encoder: a file of the codec encoder's tensors, where the weights lack them.
    """

    model: Path | None = None
    device: str = "auto"
    dtype: str = "auto"
    cfg_alpha: float = 1.2
    steps: int | None = None
    batch: int | None = None
    cuda_graphs: bool = True
    triton: bool = True
    quantise: str = "none"
    retries: int = 3
    split: int | None = 1200
    temperature: float = 0.0
    encoder: Path | None = None


def read_settings(values: Mapping[str, object]) -> Settings:
    """Settings of names and values.

    Raises:
        EngineError: naming a setting that does not exist or has no such value.
    """
    known = Settings.__dataclass_fields__
    for name in values:
        if name not in known:
            near = get_close_matches(name, known, 1)
            remedy = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
            raise EngineError(f"voxtral has no setting `{name}`", remedy)
    read = _Reader(values)
    folder = values.get("model") or os.environ.get(MODEL_VARIABLE)
    encoder = values.get("encoder")
    default = Settings()
    return Settings(
        model=Path(str(folder)).expanduser() if folder else None,
        device=read.word("device", default.device, _DEVICE),
        dtype=read.one_of("dtype", default.dtype, DTYPES),
        cfg_alpha=read.number("cfg_alpha", default.cfg_alpha, 0.0, 10.0),
        steps=read.count("steps", 1, 256),
        batch=read.count("batch", 1, 1024),
        cuda_graphs=read.flag("cuda_graphs", default.cuda_graphs),
        triton=read.flag("triton", default.triton),
        quantise=read.one_of("quantise", default.quantise, QUANTISE),
        retries=_or(read.count("retries", 0, 100), default.retries),
        split=read.split(default.split),
        temperature=read.number("temperature", default.temperature, 0.0, HOTTEST),
        encoder=Path(str(encoder)).expanduser() if encoder else None,
    )


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


class _Reader:
    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}

    def _wrong(self, name: str, wanted: str) -> EngineError:
        return EngineError(f"voxtral: {name} is {self._values[name]!r}", f"give {wanted}")

    def word(self, name: str, default: str, pattern: re.Pattern[str]) -> str:
        value = str(self._values.get(name, default))
        if not pattern.fullmatch(value):
            raise self._wrong(name, "auto, cpu, mps, cuda, or cuda:0,cuda:1 and so on")
        return value

    def one_of(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = str(self._values.get(name, default))
        if value not in choices:
            raise self._wrong(name, f"one of {', '.join(choices)}")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        try:
            value = float(str(self._values.get(name, default)))
        except ValueError:
            value = high + 1
        if not low <= value <= high:
            raise self._wrong(name, f"a number from {low:g} to {high:g}")
        return value

    def count(self, name: str, low: int, high: int) -> int | None:
        if name not in self._values:
            return None
        text = str(self._values[name])
        if not text.isdecimal() or not low <= int(text) <= high:
            raise self._wrong(name, f"a whole number from {low} to {high}")
        return int(text)

    def flag(self, name: str, default: bool) -> bool:
        value = self._values.get(name, default)
        words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        if isinstance(value, bool):
            return value
        if str(value).lower() not in words:
            raise self._wrong(name, "true or false")
        return words[str(value).lower()]

    def split(self, default: int | None) -> int | None:
        if "split" not in self._values:
            return default
        try:
            return read_split(self._values["split"])
        except ValueError as error:
            raise EngineError(f"voxtral: {error}", "give never, auto or 20 and more") from None
