"""The names under which clips are stored: hashes of what makes their sound and of nothing else."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from podgen.engines.base import Engine, HearsRecordings, Utterance

VERSION = 1
"""Raised when the meaning of a stored clip changes."""

_LABELS = {"id", "consent", "base_url"}
"""Fields and settings of an utterance that do not reach its sound: what it is called, that its
speaker agreed, which of several servers speaks it."""


def take_key(fingerprint: str, utterance: Utterance) -> str:
    """The key of a take: SHA-256, in hexadecimal, of all that makes its sound.

    Position, speaker and file names are not in it. Referenced audio is, by its content.
    """
    values: dict[str, Any] = {
        field.name: getattr(utterance, field.name)
        for field in fields(utterance)
        if field.name not in _LABELS
    }
    values["settings"] = {
        name: value for name, value in utterance.settings.items() if name not in _LABELS
    }
    del values["voice_file"]
    if utterance.voice_file is not None:
        values["voice"] = file_digest(utterance.voice_file)
    if utterance.ref_audio is not None:
        values["ref_audio"] = file_digest(utterance.ref_audio)
    return digest({"take": VERSION, "engine": fingerprint, **values})


def heard_as(engine: Engine, fingerprint: str, utterance: Utterance) -> str:
    """The fingerprint of what speaks an utterance: of one that clones a recording, with the part of
    the engine that hears it, so that another such part leaves all other takes as they are."""
    if utterance.ref_audio is None or not isinstance(engine, HearsRecordings):
        return fingerprint
    return f"{fingerprint}:{engine.ear()}"


def digest(values: dict[str, Any]) -> str:
    """SHA-256 of plain values, independent of the order of their keys."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes; an unchanged file is read once."""
    stat = path.stat()
    return _file_digest(path, stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _file_digest(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
