"""The whole model on one device: backbone, acoustic transformer, codec and the voices' rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from podgen.engines.voxtral.model.acoustic import AcousticTransformer
from podgen.engines.voxtral.model.backbone import Backbone, KeyValues
from podgen.engines.voxtral.model.checkpoint import Checkpoint, Source, read_voice
from podgen.engines.voxtral.model.codec import CodecDecoder
from podgen.engines.voxtral.model.config import Params, read_params
from podgen.engines.voxtral.model.device import on_device
from podgen.engines.voxtral.model.files import TEKKEN, WEIGHTS, voice_files, voice_row_counts
from podgen.engines.voxtral.model.layers import MakeLinear
from podgen.engines.voxtral.model.ops import TorchOps
from podgen.engines.voxtral.model.packed import packed
from podgen.engines.voxtral.model.prompt import voice_prompt
from podgen.engines.voxtral.model.quantise import projection
from podgen.errors import EngineError


@dataclass(frozen=True, slots=True)
class Make:
    """How a model is made of its weights.

    `quantise` is "none", "int8", "int4" or "fp8" and concerns the backbone's layers alone.
    `steps` of 0 means as many as params.json says. `own_rows` is the most rows of a product with
    unquantised weights that our kernel computes rather than the library; 0 until a measurement on
    the device says otherwise. `packs` has a CPU keep its weights in 16 bits and compute in float32,
    see `packed`; it takes a `dtype` of 16 bits.
    """

    device: str = "cpu"
    dtype: torch.dtype = torch.float32
    quantise: str = "none"
    steps: int = 0
    cfg_alpha: float = 1.2
    triton: bool = True
    own_rows: int = 0
    packs: bool = False

    @property
    def computes(self) -> torch.dtype:
        """What activations, keys and values are kept in."""
        return torch.float32 if self.packs else self.dtype


class Model:
    """Everything that is on the device and does not change.

    Attributes:
        dtype: what activations, keys and values are kept in.
        exact: whether nothing of it has fewer bits than float32.
    """

    def __init__(self, source: Source, params: Params, make: Make) -> None:
        self.params = params
        self.device = source.device
        self.dtype = source.dtype
        self.ops = choose_ops(source.device, make)
        self.exact = not make.packs and torch.finfo(source.dtype).bits >= 32
        linear: MakeLinear = projection(make.quantise, self.ops, packs=make.packs)
        self.backbone = Backbone(source, params, self.ops, linear)
        self.acoustic = AcousticTransformer(
            source,
            params,
            self.ops,
            make.steps or params.decoding_steps,
            make.cfg_alpha,
            packed if make.packs else None,
        )
        self.codec = CodecDecoder(source, params.codec, self.ops)
        self._voices: dict[str, Tensor] = {}
        self._starts: dict[str, KeyValues] = {}

    def add_voice(self, name: str, rows: Tensor) -> None:
        """Make a voice of rows [N, dim] speakable under a name."""
        self._voices[name] = rows.to(self.device, self.dtype)
        self._starts.pop(name, None)

    def has_voice(self, name: str) -> bool:
        """Whether a voice of that name was added."""
        return name in self._voices

    def voice_rows(self, name: str) -> int:
        """How many rows a voice has."""
        return len(self._voices[name])

    def voice_start(self, name: str) -> KeyValues:
        """Keys and values of a voice's prompt up to the text, in one slot; computed once."""
        start = self._starts.get(name)
        if start is None:
            rows = self._voices[name]
            ids = torch.tensor(voice_prompt(self.params, len(rows)), device=self.device)
            x = self.backbone.text_table[ids]
            x[ids == self.params.audio_id] = rows
            start = KeyValues.empty(self.backbone.args, 1, len(ids), x)
            at = torch.zeros(1, dtype=torch.long, device=self.device)
            self.backbone.prefill(x[None], at, at, start, len(ids))
            self._starts[name] = start
        return start


def choose_ops(device: torch.device, make: Make) -> TorchOps:
    """The fused kernels on a CUDA device that has Triton, plain PyTorch elsewhere."""
    if device.type == "cuda" and make.triton:
        try:
            from podgen.engines.voxtral.model.kernels.ops import TritonOps
        except ImportError:
            return TorchOps()
        return TritonOps(make.own_rows)
    return TorchOps()


def load_model(folder: Path, make: Make) -> Model:
    """The model of a downloaded folder, with all its voices.

    Raises:
        EngineError: naming the file and what is wrong with it.
    """
    params = read_params(folder / "params.json")
    device = torch.device(make.device)
    with on_device(device), Checkpoint(folder / WEIGHTS, device, make.computes) as source:
        model = Model(source, params, make)
        source.pass_over_encoder()
        source.finish()
    counts = voice_row_counts(folder / TEKKEN)
    for name, path in voice_files(folder).items():
        rows = read_voice(path, params.backbone.dim)
        if len(rows) != counts.get(name, len(rows)):
            raise EngineError(
                f"{path} has {len(rows)} rows, {TEKKEN} says {counts[name]}",
                "voice and tekken.json must be of the same release",
            )
        model.add_voice(name, rows)
    return model
