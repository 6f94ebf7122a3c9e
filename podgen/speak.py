"""One text on any engine: into a file, a raw stream, or the loudspeaker."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from podgen.engines import REGISTRY, create
from podgen.engines.base import Engine, Samples, Speech, Utterance, VoiceInfo
from podgen.engines.continuous import Asked, ContinuousEngine, Failed
from podgen.errors import EngineError, MachineError, Problem, ScriptError

FILE_FORMATS = {".wav": "wav", ".flac": "flac", ".mp3": "mp3"}
KEY_VARIABLE = "PODGEN_API_KEY"
PLAYERS = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    ("afplay",),
    ("aplay", "-q"),
)
"""Programs that play a WAV file named as their last argument, in the order they are tried."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to say and with what.

    Without `engine`, the first that can speak here and has the voice; without `voice`, the
    engine's first. `max_tokens` bounds what an engine generates, where it generates tokens.
    """

    text: str
    voice: str | None = None
    engine: str | None = None
    settings: Mapping[str, object] | None = None
    language: str | None = None
    seed: int = 0
    speed: float = 1.0
    max_tokens: int | None = None


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
    from podgen.render.files import whole_file
    from podgen.serve.encoding import encode

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
    from podgen.serve.encoding import pcm16, wav_header

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


def play(request: Request) -> Spoken:
    """Speak through the loudspeaker.

    Raises:
        EngineError: no engine can speak this here.
        MachineError: there is no player, or it failed.
    """
    import tempfile

    argv = find_player()
    with tempfile.TemporaryDirectory(prefix="podgen-") as folder:
        path = Path(folder) / "speech.wav"
        spoken = to_file(request, path)
        done = subprocess.run(
            [*argv, str(path)],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise MachineError(f"{argv[0]} could not play it: {said}", "write a file with -o")
    return replace(spoken, path=None)


def find_player() -> list[str]:
    """The command of the first player found.

    Raises:
        MachineError: there is none.
    """
    for name, *options in PLAYERS:
        if found := shutil.which(name):
            return [found, *options]
    names = ", ".join(player[0] for player in PLAYERS)
    raise MachineError(f"no player found ({names})", "install one, or write a file with -o")


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


def at_servers(urls: Sequence[str]) -> dict[str, object]:
    """Settings of the remote engine for servers; they get the key in PODGEN_API_KEY, if any.

    Somebody waits for a single text: three attempts, not the many of a whole show.
    """
    key = {"api_key_env": KEY_VARIABLE} if os.environ.get(KEY_VARIABLE) else {}
    return {"base_url": list(urls), "attempts": 3, **key}


def require_engine(engine: str | None, settings: Mapping[str, object] | None) -> None:
    """Check that settings come with the engine that they are for.

    Raises:
        ScriptError: they do not.
    """
    if settings and engine is None:
        named = ", ".join(settings)
        raise ScriptError(f"settings ({named}) without --engine", "say which engine they are for")


def choose(engine: str | None, voice: str | None, settings: Mapping[str, object] | None) -> Engine:
    """The engine that will speak: the one named, else the first usable one with the voice.

    Raises:
        ScriptError: there are settings, and no engine is named that they are for.
        EngineError: it cannot speak here, or no engine has the voice.
    """
    require_engine(engine, settings)
    silent: list[str] = []
    for name in [engine] if engine else REGISTRY:
        made = create(name, settings)
        state = made.availability()
        if engine or _has(made, voice):
            if state.usable:
                return made
            silent.append(f"engine {name} cannot speak here: {state.reason}")
        made.close()
    if silent:
        raise EngineError(silent[0])
    raise EngineError(f"unknown voice '{voice}'", "'podgen voices' lists them")


def _has(engine: Engine, voice: str | None) -> bool:
    """Whether the engine has the voice; of a blend, its first."""
    if voice is None:
        return True
    first = voice.split("+")[0].split(":")[0]
    return any(info.name == first for info in engine.voices())


@contextlib.contextmanager
def _engine(request: Request) -> Iterator[tuple[Engine, Utterance]]:
    """The engine that will speak and what it will be asked, checked."""
    engine = choose(request.engine, request.voice, request.settings)
    try:
        utterance = _utterance(engine, request)
        if problems := engine.check(utterance):
            raise EngineError([Problem(what, remedy) for what, remedy in problems])
        yield engine, utterance
    finally:
        engine.close()


def _utterance(engine: Engine, request: Request) -> Utterance:
    voices = engine.voices()
    voice = request.voice or (voices[0].name if voices else None)
    if voice is None:
        raise EngineError(f"engine {engine.name} lists no voices", "name one with --voice")
    settings = {} if request.max_tokens is None else {"max_tokens": request.max_tokens}
    return Utterance(
        id="speech",
        text=request.text,
        voice=voice,
        language=request.language or voice_language(voices, voice),
        seed=request.seed,
        speed=request.speed,
        settings=settings,
    )


def voice_language(voices: Sequence[VoiceInfo], voice: str) -> str:
    """The language of a voice, a blend speaking that of its first; "en" where none is known."""
    first = voice.split("+")[0].split(":")[0]
    known = {info.name: info.language for info in voices}
    return known.get(first, "en")


def _speak(engine: Engine, utterance: Utterance) -> Speech:
    for speech in engine.synthesize([utterance]):
        return speech
    raise EngineError(f"engine {engine.name} returned nothing")


def _stream(engine: Engine, utterance: Utterance) -> Iterator[tuple[Samples, int]]:
    from podgen.engines.joins import Joiner
    from podgen.serve.pieces import cut

    if isinstance(engine, ContinuousEngine):
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
