"""A request for speech, as clients of OpenAI's endpoint and of vllm-omni's write it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from podgen.engines.base import Engine, Utterance
from podgen.serve.aliases import aliases, is_openai_model
from podgen.serve.refusal import RefusedError, sentence
from podgen.speech.choosing import voice_language
from podgen.text.spoken import spoken

FormatName = Literal["wav", "pcm", "mp3", "flac", "aac", "opus", "ogg"]


class VoiceId(BaseModel):
    """A voice by its id."""

    model_config = ConfigDict(extra="forbid")

    id: str


class SpeechRequest(BaseModel):
    """The body of `POST /v1/audio/speech`.

    Fields that no engine here can honour are known by name, so that they are refused with a
    reason; a null in them asks for nothing.
    """

    model_config = ConfigDict(extra="forbid")

    input: str = Field(description="The text to speak.")
    model: str | None = Field(None, description="The served model; see /v1/models.")
    voice: str | VoiceId = Field(
        validation_alias=AliasChoices("voice", "speaker"),
        description="A voice of /v1/audio/voices or one of OpenAI's names.",
    )
    response_format: FormatName | None = Field(
        None, description="mp3 unless said; pcm where `stream` alone asks for events."
    )
    speed: Annotated[float, Field(ge=0.25, le=4.0, allow_inf_nan=False)] | None = None
    stream: bool | None = Field(None, description="Server-sent events, as stream_format sse.")
    stream_format: Literal["sse", "audio"] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    language: str | None = Field(None, description="A tag such as en-GB; the voice's unless said.")
    instructions: str | None = None
    temperature: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        None, description="How far readings may differ, where the engine draws them."
    )
    phonemes: dict[str, str] | None = Field(
        None, description="IPA of single words of the text, for engines that take it."
    )
    as_turn: bool | None = Field(
        None,
        description="Read as a turn of a show is: said as it stands, not cut, WAV in 32-bit float.",
    )
    max_new_tokens: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    extra_params: dict[str, Any] | None = Field(
        None, description="Settings of the engine for this utterance."
    )
    sample_rate: Annotated[int, Field(gt=0)] | None = Field(
        None, description="Only the engine's own rate can be given."
    )
    ref_audio: str | list[str] | None = None
    ref_text: str | None = None
    task_type: Literal["CustomVoice", "VoiceDesign", "Base"] | None = None
    x_vector_only_mode: bool | None = None
    speaker_embedding: list[float] | None = None
    initial_codec_chunk_frames: int | None = None
    word_timestamps: bool | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A request that can be carried out.

    The engine speaks at the utterance's speed; `tempo` is what is left for a stretch.
    """

    utterance: Utterance
    format: str
    delivery: Literal["whole", "sse", "audio"]
    tempo: float
    passed_over: tuple[str, ...] = ()
    """Fields that a lenient server answered without."""
    as_turn: bool = False
    """Whether it is read as a turn of a show is, and answered with the samples as made."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes orders for one engine under one model name, refusing what it cannot do."""

    engine: Engine
    model: str
    longest: int
    """The most characters of one input."""
    lenient: bool = False
    """Whether instructions that the engine cannot follow are passed over, not refused."""

    def order(self, request: SpeechRequest) -> Order:
        """The order that a request amounts to.

        Raises:
            RefusedError: with the reason and what to use instead.
        """
        self.refuse_unknown_model(request.model)
        self._refuse_length(request.input)
        self._refuse_foreign(request)
        delivery: Literal["whole", "sse", "audio"] = "whole"
        if request.stream_format is not None:
            delivery = request.stream_format
        elif request.stream:
            delivery = "sse"
        # `stream` alone is vllm-omni's, whose clients expect samples.
        usual = "pcm" if request.stream and request.stream_format is None else "mp3"
        name = request.response_format or usual
        speed, tempo = self._split_speed(request.speed or 1.0)
        utterance = self._utterance(request, speed)
        if problems := self.engine.check(utterance):
            param = "voice" if utterance.voice not in self.voices() else _param(request)
            said = "\n".join(sentence(what, remedy) for what, remedy in problems)
            raise RefusedError(400, said, param=param, code="cannot_speak")
        passed_over, as_turn = self._passed_over(request), bool(request.as_turn)
        return Order(utterance, name, delivery, tempo, passed_over, as_turn)

    def voices(self) -> dict[str, str]:
        """Every name a voice can be asked for by, and the engine's own name for it."""
        own = {voice.name: voice.name for voice in self.engine.voices()}
        return {**own, **aliases(self.engine.voices())}

    def _passed_over(self, request: SpeechRequest) -> tuple[str, ...]:
        follows = self.engine.capabilities().instructions
        return ("instructions",) if self.lenient and request.instructions and not follows else ()

    def _utterance(self, request: SpeechRequest, speed: float) -> Utterance:
        asked = request.voice if isinstance(request.voice, str) else request.voice.id
        voice = self.voices().get(asked, asked)
        settings: dict[str, object] = dict(request.extra_params or {})
        if request.max_new_tokens is not None:
            settings["max_tokens"] = request.max_new_tokens
        if request.temperature is not None:
            settings["temperature"] = request.temperature
        language = request.language or voice_language(self.engine.voices(), voice)
        return Utterance(
            id="speech",
            text=request.input
            if request.as_turn
            else spoken(request.input, language=language).text,
            voice=voice,
            language=language,
            seed=request.seed or 0,
            speed=speed,
            phonemes=tuple((request.phonemes or {}).items()),
            ref_text=request.ref_text or None,
            # Never read: it is there for the engine to say why it cannot clone.
            ref_audio=Path("ref_audio") if request.ref_audio else None,
            instructions=None if self._passed_over(request) else request.instructions or None,
            settings=settings,
        )

    def _split_speed(self, speed: float) -> tuple[float, float]:
        """What the engine does of a speed, and the tempo that is left for the stretch."""
        limits = self.engine.capabilities().speed
        own = min(max(speed, limits[0]), limits[1]) if limits else 1.0
        return own, speed / own

    def refuse_unknown_model(self, model: str | None) -> None:
        """Raises a RefusedError where a model is named that is not the served one."""
        known = model in (None, "", self.model, self.engine.name)
        if not known and not is_openai_model(model or ""):
            raise RefusedError(
                404,
                f"there is no model `{model}` here; use `{self.model}`",
                param="model",
                code="model_not_found",
            )

    def _refuse_length(self, text: str) -> None:
        if not text.strip():
            raise RefusedError(400, "input is empty; write something to say", param="input")
        if len(text) > self.longest:
            raise RefusedError(
                400,
                f"input has {len(text)} characters, more than {self.longest}; send it in parts",
                param="input",
                code="string_above_max_length",
            )

    def _refuse_foreign(self, request: SpeechRequest) -> None:
        """Fields of vllm-omni's that ask for something no engine here has."""
        rate = self.engine.capabilities().sample_rate
        if request.as_turn and (request.stream or request.stream_format):
            raise RefusedError(400, "a turn is answered whole; take `stream` out", param="as_turn")
        if request.as_turn and request.response_format != "wav":
            raise RefusedError(400, "a turn is answered as wav; ask for that", param="as_turn")
        if request.sample_rate not in (None, rate):
            raise RefusedError(
                400, f"the engine speaks at {rate} Hz; ask for that", param="sample_rate"
            )
        if request.ref_audio and self.engine.capabilities().cloning:
            raise RefusedError(
                400,
                "reference audio is not taken over HTTP; use one of /v1/audio/voices",
                param="ref_audio",
            )
        reasons = {
            "task_type": "voices are presets here; take it out",
            "x_vector_only_mode": "there is nothing to clone from; take it out",
            "speaker_embedding": "voices are presets here; use one of /v1/audio/voices",
            "initial_codec_chunk_frames": "a stream's first sound leaves as soon as it can",
            "word_timestamps": "there are none; take it out",
        }
        for field, reason in reasons.items():
            if getattr(request, field):
                raise RefusedError(400, f"{field} cannot be honoured: {reason}", param=field)


def _param(request: SpeechRequest) -> str:
    """The field that a problem is most likely about."""
    for field in (
        "ref_audio", "ref_text", "instructions", "temperature", "extra_params", "language",
    ):  # fmt: skip
        if getattr(request, field):
            return field
    return "input"
