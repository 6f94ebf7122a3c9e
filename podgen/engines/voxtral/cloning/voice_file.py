"""A cloned voice as a file: its rows, and what they were made of, how, when and by what right.

`NAME.safetensors` holds one tensor, `rows` [N, dim] in bfloat16 with END_AUDIO's row last, as the
published voices do, so it may be dropped into a checkpoint's `voice_embedding/`. What was noted
lies in the header.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from podgen.engines.voxtral.model.files import read_header
from podgen.errors import EngineError
from podgen.files import whole_file

if TYPE_CHECKING:
    from torch import Tensor

SUFFIX = ".safetensors"
_NOTES = "podgen"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a voice comes from.

    Attributes:
        method: how the codes were found: `encode` or `optimise`.
        source: SHA-256 of the recording's file.
        seconds: of the recording as it was used.
        prepared: what was done to it.
        model: digest of the checkpoint that the rows belong to.
        encoder: digest of the encoder, where there was one.
        consent: who agreed to be cloned, when and to what.
        made: date and time, UTC.
        loss: of the last step, where codes were optimised.
    """

    method: str
    source: str
    seconds: float
    prepared: tuple[str, ...]
    model: str
    encoder: str | None
    consent: str
    made: str
    loss: float | None = None

    @staticmethod
    def now() -> str:
        """The time as it is noted."""
        return datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")


def write_voice(path: Path, rows: Tensor, provenance: Provenance) -> None:
    """Write rows [N, dim] as a whole file.

    Raises:
        MachineError: the disk is full or the folder cannot be written.
    """
    import torch
    from safetensors.torch import save

    notes = {_NOTES: json.dumps(asdict(provenance), ensure_ascii=False)}
    data = save({"rows": rows.to("cpu", torch.bfloat16).contiguous()}, metadata=notes)
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """What a voice file's header says."""

    rows: int
    dim: int
    provenance: Provenance | None


def read_voice_file(path: Path) -> VoiceFile:
    """A voice file's header; an unchanged file is read once.

    Raises:
        EngineError: it is missing or no voice.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise EngineError(
            f"no voice at {path} ({error.strerror})", "'podgen voices add' makes one"
        ) from None
    return _read(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _read(path: Path, _size: int, _changed: int) -> VoiceFile:
    header, _ = read_header(path)
    tensors = [value for name, value in header.items() if name != "__metadata__"]
    shape = tensors[0].get("shape") if len(tensors) == 1 else None
    if not isinstance(shape, list) or len(shape) != 2:
        raise EngineError(f"{path} holds no voice", "'podgen voices add' makes one")
    return VoiceFile(shape[0], shape[1], _provenance(header.get("__metadata__")))


def _provenance(notes: object) -> Provenance | None:
    if not isinstance(notes, Mapping) or _NOTES not in notes:
        return None
    try:
        values = json.loads(notes[_NOTES])
        return Provenance(**{**values, "prepared": tuple(values["prepared"])})
    except (ValueError, TypeError, KeyError):
        return None
