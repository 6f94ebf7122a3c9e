"""The voices of this machine's engines: listed, and heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podgen.engines import REGISTRY, create
from podgen.engines.base import Utterance, VoiceInfo
from podgen.errors import EngineError, Problem

if TYPE_CHECKING:
    from podgen.speech.say import Request

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


def list_voices(
    engine: str | None = None, settings: Mapping[str, object] | None = None
) -> list[EngineVoices]:
    """The voices of one engine, with settings of its own, or of all, best engine first.

    Raises:
        EngineError: there is no such engine.
    """
    listed = []
    for name in [engine] if engine else REGISTRY:
        made = create(name, settings)
        state = made.availability()
        listed.append(EngineVoices(name, state.usable, state.reason, tuple(made.voices())))
    return listed


def speak_samples(
    voices: Sequence[str], *, engine: str | None, text: str | None, folder: Path
) -> Iterator[Sample]:
    """Speak a sentence with each voice into `<folder>/<engine>-<voice>.wav`.

    Raises:
        EngineError: a voice is unknown, or its engine cannot speak here; nothing is spoken then.
    """
    from podgen.speech.say import to_file

    requests = [_request(voice, engine, text) for voice in voices]
    for voice, request in zip(voices, requests, strict=True):
        path = folder / f"{request.engine}-{voice.replace(':', '_')}.wav"
        yield Sample(voice, path, to_file(request, path).seconds)


def _request(voice: str, engine: str | None, text: str | None) -> Request:
    from podgen.speech.choosing import choose, voice_language
    from podgen.speech.say import Request

    made = choose(engine, voice, None)
    try:
        language = voice_language(made.voices(), voice)
        said = text or SAMPLE_TEXTS.get(language.split("-")[0], SAMPLE_TEXTS["en"])
        utterance = Utterance(id=voice, text=said, voice=voice, language=language)
        if problems := made.check(utterance):
            raise EngineError([Problem(what, remedy) for what, remedy in problems])
        return Request(said, voice, made.name, language=language)
    finally:
        made.close()
