"""What an utterance asks of cloning, and what is wrong with it: a recording, or a voice's file."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from podgen.engines.base import Utterance
from podgen.engines.checks import Problems
from podgen.engines.voxtral.cloning.recording import prepare
from podgen.engines.voxtral.cloning.voice_file import read_voice_file
from podgen.engines.voxtral.model.config import read_params
from podgen.engines.voxtral.model.files import WEIGHTS, holds_encoder
from podgen.engines.voxtral.settings import Settings
from podgen.errors import EngineError

CONSENT = (
    "a cloned voice needs the speaker's consent on record",
    "add `consent:` with a line that says who agreed, when and to what",
)
NO_ENCODER = (
    "voxtral cannot clone from `ref_audio`: the published weights lack the codec's encoder",
    "enrol the recording without one (`podgen voices add NAME FILE --consent WHY`) and cast that "
    "voice, or train an encoder (`podgen train encoder`) and name it as the engine's `encoder`",
)


def can_hear(settings: Settings) -> bool:
    """Whether there is an encoder, in a file of its own or among the weights."""
    if settings.encoder is not None:
        return True
    return settings.model is not None and holds_encoder(settings.model / WEIGHTS)


def ear(settings: Settings) -> str:
    """The digest of the encoder's file; nothing where it is among the weights, whose digest says.

    Raises:
        EngineError: the file cannot be read.
    """
    return "" if settings.encoder is None else file_digest(settings.encoder)[:32]


def reference_problems(utterance: Utterance, settings: Settings) -> Problems:
    """What is wrong with an utterance's recording, or with the file of its voice."""
    if utterance.ref_audio is not None:
        if not can_hear(settings):
            return [NO_ENCODER]
        return _recording_problems(utterance, utterance.ref_audio, settings)
    if utterance.voice_file is not None:
        return _file_problems(utterance.voice_file, settings)
    return []


def _recording_problems(utterance: Utterance, path: Path, settings: Settings) -> Problems:
    problems: Problems = []
    if not str(utterance.settings.get("consent") or "").strip():
        problems.append(CONSENT)
    if settings.encoder is not None and not settings.encoder.is_file():
        problems.append((f"there is no encoder at {settings.encoder}", "check the path"))
    try:
        prepare(path)
    except EngineError as error:
        problems += [(problem.what, problem.remedy) for problem in error.problems]
    return problems


def _file_problems(path: Path, settings: Settings) -> Problems:
    try:
        voice = read_voice_file(path)
        dim = read_params(settings.model / "params.json").backbone.dim if settings.model else None
    except EngineError as error:
        return [(problem.what, problem.remedy) for problem in error.problems]
    if dim not in (None, voice.dim):
        return [(f"{path} is of a model {voice.dim} wide, not {dim}", "enrol it with this model")]
    if voice.provenance is None or not voice.provenance.consent.strip():
        return [(f"{path} does not say by what right", "enrol it with 'podgen voices add'")]
    return []


def file_digest(path: Path) -> str:
    """SHA-256 of a file; an unchanged one is read once.

    Raises:
        EngineError: it cannot be read.
    """
    try:
        stat = path.stat()
        return _digest(path, stat.st_size, stat.st_mtime_ns)
    except OSError as error:
        raise EngineError(f"{path} cannot be read ({error.strerror})", "check the path") from None


@lru_cache(maxsize=16)
def _digest(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
