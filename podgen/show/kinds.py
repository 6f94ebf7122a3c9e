"""The kinds of value a script holds: how each is read from text, and what to say if it cannot be.

Every kind fails with a `wrong` error of ours that carries the sentence; `problems.py` adds the
place. Nothing of pydantic's own wording reaches a user.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from podgen.errors import Problem, ScriptError
from podgen.show.anchors import read_time
from podgen.show.ids import LONGEST, normal_id
from podgen.show.lexicon import Lexicon, as_ipa
from podgen.show.source import read_source
from podgen.show.voice_name import VoiceNameError, blend_name, voice_name


@dataclass(slots=True)
class Context:
    """What reading one file gathers: its folder in, files it names and further problems out."""

    folder: Path
    files: dict[Path, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lexicons: dict[Path, Lexicon] = field(default_factory=dict)


def wrong(what: str, remedy: str, at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """An error of a value; `at` is the path inside the value. `{}` in `what` is the field."""
    return PydanticCustomError("wrong", "wrong", {"what": what, "remedy": remedy, "at": at})


def shown(value: object) -> str:
    """A value as a message quotes it."""
    if value is None:
        return "empty"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 40 else f"'{value[:37]}...'"
    return "a list" if isinstance(value, list) else "a mapping"


@dataclass(frozen=True, slots=True)
class Says:
    """Any failure of the kind becomes "x cannot be 'y'; give ..."."""

    expected: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._read, handler(source))

    def _read(self, value: object, read: Callable[[object], object]) -> object:
        try:
            return read(value)
        except ValidationError:
            raise wrong(f"{{}} cannot be {shown(value)}", f"give {self.expected}") from None


def _between(low: float, high: float, unit: str = "") -> tuple[Any, Says]:
    words = f"a number from {low:g} to {high:g}" + (f" ({unit})" if unit else "")
    return Field(ge=low, le=high, allow_inf_nan=False), Says(words)


_SECONDS, _SAYS_SECONDS = _between(0, 600, "seconds")
_LENGTH, _SAYS_LENGTH = _between(0, 86400, "seconds")
_SPEED, _SAYS_SPEED = _between(0.25, 4)
_PAN, _SAYS_PAN = _between(-1, 1, "left to right")
_GAIN, _SAYS_GAIN = _between(-60, 24, "dB")
_CUT, _SAYS_CUT = _between(0, 60, "dB")
_BAND, _SAYS_BAND = _between(-24, 24, "dB")
_HIGHPASS, _SAYS_HIGHPASS = _between(10, 1000, "Hz")
_FREQUENCY, _SAYS_FREQUENCY = _between(20, 20000, "Hz")
_QUALITY, _SAYS_QUALITY = _between(0.1, 10)
_LOUDNESS, _SAYS_LOUDNESS = _between(-40, -5, "LUFS")
_PEAK, _SAYS_PEAK = _between(-20, 0, "dBTP")
_SHIFT, _SAYS_SHIFT = _between(-600, 600, "seconds")

Seconds = Annotated[float, _SECONDS, _SAYS_SECONDS]
Length = Annotated[float, _LENGTH, _SAYS_LENGTH]
Shift = Annotated[float, _SHIFT, _SAYS_SHIFT]
Speed = Annotated[float, _SPEED, _SAYS_SPEED]
Pan = Annotated[float, _PAN, _SAYS_PAN]
Gain = Annotated[float, _GAIN, _SAYS_GAIN]
Cut = Annotated[float, _CUT, _SAYS_CUT]
BandGain = Annotated[float, _BAND, _SAYS_BAND]
Highpass = Annotated[float, _HIGHPASS, _SAYS_HIGHPASS]
Frequency = Annotated[float, _FREQUENCY, _SAYS_FREQUENCY]
Quality = Annotated[float, _QUALITY, _SAYS_QUALITY]
Loudness = Annotated[float, _LOUDNESS, _SAYS_LOUDNESS]
Peak = Annotated[float, _PEAK, _SAYS_PEAK]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1), Says("a whole number from 0 to 4294967295")]
Number = Annotated[int, Field(ge=0, le=10**6), Says("a whole number")]
YesNo = Annotated[bool, Says("true or false")]

TEXT_SCHEMA = {"type": ["string", "number", "boolean"]}
Text = Annotated[
    str, Field(min_length=1), Says("text, in quotes if it begins with [ or {"),
    WithJsonSchema(TEXT_SCHEMA),
]  # fmt: skip


def _whole(choices: tuple[int, ...], unit: str) -> BeforeValidator:
    def read(value: object) -> object:
        if isinstance(value, str) and value.isdecimal() and int(value) in choices:
            return int(value)
        listed = " or ".join(map(str, choices))
        raise wrong(f"{{}} cannot be {shown(value)}", f"give {listed}{unit}")

    return BeforeValidator(read)


SampleRate = Annotated[Literal[44100, 48000], _whole((44100, 48000), " (Hz)")]
Channels = Annotated[Literal[1, 2], _whole((1, 2), "")]


def _read_bitrate(value: object) -> object:
    match = re.fullmatch(r"(\d{1,4})\s*k?", value) if isinstance(value, str) else None
    if match and 8 <= int(match[1]) <= 512:
        return int(match[1])
    raise wrong(f"{{}} cannot be {shown(value)}", "give kb/s from 8 to 512, as in 128")


Bitrate = Annotated[int, BeforeValidator(_read_bitrate)]


def _read_language(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        return value
    raise wrong(f"{{}} cannot be {shown(value)}", "give a language tag such as en, en-GB or fr")


Language = Annotated[str, BeforeValidator(_read_language)]


def _read_url(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"https?://[^\s/]\S*", value):
        return value
    raise wrong(f"{{}} cannot be {shown(value)}", "give an address that begins with https://")


Url = Annotated[str, BeforeValidator(_read_url)]


def _read_id(value: object) -> object:
    found = normal_id(value) if isinstance(value, str) else None
    if found is None:
        raise wrong(
            f"{{}} cannot be {shown(value)}",
            f"give letters, figures, - and _, with at least one letter and at most {LONGEST}",
        )
    return found


Id = Annotated[str, BeforeValidator(_read_id), Field(max_length=LONGEST)]


def _read_split(value: object) -> object:
    if value in ("never", "auto"):
        return value
    if isinstance(value, str) and value.isdecimal() and 20 <= int(value) <= 100_000:
        return int(value)
    remedy = "give never, auto or a number of characters from 20 on"
    raise wrong(f"{{}} cannot be {shown(value)}", remedy)


Split = Annotated[
    Literal["never", "auto"] | int,
    PlainValidator(_read_split),
    WithJsonSchema({"anyOf": [{"enum": ["never", "auto"]}, {"type": "integer", "minimum": 20}]}),
]


def _read_file(value: object, info: ValidationInfo) -> Path:
    context = _context(info)
    if not isinstance(value, str) or not value:
        raise wrong(f"{{}} cannot be {shown(value)}", "give the path of a file")
    path = context.folder / Path(value).expanduser()
    if path.is_dir():
        raise wrong(f"{{}} '{value}' is a folder", "give the path of a file")
    if not path.is_file():
        raise wrong(f"no file '{value}'", "paths count from this file's folder")
    context.files[path] = None
    return path


def _read_image(value: object, info: ValidationInfo) -> Path:
    path = _read_file(value, info)
    if path.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise wrong(f"{{}} cannot be {shown(value)}", "give a .jpg or .png file")
    return path


File = Annotated[Path, PlainValidator(_read_file), WithJsonSchema({"type": "string"})]
Image = Annotated[Path, PlainValidator(_read_image), WithJsonSchema({"type": "string"})]


def _read_voice(value: object) -> str:
    try:
        if isinstance(value, dict) and set(value) == {"blend"} and isinstance(value["blend"], dict):
            return _read_blend(value["blend"])
        if isinstance(value, str):
            return voice_name(value)
    except VoiceNameError as error:
        raise wrong(error.what, error.remedy) from None
    raise wrong(f"{{}} cannot be {shown(value)}", "give a voice's name or blend: {name: weight}")


def _read_blend(value: object) -> str:
    if not isinstance(value, dict):
        raise wrong(f"{{}} cannot be {shown(value)}", "give voices and their weights")
    try:
        return blend_name(value)
    except VoiceNameError as error:
        at = () if error.at is None else (error.at,)
        raise wrong(error.what, error.remedy, at) from None


BLEND_SCHEMA: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": "number", "exclusiveMinimum": 0},
    "description": "Voices and their weights, mixed into one voice.",
}
VoiceName = Annotated[
    str,
    PlainValidator(_read_voice),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "properties": {"blend": BLEND_SCHEMA},
                    "required": ["blend"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Blend = Annotated[str, PlainValidator(_read_blend), WithJsonSchema(BLEND_SCHEMA)]


def _read_words(value: object) -> Lexicon:
    if not isinstance(value, dict):
        raise wrong(f"{{}} cannot be {shown(value)}", "give words and how they are said")
    for word, said in value.items():
        if not word.strip():
            raise wrong("an empty word", "give the word as it is written in the text", (word,))
        if not isinstance(said, str) or not said.strip() or as_ipa(said) == "":
            remedy = "give a respelling, or IPA between slashes"
            raise wrong(f"'{word}' cannot be said as {shown(said)}", remedy, (word,))
    return Lexicon(value)


def _read_lexicon(value: object, info: ValidationInfo) -> Lexicon:
    if not isinstance(value, str):
        return _read_words(value)
    context = _context(info)
    path = _read_file(value, info)
    if path not in context.lexicons:
        context.lexicons[path] = _load_lexicon(path, context)
    return context.lexicons[path]


def _load_lexicon(path: Path, context: Context) -> Lexicon:
    try:
        source = read_source(path, "lexicon")
    except ScriptError as error:
        context.problems.extend(error.problems)
        return Lexicon()
    try:
        return _read_words(source.value)
    except PydanticCustomError as error:
        told: Mapping[str, Any] = error.context or {}
        place = source.place(told["at"], key=True)
        what = str(told["what"]).replace("{}", "a lexicon")
        context.problems.append(Problem(what, told["remedy"], place))
        return Lexicon()


WORDS_SCHEMA: dict[str, Any] = {"type": "object", "additionalProperties": TEXT_SCHEMA}
Words = Annotated[Lexicon, PlainValidator(_read_words), WithJsonSchema(WORDS_SCHEMA)]
WordsOrFile = Annotated[
    Lexicon,
    PlainValidator(_read_lexicon),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, WORDS_SCHEMA]}),
]


def _read_when(value: object) -> object:
    found = read_time(value) if isinstance(value, str) else None
    if found is None:
        remedy = "give seconds, or a turn as in 'id', 'id.end' or 'id.start + 1.5'"
        raise wrong(f"{{}} cannot be {shown(value)}", remedy)
    return found


When = Annotated[
    Any,
    PlainValidator(_read_when),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "minLength": 1}]}),
]


def _read_settings(value: object) -> object:
    if isinstance(value, dict):
        return value
    raise wrong(f"{{}} cannot be {shown(value)}", "give the engine's settings and their values")


Settings = Annotated[
    dict[str, Any], PlainValidator(_read_settings), WithJsonSchema({"type": "object"})
]


def _context(info: ValidationInfo) -> Context:
    context = info.context
    assert isinstance(context, Context)
    return context
