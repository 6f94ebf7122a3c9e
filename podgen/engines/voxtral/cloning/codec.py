"""The parts of a checkpoint that cloning takes: the codec, its encoder, and the table of codes.

Of the published eight gigabytes 0.4 are read, or 0.7 with an encoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from podgen.engines.voxtral.model.backbone import CodeTable
from podgen.engines.voxtral.model.checkpoint import Checkpoint
from podgen.engines.voxtral.model.codec import CodecDecoder
from podgen.engines.voxtral.model.config import END_AUDIO, SPECIAL_CODES, Params, read_params
from podgen.engines.voxtral.model.encoder import CodecEncoder
from podgen.engines.voxtral.model.files import WEIGHTS, holds_encoder
from podgen.engines.voxtral.model.ops import TorchOps
from podgen.errors import EngineError


@dataclass(frozen=True, slots=True)
class Codec:
    """What turns sound into codes, codes into rows of the prompt, and both back into sound."""

    params: Params
    decoder: CodecDecoder
    table: CodeTable
    encoder: CodecEncoder | None

    @torch.inference_mode()
    def encode(self, samples: Tensor) -> Tensor:
        """Codes [frames, codebooks], specials' offset included, of mono samples at 24 kHz.

        Raises:
            EngineError: there is no encoder.
        """
        if self.encoder is None:
            raise EngineError("there is no codec encoder", "name one with encoder:")
        [latent] = self.encoder.encode([samples.to(self.table.weight.device)])
        return self.decoder.codebooks.values(latent) + SPECIAL_CODES

    @torch.inference_mode()
    def rows(self, codes: Tensor) -> Tensor:
        """A voice's rows [frames + 1, dim] of codes [frames, codebooks], END_AUDIO's row last."""
        end = torch.zeros_like(codes[:1])
        end[0, 0] = END_AUDIO
        return self.table.rows(torch.cat([codes, end]))


def open_codec(
    folder: Path,
    encoder: Path | None = None,
    device: torch.device | None = None,
    dtype: torch.dtype = torch.float32,
) -> Codec:
    """The codec of a model folder, with the encoder of a file or else of the checkpoint itself.

    Computed in float32 unless asked otherwise: in bfloat16 codes fall the other way here and there.

    Raises:
        EngineError: naming the file and what is wrong with it.
    """
    device = device or torch.device("cpu")
    params = read_params(folder / "params.json")
    with Checkpoint(folder / WEIGHTS, device, dtype) as source:
        decoder = CodecDecoder(source, params.codec, TorchOps())
        table = CodeTable(source, params)
        own = (
            CodecEncoder(source, params.codec, TorchOps())
            if holds_encoder(folder / WEIGHTS)
            else None
        )
    if encoder is not None:
        own = open_encoder(encoder, params, device, dtype)
    return Codec(params, decoder, table, own)


def open_encoder(
    path: Path, params: Params, device: torch.device, dtype: torch.dtype
) -> CodecEncoder:
    """The encoder of a file that holds its tensors alone.

    Raises:
        EngineError: naming the file and what is wrong with it.
    """
    if not path.is_file():
        raise EngineError(f"no encoder at {path}", "check the path, or train one")
    with Checkpoint(path, device, dtype) as source:
        made = CodecEncoder(source, params.codec, TorchOps())
        source.finish()
    return made
