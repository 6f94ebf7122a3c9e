"""What is asked of a server for one utterance, and what its model would drop or refuse."""

from __future__ import annotations

import base64
import functools
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podgen.engines.base import Utterance
from podgen.engines.checks import Problems
from podgen.engines.remote import models
from podgen.engines.remote.models import Model
from podgen.engines.remote.settings import EngineSettings, VoiceSettings
from podgen.text.language import primary

VERSION = 1
"""Part of the fingerprint; raised when the same utterance would be asked for differently."""

LARGEST_REFERENCE = 20_000_000
"""Bytes of a reference file. Models want some seconds; the request holds it in base64."""


@dataclass(frozen=True, slots=True)
class Ask:
    """An utterance with its settings read and its model looked up."""

    utterance: Utterance
    engine: EngineSettings
    voice: VoiceSettings
    model: Model
    model_name: str

    @property
    def has_audio(self) -> bool:
        """Whether a voice is to be cloned from audio."""
        return self.utterance.ref_audio is not None or self.voice.ref_audio is not None

    @property
    def rate(self) -> int | None:
        """The sample rate an answer must have, in Hz, where one is known."""
        return self.engine.sample_rate or self.model.sample_rate


def body(ask: Ask, text: str) -> dict[str, Any]:
    """The JSON body that has `text` spoken as the utterance says."""
    utterance, voice, model = ask.utterance, ask.voice, ask.model
    fields: dict[str, Any] = {
        "model": ask.model_name,
        "input": text,
        "voice": voice_name(ask),
        "response_format": "wav",
        "speed": utterance.speed if utterance.speed != 1.0 else None,
        # Servers that are not known may take a field they do not have for an error.
        "seed": utterance.seed if model.known or utterance.seed else None,
        "instructions": utterance.instructions,
        "ref_text": utterance.ref_text,
        "task_type": voice.task_type or model.task,
        "language": _language(ask),
        "max_new_tokens": voice.max_tokens,
        "x_vector_only_mode": voice.x_vector_only_mode,
        "speaker_embedding": None
        if voice.speaker_embedding is None
        else list(voice.speaker_embedding),
        "sample_rate": ask.engine.sample_rate,
        "phonemes": dict(utterance.phonemes) or None,
        "as_turn": True if model.own else None,
        "extra_params": {**ask.engine.extra_params, **voice.extra_params} or None,
    }
    if utterance.ref_audio is not None:
        stat = utterance.ref_audio.stat()
        fields["ref_audio"] = _data_url(utterance.ref_audio, stat.st_size, stat.st_mtime_ns)
    else:
        fields["ref_audio"] = voice.ref_audio
    return {name: value for name, value in fields.items() if value is not None}


def voice_name(ask: Ask) -> str | None:
    """The voice as the server knows it, or None: none named, or `default`, the model's own."""
    name = ask.utterance.voice
    if not name or (ask.model.known and name == "default"):
        return None
    return ask.model.aliases.get(name, name)


def problems(ask: Ask) -> Problems:
    """What the model would drop or refuse of an utterance; needs no server."""
    return [
        *_voice_problems(ask),
        *_reference_problems(ask),
        *_instruction_problems(ask),
        *_task_problems(ask),
        *_language_problems(ask),
        *_embedding_problems(ask),
        *_rate_problems(ask),
    ]


def _voice_problems(ask: Ask) -> Problems:
    name, model = ask.utterance.voice, ask.model
    if model.voice == "required" and name in ("", "default"):
        return [(f"{model.name} needs a voice", "name one")]
    if model.voice == "none" and name not in ("", "default"):
        return [(f"{model.name} has no voice `{name}`", "write `default`, or leave it out")]
    return []


def _reference_problems(ask: Ask) -> Problems:
    model, utterance = ask.model, ask.utterance
    found: Problems = []
    if ask.has_audio:
        if model.ref_audio == "rejected":
            found.append((f"{model.name} cannot clone a voice", "take `ref_audio` out"))
        if utterance.ref_audio is not None and ask.voice.ref_audio is not None:
            found.append(("there are two `ref_audio`", "keep the file or the address"))
        found += _file_problems(utterance.ref_audio)
    elif ask.voice.speaker_embedding is None and (
        model.ref_audio == "required" or (model.ref_audio == "or_voice" and not utterance.voice)
    ):
        found.append((f"{model.name} needs `ref_audio` to clone from", "give a file or an address"))
    clones = ask.has_audio or ask.voice.speaker_embedding is not None
    if clones and ask.voice.consent is None:
        found.append(
            (
                "a cloned voice needs the speaker's consent on record",
                "add `consent:` with a line that says who agreed, when and to what",
            )
        )
    spoken = bool(utterance.ref_text and utterance.ref_text.strip())
    if spoken and model.ref_text in ("ignored", "rejected"):
        found.append((f"{model.name} has no use for `ref_text`", "take it out"))
    elif spoken and not ask.has_audio:
        found.append(("`ref_text` is without `ref_audio`", "add the audio, or take the text out"))
    needs_text = model.ref_text == "required" or (model.ref_text == "with_audio" and ask.has_audio)
    if needs_text and not spoken and ask.has_audio and not ask.voice.x_vector_only_mode:
        found.append((f"{model.name} needs `ref_text`", "write what is said in `ref_audio`"))
    return found


def _file_problems(path: Path | None) -> Problems:
    if path is None:
        return []
    if not path.is_file():
        return [(f"there is no file {path}", "give the reference recording")]
    if path.stat().st_size > LARGEST_REFERENCE:
        return [(f"{path} is larger than 20 MB", "cut it to the 5 to 20 seconds a model needs")]
    return []


def _instruction_problems(ask: Ask) -> Problems:
    model, said = ask.model, ask.utterance.instructions
    if model.instructions == "required" and not said:
        return [(f"{model.name} needs `instructions`", "describe the voice")]
    if not said:
        return []
    if model.instructions in ("ignored", "rejected"):
        return [(f"{model.name} cannot follow instructions", "take `instructions` out")]
    if model.instructions_longest is not None and len(said) > model.instructions_longest:
        limit = f"{model.name} takes {model.instructions_longest} characters of instructions"
        return [(f"{limit}, not {len(said)}", "make them shorter")]
    return []


def _task_problems(ask: Ask) -> Problems:
    asked, model = ask.voice.task_type, ask.model
    if asked is None:
        return []
    if model.task_type in ("ignored", "rejected"):
        return [(f"{model.name} has no task types", "take `task_type` out")]
    if model.task is not None and asked != model.task:
        return [(f"{model.name} cannot do task_type {asked}", f"load a {asked} checkpoint")]
    return []


def _language_problems(ask: Ask) -> Problems:
    model = ask.model
    if model.language == "ignored" and ask.voice.language is not None:
        return [(f"{model.name} finds the language by itself", "take `language` out")]
    if model.language == "names" and _language(ask) is None:
        known = ", ".join(models.language_names())
        return [(f"{model.name} has no `{ask.utterance.language}`", f"it speaks {known}")]
    return []


def _embedding_problems(ask: Ask) -> Problems:
    voice, model = ask.voice, ask.model
    found: Problems = []
    for name in ("x_vector_only_mode", "speaker_embedding"):
        if getattr(voice, name) and model.known and not model.x_vector:
            found.append((f"{model.name} has no use for `{name}`", "take it out"))
    if voice.speaker_embedding is not None and ask.has_audio:
        found.append(("there are both `ref_audio` and `speaker_embedding`", "keep one of them"))
    return found


def _rate_problems(ask: Ask) -> Problems:
    asked, takes = ask.engine.sample_rate, ask.model.sample_rates
    if asked is None or takes is None or asked in takes:
        return []
    if not takes:
        return [(f"{ask.model.name} refuses `sample_rate`", "take it out: the model has its own")]
    rates = " or ".join(map(str, takes))
    return [(f"{ask.model.name} cannot answer at {asked} Hz", f"set `sample_rate` to {rates}")]


def _language(ask: Ask) -> str | None:
    if ask.voice.language is not None:
        return ask.voice.language
    if ask.model.language == "tag":
        return ask.utterance.language
    if ask.model.language == "names":
        names: Mapping[str, str] = models.language_names()
        return names.get(primary(ask.utterance.language))
    return None


@functools.lru_cache(maxsize=64)
def _data_url(path: Path, _size: int, _changed: int) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "audio/wav"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
