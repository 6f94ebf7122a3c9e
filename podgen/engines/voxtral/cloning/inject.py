"""A checkpoint in the published layout with an encoder in it, and voices of one's own beside it.

The original is read and never written. Where the file system can share bytes (XFS, Btrfs, APFS
through `copy_file_range`), the eight gigabytes of weights take no room a second time.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import torch

from podgen.engines.voxtral.cloning import saving
from podgen.engines.voxtral.cloning.codec import open_encoder
from podgen.engines.voxtral.cloning.voice_file import read_voice_file
from podgen.engines.voxtral.model.checkpoint import read_voice
from podgen.engines.voxtral.model.config import Params, read_params
from podgen.engines.voxtral.model.files import (
    ENCODER,
    TEKKEN,
    VOICES,
    WEIGHTS,
    read_header,
    voice_row_counts,
)
from podgen.errors import EngineError, ScriptError
from podgen.files import staging, write_text, writing_failed

_BLOCK = 4096
"""Bytes that file systems share: the weights must lie at the same place within one."""
_PIECE = 1 << 24
_PARAMS = "params.json"


def inject(model: Path, encoder: Path, into: Path, voices: Sequence[Path] = ()) -> Path:
    """Write the checkpoint `into` a folder that is not there yet.

    Args:
        model: a downloaded folder.
        encoder: a file of the encoder's tensors.
        into: where to.
        voices: files of voices to put beside the published ones, by their files' names.

    Raises:
        ScriptError: `into` is there already.
        EngineError: naming a file and what is wrong with it.
        MachineError: the disk is full or cannot be written.
    """
    if into.exists():
        raise ScriptError(f"{into} is there already", "name a new folder")
    params = read_params(model / _PARAMS)
    open_encoder(encoder, params, torch.device("cpu"), torch.bfloat16)
    rows = {path.stem: _rows(path, params) for path in voices}
    into = into.absolute()
    with staging(into.parent) as folder:
        made = folder / into.name
        try:
            _copy_rest(model, made)
            _write_weights(model / WEIGHTS, encoder, made / WEIGHTS)
            _write_voices(model, made, rows)
            made.rename(into)
        except OSError as error:
            raise writing_failed(into, error) from error
    return into


def _rows(path: Path, params: Params) -> torch.Tensor:
    provenance = read_voice_file(path).provenance
    if provenance is None or not provenance.consent.strip():
        raise EngineError(f"{path} does not say by what right", "enrol it with 'podgen voices add'")
    return read_voice(path, params.backbone.dim)


def _copy_rest(model: Path, made: Path) -> None:
    """Everything but the weights; links are followed, as downloads often consist of them."""
    shutil.copytree(model, made, ignore=shutil.ignore_patterns(WEIGHTS, ".cache", ".git"))


def _write_weights(source: Path, encoder: Path, target: Path) -> None:
    """The weights with the encoder's tensors after them, in bfloat16 as all others are."""
    old, begin = read_header(source)
    size = source.stat().st_size - begin
    # An encoder that is there already is replaced by name; its bytes stay where they are, unused
    # bytes are against the format, so such a file is refused.
    if any(name.startswith(ENCODER) for name in old):
        raise EngineError(f"{source} has an encoder already", "begin with the published weights")
    parts: list[bytes] = []
    tensors: dict[str, Any] = dict(old)
    at = size
    with _opened(encoder) as stored:
        for name in sorted(stored.keys()):
            tensor = stored.get_tensor(name).to(torch.bfloat16).contiguous()
            data = tensor.view(torch.uint8).numpy().tobytes()
            tensors[name] = {
                "dtype": "BF16",
                "shape": list(tensor.shape),
                "data_offsets": [at, at + len(data)],
            }
            parts.append(data)
            at += len(data)
    header = json.dumps(tensors, separators=(",", ":")).encode()
    # Spaces after the header put the weights where they lie within a block of the original.
    header += b" " * ((begin - 8 - len(header)) % _BLOCK)
    with source.open("rb") as reading, target.open("wb") as writing:
        writing.write(len(header).to_bytes(8, "little") + header)
        writing.flush()
        _share(reading, writing, begin, size)
        for data in parts:
            writing.write(data)
        writing.flush()
        os.fsync(writing.fileno())


def _opened(encoder: Path) -> Any:
    from safetensors import safe_open

    return safe_open(encoder, framework="pt", device="cpu")


def _share(reading: BinaryIO, writing: BinaryIO, start: int, count: int) -> None:
    """Append `count` bytes from `start` on, sharing whole blocks where the file system can."""
    reading.seek(start)
    first = min(count, -start % _BLOCK)
    writing.write(reading.read(first))
    writing.flush()
    done = first
    whole = (count - first) // _BLOCK * _BLOCK
    with contextlib.suppress(OSError, AttributeError):  # not across disks, not everywhere
        while done < first + whole:
            there = os.copy_file_range(
                reading.fileno(),
                writing.fileno(),
                first + whole - done,
                start + done,
                writing.tell(),
            )
            if not there:
                break
            done += there
            writing.seek(there, os.SEEK_CUR)
    reading.seek(start + done)
    while done < count:
        data = reading.read(min(_PIECE, count - done))
        if not data:
            raise EngineError(f"{reading.name} is truncated", "download it again")
        writing.write(data)
        done += len(data)


def _write_voices(model: Path, made: Path, rows: dict[str, torch.Tensor]) -> None:
    """Voices as the published ones are: a .pt file, a number in params.json, a row count in
    tekken.json."""
    if not rows:
        return
    params = json.loads((model / _PARAMS).read_text(encoding="utf-8"))
    audio = params.setdefault("multimodal", {}).setdefault("audio_tokenizer_args", {})
    numbers = audio.setdefault("voice", {})
    tekken = json.loads((model / TEKKEN).read_text(encoding="utf-8"))
    counts = dict(voice_row_counts(model / TEKKEN))
    for name, voice in rows.items():
        if name in numbers or name in counts:
            raise ScriptError(f"{model} has a voice {name} already", "enrol it by another name")
        numbers[name] = 1 + max((int(number) for number in numbers.values()), default=-1)
        counts[name] = len(voice)
        (made / VOICES).mkdir(exist_ok=True)
        saving.save(voice.to(torch.bfloat16).contiguous(), made / VOICES / f"{name}.pt")
    if not isinstance(tekken.get("audio"), dict):
        raise EngineError(f"{model / TEKKEN} has no audio part", "download it again")
    tekken["audio"]["voice_num_audio_tokens"] = counts
    write_text(made / _PARAMS, json.dumps(params, indent=2, ensure_ascii=False) + "\n")
    write_text(made / TEKKEN, json.dumps(tekken, ensure_ascii=False))
