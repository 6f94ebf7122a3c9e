"""The files of a model folder besides its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from podgen.errors import EngineError

TEKKEN = "tekken.json"
VOICES = "voice_embedding"


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
