"""What travels between driver and actors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from podgen.engines.continuous import Asked, Part
from podgen.errors import EngineError, MachineError, PodgenError, Problem


@dataclass(frozen=True, slots=True)
class Refused:
    """An utterance that cannot be spoken, or an engine that cannot speak, as it travels."""

    problems: tuple[Problem, ...]
    of_machine: bool = False

    @classmethod
    def of(cls, error: Exception) -> Refused:
        """What an engine raised."""
        if isinstance(error, PodgenError):
            return cls(error.problems, isinstance(error, MachineError))
        return cls((Problem(f"{type(error).__name__}: {error}"),))

    def error(self) -> PodgenError:
        """The same as an exception."""
        return (MachineError if self.of_machine else EngineError)(self.problems)


@dataclass(frozen=True, slots=True)
class Packed:
    """An utterance as it travels: the files that it names by field, as suffix and bytes.

    With `prompt` somebody waits for just this one: what comes of it is told at once.
    """

    asked: Asked
    files: Mapping[str, tuple[str, bytes]]
    prompt: bool


def pack(asked: Asked, key: str, *, prompt: bool) -> Packed:
    """Under another id, and without paths that only this machine knows."""
    said = asked.utterance
    named = {"ref_audio": said.ref_audio, "voice_file": said.voice_file}
    files = {field: (path.suffix, path.read_bytes()) for field, path in named.items() if path}
    bare = replace(said, id=key, ref_audio=None, voice_file=None)
    return Packed(Asked(bare, asked.in_parts), files, prompt or asked.in_parts)


Reply = Part | Refused
"""Sound, or why there is none."""
