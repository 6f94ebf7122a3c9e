"""The voices of this machine's engines: listed, and heard."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from podgen.engines import REGISTRY, create
from podgen.engines.base import Engine, Speech, Utterance, VoiceInfo
from podgen.errors import EngineError, Problem

SAMPLE_TEXTS = {
    "ar": "مرحبا، هذا صوتي. هكذا أتحدث عندما أروي قصة.",
    "de": "Hallo, das ist meine Stimme. So klinge ich, wenn ich eine Geschichte erzähle.",
    "en": "Hello, this is my voice. This is how I sound when I tell a story.",
    "es": "Hola, esta es mi voz. Así sueno cuando cuento una historia.",
    "fr": "Bonjour, voici ma voix. C'est ainsi que je parle quand je raconte une histoire.",
    "hi": "नमस्ते, यह मेरी आवाज़ है। जब मैं कहानी सुनाता हूँ तो ऐसी लगती है।",
    "it": "Ciao, questa è la mia voce. Così suono quando racconto una storia.",
    "nl": "Hallo, dit is mijn stem. Zo klink ik als ik een verhaal vertel.",
    "pt": "Olá, esta é a minha voz. É assim que eu soo quando conto uma história.",
}


@dataclass(frozen=True, slots=True)
class EngineVoices:
    """An engine, whether it can speak here and why, and its voices."""

    engine: str
    usable: bool
    reason: str
    voices: tuple[VoiceInfo, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A voice's sample on disk; `seconds` long."""

    voice: str
    path: Path
    seconds: float


def list_voices(engine: str | None = None) -> list[EngineVoices]:
    """The voices of one engine or of all, best engine first.

    Raises:
        EngineError: there is no such engine.
    """
    listed = []
    for name in [engine] if engine else REGISTRY:
        made = create(name)
        state = made.availability()
        listed.append(EngineVoices(name, state.usable, state.reason, tuple(made.voices())))
    return listed


def speak_samples(
    voices: Sequence[str], *, engine: str | None, text: str | None, folder: Path
) -> Iterator[Sample]:
    """Speak a sentence with each voice into `<folder>/<engine>-<voice>.wav`.

    Raises:
        EngineError: a voice is unknown, or its engine cannot speak here.
    """
    found = [(voice, *_engine_of(voice, engine)) for voice in voices]
    for voice, made, language in found:
        said = text or SAMPLE_TEXTS.get(language.split("-")[0], SAMPLE_TEXTS["en"])
        utterance = Utterance(id=voice, text=said, voice=voice, language=language)
        try:
            _refuse_problems(made, utterance)
            for speech in made.synthesize([utterance]):
                path = folder / f"{made.name}-{voice.replace(':', '_')}.wav"
                _write(path, speech)
                yield Sample(voice, path, len(speech.samples) / speech.sample_rate)
        finally:
            made.close()


def _engine_of(voice: str, engine: str | None) -> tuple[Engine, str]:
    """The engine that has the voice and can speak here, and the voice's language."""
    first = voice.split("+")[0].split(":")[0]  # a blend speaks its first voice's language
    known: list[str] = []
    silent: list[EngineVoices] = []
    for listed in list_voices(engine):
        for info in listed.voices:
            if info.name == first and listed.usable:
                return create(listed.engine), info.language
            if info.name == first:
                silent.append(listed)
            known.append(info.name)
    if silent:
        raise EngineError(f"engine {silent[0].engine} cannot speak here", silent[0].reason)
    close = difflib.get_close_matches(first, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise EngineError(f"unknown voice '{voice}'", f"{hint}'podgen voices' lists them")


def _refuse_problems(engine: Engine, utterance: Utterance) -> None:
    if problems := engine.check(utterance):
        raise EngineError([Problem(what, remedy) for what, remedy in problems])


def _write(path: Path, speech: Speech) -> None:
    import soundfile

    from podgen.render.files import whole_file

    peak = max(float(abs(speech.samples).max()), 1.0)
    with whole_file(path) as temporary:
        soundfile.write(temporary, speech.samples / peak, speech.sample_rate, subtype="PCM_16")
