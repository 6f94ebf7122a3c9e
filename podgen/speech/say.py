"""One text on any engine, into a file or a raw stream."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from podgen.engines.base import Engine, Samples, Speech, Utterance
from podgen.engines.continuous import Asked, ContinuousEngine, Failed
from podgen.errors import EngineError, Problem, ScriptError
from podgen.speech.choosing import choose, voice_language
from podgen.text.silence import endless_words
from podgen.text.spoken import spoken

FILE_FORMATS = {".wav": "wav", ".flac": "flac", ".mp3": "mp3"}


@dataclass(frozen=True, slots=True)
class Request:
    """What to say and with what.

    Without `engine`, the first that can speak here and has the voice; without `voice`, the
    engine's first. `max_tokens` bounds what an engine generates, where it generates tokens;
    `temperature` is for one that draws them.
    """

    text: str
    voice: str | None = None
    engine: str | None = None
    settings: Mapping[str, object] | None = None
    language: str | None = None
    seed: int = 0
    speed: float = 1.0
    max_tokens: int | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was spoken: the engine, the voice and the length in seconds."""

    engine: str
    voice: str
    seconds: float
    path: Path | None = None


def to_file(request: Request, path: Path) -> Spoken:
    """Speak into a WAV, FLAC or MP3 file, which appears only when it is whole.

    Raises:
        ScriptError: the suffix is of no format we write.
        EngineError: no engine can speak this here.
        MachineError: ffmpeg is missing, or the disk is full.
    """
    from podgen.files import whole_file
    from podgen.speech.encoding import encode

    name = FILE_FORMATS.get(path.suffix.lower())
    if name is None:
        known = ", ".join(FILE_FORMATS)
        raise ScriptError(f"{path}: cannot write '{path.suffix}' files", f"use one of {known}")
    with _engine(request) as (engine, utterance):
        speech = _speak(engine, utterance)
    body = encode(speech.samples, speech.sample_rate, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_bytes(body)
    seconds = len(speech.samples) / speech.sample_rate
    return Spoken(engine.name, utterance.voice, seconds, path)


def to_stream(request: Request, out: IO[bytes]) -> Spoken:
    """Write WAV into `out` as it is spoken; its header says that the length is not known.

    A reader that goes away ends it early; how long it listened comes back.

    Raises:
        EngineError: no engine can speak this here.
    """
    from podgen.speech.encoding import pcm16, wav_header

    seconds = 0.0
    with _engine(request) as (engine, utterance), contextlib.suppress(BrokenPipeError):
        for samples, rate in _stream(engine, utterance):
            out.write(pcm16(samples) if seconds else wav_header(rate) + pcm16(samples))
            out.flush()
            seconds += len(samples) / rate
    return Spoken(engine.name, utterance.voice, seconds)


def raw_stdout() -> IO[bytes]:
    """Standard output without a buffer, so that nothing is left to flush when its reader goes."""
    return open(sys.stdout.fileno(), "wb", buffering=0, closefd=False)


def read_text(text: str | None) -> str:
    """The text given, or standard input's.

    Raises:
        ScriptError: there is none.
    """
    if text is None and not sys.stdin.isatty():
        text = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    if not text or not text.strip():
        raise ScriptError("there is nothing to say", "give a text, or pipe one in")
    return text


@contextlib.contextmanager
def _engine(request: Request) -> Iterator[tuple[Engine, Utterance]]:
    """The engine that will speak and what it will be asked, checked."""
    engine = choose(request.engine, request.voice, request.settings)
    try:
        utterance = _utterance(engine, request)
        problems = [*engine.check(utterance), *endless_words(utterance.text)]
        if request.seed and not engine.capabilities().takes:
            what = f"engine {engine.name} has one reading of a text: --seed changes nothing"
            problems.append((what, "leave it out"))
        if problems:
            raise EngineError([Problem(what, remedy) for what, remedy in problems])
        yield engine, utterance
    finally:
        engine.close()


def _utterance(engine: Engine, request: Request) -> Utterance:
    voices = engine.voices()
    voice = request.voice or (voices[0].name if voices else None)
    if voice is None:
        raise EngineError(f"engine {engine.name} lists no voices", "name one with --voice")
    asked = {"max_tokens": request.max_tokens, "temperature": request.temperature}
    settings = {name: value for name, value in asked.items() if value is not None}
    language = request.language or voice_language(voices, voice)
    return Utterance(
        id="speech",
        text=spoken(request.text, language=language).text,
        voice=voice,
        language=language,
        seed=request.seed,
        speed=request.speed,
        settings=settings,
    )


def _speak(engine: Engine, utterance: Utterance) -> Speech:
    for speech in engine.synthesize([utterance]):
        return speech
    raise EngineError(f"engine {engine.name} returned nothing")


def _stream(engine: Engine, utterance: Utterance) -> Iterator[tuple[Samples, int]]:
    from podgen.engines.joins import Joiner
    from podgen.speech.pieces import SENTENCE_ENGINES, cut

    if isinstance(engine, ContinuousEngine) and engine.name not in SENTENCE_ENGINES:
        yield from _in_parts(engine, utterance)
        return
    pieces = cut(utterance, engine.name)
    joiner: Joiner | None = None
    for index, piece in enumerate(pieces):
        speech = _speak(engine, piece.utterance)
        joiner = joiner or Joiner(speech.sample_rate)
        last = index == len(pieces) - 1
        yield joiner.add(speech.samples, piece.gap, last=last), speech.sample_rate


def _in_parts(engine: ContinuousEngine, utterance: Utterance) -> Iterator[tuple[Samples, int]]:
    for delivery in engine.speak_from(_Only(utterance), 1):
        if isinstance(delivery, Failed):
            raise delivery.error
        yield delivery.samples, delivery.sample_rate


class _Only:
    """An inbox of one utterance."""

    def __init__(self, utterance: Utterance) -> None:
        self._waiting = [Asked(utterance, in_parts=True)]

    def take(
        self, most: int, *, wait: bool, unless: Callable[[], bool] = lambda: False
    ) -> Sequence[Asked]:
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        return taken

    def wake(self) -> None:
        pass  # nobody waits for what will not come

    def wanted(self, utterance_id: str) -> bool:
        return True
