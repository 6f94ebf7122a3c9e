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
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from podgen.engines.base import Utterance
from podgen.engines.continuous import Asked, Failed
from podgen.engines.fleet.box import Box
from podgen.engines.fleet.probe import Make, Probe, probe
from podgen.engines.fleet.wire import Packed, Refused, Reply
from podgen.engines.rounds import speak_from
from podgen.engines.workers import VARIABLE

log = logging.getLogger(__name__)


class Speaker:
    """An engine as an actor; its methods are called from the driver.

    Args:
        make: makes the engine.
        at_once: how many utterances it speaks together.
        low: with fewer than so many to begin it asks for more.
        cpus: how many cores it has.
    """

    def __init__(self, make: Make, at_once: int, low: int, cpus: int) -> None:
        os.environ[VARIABLE] = str(cpus)
        self._make, self._at_once = make, at_once
        self._box = Box(low)
        self._fault: Refused | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None

    async def look(self) -> Probe:
        """What is here, before anything is loaded."""
        return await asyncio.to_thread(probe, self._make)

    async def load(self) -> Refused | None:
        """Load the engine by having it speak a word; why it cannot, if so."""
        threading.Thread(target=self._work, name="podgen-engine", daemon=True).start()
        voice = await asyncio.to_thread(lambda: self._make().voices()[0])
        self._box.add([(Asked(Utterance("", "Hello.", voice.name, voice.language)), True)])
        # A word that goes wrong has shown that it is loaded, too.
        await asyncio.to_thread(self._box.gather, wait=True)
        return self._fault

    async def take(self, orders: Sequence[Packed]) -> None:
        """These are to be spoken; `collect` says what came of them."""
        taken = []
        for packed in orders:
            try:
                taken.append((self._unpacked(packed), packed.prompt))
            except OSError as error:
                self._box.refuse(packed.asked.utterance.id, error)
        self._box.add(taken)

    async def collect(self) -> list[tuple[str, Reply]]:
        """What has come of the orders since it was last asked, by their ids; waits for something.

        Only one such call may be under way.
        """
        ready = self._box.gather(wait=False)
        return ready or await asyncio.to_thread(self._box.gather, wait=True)

    async def give_back(self, most: int) -> list[str]:
        """Let go of up to `most` utterances that are not begun; which."""
        return self._box.give_back(most)

    async def drop(self, key: str) -> None:
        """Nobody wants this one any more."""
        self._box.remove(key)

    def _work(self) -> None:
        try:
            for delivery in speak_from(self._make(), self._box, self._at_once):
                self._box.hand_over(delivery)
        except Exception as error:
            if not self._box.wanted(""):  # the word that shows whether it can be loaded
                log.exception("the engine broke down")
                os._exit(1)
            self._fault = Refused.of(error)
            self._box.hand_over(Failed("", error))

    def _unpacked(self, packed: Packed) -> Asked:
        if not packed.files:
            return packed.asked
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
