"""Files that may be music or effects of a show: those that lie with its script."""

from __future__ import annotations

import os
from pathlib import Path

_KINDS = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aiff", ".aif"}
_DEEPEST = 3
_MOST = 500


def sound_files(folder: Path, without: Path) -> list[str]:
    """Sounds in a folder and a little below it, as a script in the folder names them.

    `without` is the folder that episodes are written to, which has none.
    """
    found: list[str] = []
    for at, folders, names in os.walk(folder):
        below = Path(at).relative_to(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (Path(at) / name).resolve() != without
        )
        if len(below.parts) >= _DEEPEST:
            folders.clear()
        sounds = (name for name in sorted(names) if Path(name).suffix.lower() in _KINDS)
        found += [(below / name).as_posix() for name in sounds]
        if len(found) >= _MOST:
            break
    return found[:_MOST]
