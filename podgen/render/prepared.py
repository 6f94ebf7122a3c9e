"""Sound files of a show at the mix rate, from the store or made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podgen.audio.asset import VERSION, Asset, prepare
from podgen.audio.presets import Preset
from podgen.render.keys import digest, file_digest
from podgen.render.sealed import CorruptError
from podgen.render.store import Clip, Store


def prepared_file(
    file: Path, trim: tuple[float, float | None], preset: Preset, store: Store
) -> tuple[Clip, Asset, bool]:
    """The clip in the store, its figures, and whether one that was there had to be made again.

    Raises:
        ScriptError: the file is no audio.
        MachineError: the store cannot be written.
    """
    key = digest(
        {
            "asset": VERSION,
            "file": file_digest(file),
            "rate": preset.sample_rate,
            "channels": preset.channels,
            "trim": list(trim),
        }
    )
    try:
        clip = store.get("assets", key)
        corrupt = clip is not None and not clip.intact()
    except CorruptError:
        clip, corrupt = None, True
    if clip is None or corrupt:

        def write(path: Path) -> Mapping[str, Any]:
            return prepare(
                file, path, preset.sample_rate, preset.channels, start=trim[0], end=trim[1]
            ).to_json()

        clip = store.add("assets", key, write)
    return clip, Asset.from_json(clip.notes), corrupt
