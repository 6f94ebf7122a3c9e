"""The model on its devices with the tokeniser, and the turns that utterances amount to on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from podgen.engines.base import Utterance
from podgen.engines.voxtral.batch.batching import Batching
from podgen.engines.voxtral.batch.devices import (
    check_quantise,
    choose_devices,
    choose_dtype,
    choose_packs,
    out_of_memory,
)
from podgen.engines.voxtral.batch.slots import Turn
from podgen.engines.voxtral.batch.speaking import Spoken
from podgen.engines.voxtral.cloning.kept import Recordings
from podgen.engines.voxtral.cloning.references import file_digest
from podgen.engines.voxtral.model.checkpoint import read_voice
from podgen.engines.voxtral.model.config import MAX_POSITIONS
from podgen.engines.voxtral.model.files import TEKKEN, WEIGHTS
from podgen.engines.voxtral.model.prompt import Tokenizer, open_tokenizer, text_prompt
from podgen.engines.voxtral.model.whole import Make, Model, load_model
from podgen.engines.voxtral.refusals import read_max_tokens, read_temperature
from podgen.engines.voxtral.settings import GPU_SLOTS, Settings
from podgen.engines.voxtral.text import pace
from podgen.engines.voxtral.voices import ALIASES
from podgen.errors import EngineError, MachineError, Problem

_SEEDS = 7919
"""Between the seeds of two pieces of a text, so that no retry of one takes the other's noise."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What speaking takes besides the settings.

    Attributes:
        models: the same model on every device.
        recordings: the voices of recordings.
    """

    models: Sequence[Model]
    tokenizer: Tokenizer
    settings: Settings
    recordings: Recordings

    def turn(self, one: Spoken, number: int, attempt: int) -> Turn:
        """The turn of an utterance's piece, by its number, at an attempt.

        Raises:
            EngineError: where the text leaves too few positions for its frames.
        """
        model, utterance, text = self.models[0], one.utterance, one.pieces[number].text
        voice = self._voice(utterance)
        ids = text_prompt(model.params, self.tokenizer.encode(text, bos=False, eos=False))
        room = MAX_POSITIONS - model.voice_rows(voice) - 3 - len(ids)
        if room < pace.expected_frames(text):
            raise EngineError(
                Problem(
                    f"{len(text)} characters leave room for {max(room, 0)} frames only",
                    "split the turn or set split: auto",
                    turn=utterance.id,
                )
            )
        heat = read_temperature(utterance.settings)
        most = read_max_tokens(utterance.settings) or MAX_POSITIONS
        return Turn(
            id=f"{one.key}/{number}/{attempt}",
            voice=voice,
            ids=tuple(ids),
            seed=utterance.seed + _SEEDS * number + attempt,
            limit=min(room, most, pace.most_frames(text)),
            in_parts=one.in_parts and number == 0,
            temperature=self.settings.temperature if heat is None else heat,
        )

    def _voice(self, utterance: Utterance) -> str:
        """The name of an utterance's voice, which all models have from now on."""
        path = utterance.ref_audio or utterance.voice_file
        if path is None:
            return ALIASES.get(utterance.voice, utterance.voice)
        if utterance.ref_audio is not None:
            name = self.recordings.name(path)
        else:
            name = file_digest(path)
        for model in self.models:
            if not model.has_voice(name):
                model.add_voice(name, self._rows(utterance, path, model))
        return name

    def _rows(self, utterance: Utterance, path: Path, model: Model) -> Tensor:
        if utterance.ref_audio is not None:
            return self.recordings.rows(path)
        return read_voice(path, model.params.backbone.dim)

    def most_slots(self) -> int:
        """Turns at once on a device."""
        return self.settings.batch or (GPU_SLOTS if self.models[0].device.type == "cuda" else 4)

    def batching(self, slots: int, positions: int) -> Batching:
        """How a device is used with so many slots of so many positions."""
        model = self.models[0]
        graphs = model.device.type == "cuda" and self.settings.cuda_graphs
        return Batching(slots, positions, graphs=graphs, alone=model.exact)


def load(settings: Settings) -> Loaded:
    """The model of the settings' folder, on each of their devices.

    Raises:
        EngineError: naming a file and what is wrong with it.
        MachineError: where the device or its memory is lacking.
    """
    assert settings.model is not None
    devices = choose_devices(settings.device)
    for device in devices:
        check_quantise(settings.quantise, device)
    dtype = choose_dtype(settings.dtype)
    weights = settings.model / WEIGHTS
    size = weights.stat().st_size if weights.is_file() else 0
    makes = [
        Make(
            device=device,
            dtype=dtype,
            quantise=settings.quantise,
            steps=settings.steps or 0,
            cfg_alpha=settings.cfg_alpha,
            triton=settings.triton,
            packs=choose_packs(device, dtype, size),
        )
        for device in devices
    ]
    try:
        models = [load_model(settings.model, make) for make in makes]
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
        raise MachineError(
            f"the model does not fit the memory of {', '.join(devices)}",
            "free some, or set quantise: int8",
        ) from None
    tokenizer = open_tokenizer(settings.model / TEKKEN, models[0].params)
    return Loaded(models, tokenizer, settings, Recordings(settings, models[0].device))
