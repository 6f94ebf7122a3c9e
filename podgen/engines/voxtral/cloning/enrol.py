"""Enrolling: a recording becomes a voice in a file, encoded or with its codes optimised."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from podgen.engines.voxtral.cloning.codec import Codec, open_codec
from podgen.engines.voxtral.cloning.optimise import Step, optimise
from podgen.engines.voxtral.cloning.presets import usual_loudness
from podgen.engines.voxtral.cloning.recording import Recording, prepare
from podgen.engines.voxtral.cloning.references import can_hear, ear
from podgen.engines.voxtral.cloning.speaker import SpeakerEncoder
from podgen.engines.voxtral.cloning.voice_file import SUFFIX, Provenance, write_voice
from podgen.engines.voxtral.fingerprint import model_digest
from podgen.engines.voxtral.settings import Settings
from podgen.errors import EngineError, MachineError, ScriptError
from podgen.files import remove

Method = Literal["auto", "encode", "optimise"]
STEPS = 1500


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is asked for.

    Attributes:
        name: what the voice will be called.
        recording: its file.
        consent: who agreed to be cloned, when and to what.
        method: `auto` encodes where there is an encoder and optimises where there is none.
        folder: where the voice's file goes.
        steps: most steps of optimising.
    """

    name: str
    recording: Path
    consent: str
    method: Method = "auto"
    folder: Path = Path("voices")
    steps: int = STEPS


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A voice's file, and what is in it."""

    path: Path
    rows: int
    provenance: Provenance


def enrol(
    asked: Enrolment, settings: Settings, tell: Callable[[Step], None] = lambda step: None
) -> Enrolled:
    """Make a recording's voice.

    An optimisation that was interrupted goes on where it was.

    Raises:
        ScriptError: the name or the consent will not do.
        EngineError: the recording is not fit, or a file of the model is wrong.
        MachineError: the device or the disk space is lacking.
    """
    if not re.fullmatch(r"[\w-]+", asked.name):
        raise ScriptError(f"'{asked.name}' is no voice's name", "use letters, figures, - and _")
    if not asked.consent.strip():
        raise ScriptError(
            "a cloned voice needs the speaker's consent on record",
            "say with --consent who agreed, when and to what",
        )
    if settings.model is None:
        raise MachineError(
            "cloning needs the model's folder", "name it with --model or PODGEN_VOXTRAL_MODEL"
        )
    recording = prepare(asked.recording)
    hears = can_hear(settings)
    method = asked.method
    if method == "auto":
        method = "encode" if hears else "optimise"
    if method == "encode" and not hears:
        raise EngineError(
            "there is no codec encoder: the published weights lack it",
            "use --method optimise, or name one with --encoder",
        )
    codec = open_codec(settings.model, settings.encoder, _device(settings))
    samples = torch.from_numpy(recording.at(usual_loudness(codec, settings.model)))
    path = asked.folder / f"{asked.name}{SUFFIX}"
    state = _state(path, recording, settings.model)
    loss = None
    codes = codec.encode(samples) if hears else None
    if method == "optimise":
        found = optimise(
            codec,
            samples,
            steps=asked.steps,
            start=codes,
            voices=_voices(codec),
            state=state,
            tell=tell,
        )
        codes, loss = found.codes, found.loss
    assert codes is not None
    rows = codec.rows(codes)
    provenance = Provenance(
        method=method,
        source=recording.source,
        seconds=round(recording.seconds, 2),
        prepared=recording.notes,
        model=model_digest(settings.model),
        encoder=ear(settings) or None if hears else None,
        consent=asked.consent.strip(),
        made=Provenance.now(),
        loss=loss,
    )
    write_voice(path, rows, provenance)
    remove(state)
    return Enrolled(path, len(rows), provenance)


def _state(path: Path, recording: Recording, model: Path) -> Path:
    """Where an unfinished optimisation of this recording for this model is kept."""
    both = f"{recording.source}{model_digest(model)}"
    digest = hashlib.sha256(both.encode()).hexdigest()[:12]
    return path.with_name(f"{path.stem}.{digest}.unfinished")


def _voices(codec: Codec) -> SpeakerEncoder | None:
    """The speaker encoder where its weights are installed; identity counts for more with it."""
    try:
        return SpeakerEncoder().to(codec.table.weight.device)
    except MachineError:
        return None


def _device(settings: Settings) -> torch.device:
    name = settings.device.split(",")[0]
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
