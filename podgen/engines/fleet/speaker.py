"""The actor: an engine on a node that speaks what it is handed, many utterances at once.

It runs in a process of its own, which ends when the engine breaks down; what it had in its hands is
given to others. Nothing here reads a path but the engine its weights: a recording to be cloned
comes as bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from podgen.engines.base import Utterance
from podgen.engines.continuous import Asked, Delivery, Failed, Part
from podgen.engines.fleet.box import Box
from podgen.engines.fleet.probe import Make, Probe, probe
from podgen.engines.rounds import speak_from
from podgen.engines.workers import VARIABLE
from podgen.errors import EngineError, MachineError, PodgenError, Problem

log = logging.getLogger(__name__)


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
    """An utterance as it travels: the files that it names by field, as suffix and bytes."""

    asked: Asked
    files: Mapping[str, tuple[str, bytes]]


def pack(asked: Asked) -> Packed:
    """Without paths that only this machine knows."""
    said = asked.utterance
    named = {"ref_audio": said.ref_audio, "voice_file": said.voice_file}
    files = {field: (path.suffix, path.read_bytes()) for field, path in named.items() if path}
    bare = replace(said, ref_audio=None, voice_file=None)
    return Packed(replace(asked, utterance=bare), files)


Reply = Part | Refused | None
"""Sound, why there is none, or None for what was given back."""


class Speaker:
    """An engine as an actor; its methods are called from the driver.

    Args:
        make: makes the engine.
        at_once: how many utterances it speaks together.
        cpus: how many cores it has.
    """

    def __init__(self, make: Make, at_once: int, cpus: int) -> None:
        os.environ[VARIABLE] = str(cpus)
        self._make, self._at_once = make, at_once
        self._box = Box()
        self._loaded = threading.Event()
        self._fault: Refused | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None

    async def look(self) -> Probe:
        """What is here, before anything is loaded."""
        return await asyncio.to_thread(probe, self._make)

    async def load(self) -> Refused | None:
        """Load the engine by having it speak a word; why it cannot, if so."""
        threading.Thread(target=self._work, name="podgen-engine", daemon=True).start()
        voice = await asyncio.to_thread(lambda: self._make().voices()[0])
        word = Asked(Utterance("", "Hello.", voice.name, voice.language))
        await self.speak(Packed(word, {}))  # a reading that goes wrong has shown that it is loaded
        self._loaded.set()
        return self._fault

    async def speak(self, packed: Packed) -> Reply:
        """Speak an utterance to its end."""
        async for reply in self.stream(packed):
            return reply
        return None

    async def stream(self, packed: Packed) -> AsyncIterator[Reply]:
        """Speak an utterance, giving its sound away as the engine does."""
        loop = asyncio.get_running_loop()
        replies: asyncio.Queue[Delivery | None] = asyncio.Queue()
        asked = self._unpacked(packed)

        def listen(reply: Delivery | None) -> None:
            loop.call_soon_threadsafe(replies.put_nowait, reply)

        self._box.add(asked, listen)
        while True:
            reply = await replies.get()
            yield Refused.of(reply.error) if isinstance(reply, Failed) else reply
            if not isinstance(reply, Part) or reply.last:
                return

    async def give_back(self, most: int) -> None:
        """Let go of up to `most` utterances that are not begun."""
        self._box.give_back(most)

    async def drop(self, key: str) -> None:
        """Nobody wants this one any more."""
        self._box.remove(key)

    def _work(self) -> None:
        try:
            for delivery in speak_from(self._make(), self._box, self._at_once):
                self._box.hand_over(delivery)
        except Exception as error:
            if self._loaded.is_set():
                log.exception("the engine broke down")
                os._exit(1)
            self._fault = Refused.of(error)
            self._box.hand_over(Failed("", error))

    def _unpacked(self, packed: Packed) -> Asked:
        said = packed.asked.utterance
        paths = {field: self._written(*file) for field, file in packed.files.items()}
        return replace(
            packed.asked,
            utterance=replace(
                said, ref_audio=paths.get("ref_audio"), voice_file=paths.get("voice_file")
            ),
        )

    def _written(self, suffix: str, data: bytes) -> Path:
        if self._files is None:
            self._files = tempfile.TemporaryDirectory(prefix="podgen-")
        path = Path(self._files.name) / f"{hashlib.sha256(data).hexdigest()}{suffix}"
        if not path.exists():
            path.write_bytes(data)
        return path
