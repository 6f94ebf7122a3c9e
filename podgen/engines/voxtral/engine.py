"""The Voxtral engine: utterances in, speech out, every turn whole or an error by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from time import monotonic
from typing import TYPE_CHECKING

from podgen.engines.base import Availability, Capabilities, Speech, Utterance, VoiceInfo
from podgen.engines.checks import Problems, check_against, refuse
from podgen.engines.continuous import Delivery, Inbox, Part
from podgen.engines.voxtral import presence
from podgen.engines.voxtral.cloning.references import can_hear, ear, reference_problems
from podgen.engines.voxtral.fingerprint import model_digest
from podgen.engines.voxtral.model.config import MAX_POSITIONS
from podgen.engines.voxtral.refusals import (
    length_problems,
    read_max_tokens,
    refusals,
    voice_problems,
)
from podgen.engines.voxtral.settings import GPU_SLOTS, Settings, read_settings
from podgen.engines.voxtral.text import pace
from podgen.engines.voxtral.text.pieces import Piece, cut, read_split
from podgen.engines.voxtral.voices import LANGUAGES, list_voices
from podgen.errors import EngineError, MachineError, Problem
from podgen.text.language import primary

if TYPE_CHECKING:
    from podgen.engines.voxtral.batch.loaded import Loaded
    from podgen.engines.voxtral.batch.progress import Progress
    from podgen.engines.voxtral.batch.speaking import Speaking

SOUND = 1
"""Raised whenever a change to the code changes what a turn sounds like."""
RATE = 24000
_BLOCK = 8
"""Among so many utterances for each slot, the longest is spoken first."""


class VoxtralEngine:
    """The published model in PyTorch, on GPUs or, slowly, a CPU.

    Args:
        settings: see `settings.Settings`; None where a setting keeps its default.

    Attributes:
        on_progress: called a few times a second while `synthesize` runs.
    """

    name = "voxtral"

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self.settings: Settings = read_settings(settings or {})
        self.on_progress: Callable[[Progress], None] | None = None
        self._loaded: Loaded | None = None

    def capabilities(self) -> Capabilities:
        """Nine languages at 24 kHz, one speed, no instructions; cloning with an encoder."""
        on_gpu = self.settings.device not in ("cpu", "mps")
        return Capabilities(
            languages=LANGUAGES,
            sample_rate=RATE,
            cloning=can_hear(self.settings),
            voice_files=True,
            split=True,
            frame_rate=pace.FRAME_RATE,
            at_once=(self.settings.batch or GPU_SLOTS) if on_gpu else None,
        )

    def ear(self) -> str:
        """See `podgen.engines.base.HearsRecordings`."""
        return ear(self.settings)

    def availability(self) -> Availability:
        """Whether the packages, the weights and a GPU are there."""
        return presence.availability(self.settings)

    def outlook(self) -> str:
        """See `outlook.outlook`; nothing where torch is missing or has not the device."""
        if find_spec("torch") is None:
            return ""
        from podgen.engines.voxtral.outlook import outlook

        chosen = self.settings
        try:
            return outlook(chosen.device, chosen.dtype, chosen.quantise, chosen.batch)
        except MachineError:
            return ""

    def voices(self) -> Sequence[VoiceInfo]:
        """The folder's voices; the published presets where there is no folder yet."""
        folder = self.settings.model
        return list_voices(folder if folder and folder.is_dir() else None)

    def check(self, utterance: Utterance) -> Problems:
        """What the model cannot do about an utterance, and texts too long for it."""
        plain = replace(
            utterance, instructions=None, ref_audio=None, ref_text=None, speed=1.0, settings={}
        )
        problems = check_against(plain, self.capabilities(), self.name)
        problems += refusals(utterance)
        problems += reference_problems(utterance, self.settings)
        if utterance.ref_audio is None and utterance.voice_file is None:
            problems += voice_problems(utterance.voice, self.voices())
        if primary(utterance.language) not in LANGUAGES:
            problems.append(
                (
                    f"voxtral does not speak `{utterance.language}`",
                    f"it speaks {', '.join(LANGUAGES)}",
                )
            )
        if problems:
            return problems
        try:
            pieces = self._pieces(utterance)
        except ValueError as error:
            return [(str(error), "give never, auto or 20 and more")]
        return length_problems(pieces, read_max_tokens(utterance.settings))

    def estimate(self, utterance: Utterance) -> float:
        """Seconds of sound at the usual pace, with the pauses between pieces."""
        gaps = sum(piece.gap for piece in self._pieces(utterance)[:-1])
        return self.estimate_frames(utterance) / pace.FRAME_RATE + gaps

    def estimate_frames(self, utterance: Utterance) -> int:
        """Frames to be generated for an utterance, at the usual pace."""
        return sum(pace.expected_frames(piece.text) for piece in self._pieces(utterance))

    def fingerprint(self) -> str:
        """The files' digest and the settings that change the sound.

        The device is no part of it: two devices differ in rounding alone, and takes may travel.
        """
        chosen = self.settings
        digest = model_digest(chosen.model) if chosen.model else "none"
        dtype = "bfloat16" if chosen.dtype == "auto" else chosen.dtype
        heat = f":{chosen.temperature:g}" if chosen.temperature else ""
        return (
            f"voxtral:{SOUND}:{digest}:{dtype}:{chosen.quantise}:{chosen.steps or 'own'}:"
            f"{chosen.cfg_alpha:g}:{chosen.retries}:{chosen.split}{heat}"
        )

    def weights(self) -> str:
        """See `fingerprint.model_digest`."""
        return model_digest(self.settings.model) if self.settings.model else "none"

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        """Speak all utterances in one continuous batch, in the order in which they finish.

        Raises:
            EngineError: naming an utterance that cannot be spoken, at once; or those that ended
                badly with every seed they were given, when all others are done.
            MachineError: where a package, the device or its memory is lacking.
        """
        for utterance in utterances:
            refuse(self.name, utterance, self.check(utterance))
        if not utterances:
            return
        yield from self._generate(utterances, self._load())

    def speak_from(self, inbox: Inbox, most: int) -> Iterator[Delivery]:
        """See `podgen.engines.continuous.ContinuousEngine`.

        What somebody takes in parts leaves as soon as it is decoded, a third of a second first;
        if it then ends badly it fails, as what was heard cannot be tried again.

        Raises:
            MachineError: where a package, the device or its memory is lacking.
        """
        from podgen.engines.voxtral.batch.job import generate
        from podgen.engines.voxtral.batch.joining import InboxWork

        loaded = self._load()
        speaking = self._speaking(loaded)
        work = InboxWork(inbox, speaking)
        how = loaded.batching(min(most, loaded.most_slots()), MAX_POSITIONS)
        for result in generate(loaded.models, work, how):
            again, deliveries = speaking.take(result)
            yield from deliveries
            work.add(again)
            work.finish()

    def close(self) -> None:
        """Let the models and the memory they hold go."""
        self._loaded = None
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _generate(self, utterances: Sequence[Utterance], loaded: Loaded) -> Iterator[Speech]:
        from podgen.engines.voxtral.batch.job import generate
        from podgen.engines.voxtral.batch.progress import Progress
        from podgen.engines.voxtral.batch.speaking import key_of
        from podgen.engines.voxtral.batch.work import Work

        speaking = self._speaking(loaded)
        turns = [
            turn
            for which, utterance in enumerate(utterances)
            for turn in speaking.begin(str(which), utterance)
        ]
        expected = sum(self.estimate_frames(utterance) for utterance in utterances)
        begun = monotonic()

        def report(frames: int) -> None:
            if self.on_progress:
                self.on_progress(Progress(frames, expected, monotonic() - begun))

        model = loaded.models[0]
        longest = max(model.voice_rows(t.voice) + 3 + len(t.ids) + t.limit for t in turns)
        slots = min(loaded.most_slots(), -(-len(turns) // len(loaded.models)))
        how = loaded.batching(slots, min(MAX_POSITIONS, -(-longest // 64) * 64))
        # Those given first before the others, in blocks that are still evened out by length.
        last, block = len(utterances) - 1, _BLOCK * slots * len(loaded.models)
        work = Work(turns, speaking.wants, lambda turn: (last - int(key_of(turn.id))) // block)
        failed: list[Problem] = []
        for result in generate(loaded.models, work, how, report):
            again, deliveries = speaking.take(result)
            work.add(again)
            for delivery in deliveries:
                if isinstance(delivery, Part):
                    turn = utterances[int(delivery.id)].id
                    yield Speech(turn, delivery.samples, delivery.sample_rate)
                elif isinstance(delivery.error, EngineError):
                    failed += delivery.error.problems
                else:
                    raise delivery.error
            if not speaking.left:
                work.close()
        if failed:
            raise EngineError(failed)

    def _load(self) -> Loaded:
        if self._loaded is None:
            presence.require(self.settings)
            from podgen.engines.voxtral.batch.loaded import load

            self._loaded = load(self.settings)
        return self._loaded

    def _speaking(self, loaded: Loaded) -> Speaking:
        from podgen.engines.voxtral.batch.speaking import Speaking

        return Speaking(self.name, RATE, self.settings.retries, self._pieces, loaded.turn)

    def _pieces(self, utterance: Utterance) -> list[Piece]:
        most = self.settings.split
        if "split" in utterance.settings:
            most = read_split(utterance.settings["split"])
        return cut(utterance.text, most)
