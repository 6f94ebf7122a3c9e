"""The files of a model folder besides its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from podgen.errors import EngineError

WEIGHTS = "consolidated.safetensors"
TEKKEN = "tekken.json"
VOICES = "voice_embedding"
ENCODER = ("audio_tokenizer.input_proj.", "audio_tokenizer.encoder_blocks.")
"""Names of the codec encoder's tensors. The published file has none; others may."""


def voice_files(folder: Path) -> dict[str, Path]:
    """The voice files of a model folder by voice; a .safetensors file goes before a .pt file."""
    found: dict[str, Path] = {}
    for suffix in (".pt", ".safetensors"):
        for path in sorted((folder / VOICES).glob(f"*{suffix}")):
            found[path.stem] = path
    return found


def voice_row_counts(path: Path) -> Mapping[str, int]:
    """How many rows tekken.json says each voice has; empty where it does not say.

    Raises:
        EngineError: where the file is no JSON.
    """
    try:
        audio = json.loads(path.read_text(encoding="utf-8")).get("audio") or {}
        counts = audio.get("voice_num_audio_tokens") or {}
        return {str(name): int(rows) for name, rows in counts.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise EngineError(f"{path} is damaged ({error})", "download it again") from None


def holds_encoder(path: Path) -> bool:
    """Whether a weights file has tensors of the codec's encoder; its header alone is read."""
    try:
        stat = path.stat()
    except OSError:
        return False
    return _holds_encoder(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _holds_encoder(path: Path, _size: int, _changed: int) -> bool:
    try:
        return any(name.startswith(ENCODER) for name in read_header(path)[0])
    except EngineError:
        return False  # reading the weights says so


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """The tensors of a safetensors file by name, `__metadata__` included, and where data begin.

    Raises:
        EngineError: it is no such file.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= path.stat().st_size - 8:
                raise ValueError("no header")
            header = json.loads(file.read(length))
        if not isinstance(header, dict):
            raise ValueError("no header")
    except (OSError, ValueError) as error:
        raise EngineError(f"{path} is truncated or damaged ({error})", "get it again") from None
    return header, 8 + length
