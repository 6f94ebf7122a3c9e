"""The kinds of value a script holds, each read from text."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from podgen.show.anchors import read_time
from podgen.show.failing import Says, listed, shown, wrong
from podgen.show.ids import LONGEST, normal_id

RESERVED = ("pause", "chapter", "music", "sound")
"""Keys of items in which nobody speaks."""


def _between(low: float, high: float, unit: str = "") -> tuple[Any, Says]:
    words = f"a number from {low:g} to {high:g}" + (f" ({unit})" if unit else "")
    return Field(ge=low, le=high, allow_inf_nan=False), Says(words)


_SECONDS, _SAYS_SECONDS = _between(0, 600, "seconds")
_LENGTH, _SAYS_LENGTH = _between(0, 86400, "seconds")
_SPEED, _SAYS_SPEED = _between(0.25, 4)
_PAN, _SAYS_PAN = _between(-1, 1, "left to right")
_GAIN, _SAYS_GAIN = _between(-60, 24, "dB")
_CUT, _SAYS_CUT = _between(0, 60, "dB")
_UNDER, _SAYS_UNDER = _between(3, 60, "LU")
_BAND, _SAYS_BAND = _between(-24, 24, "dB")
_HIGHPASS, _SAYS_HIGHPASS = _between(10, 1000, "Hz")
_FREQUENCY, _SAYS_FREQUENCY = _between(20, 20000, "Hz")
_QUALITY, _SAYS_QUALITY = _between(0.1, 10)
_LOUDNESS, _SAYS_LOUDNESS = _between(-40, -5, "LUFS")
_PEAK, _SAYS_PEAK = _between(-20, 0, "dBTP")
_TOLERANCE, _SAYS_TOLERANCE = _between(0.1, 5, "LU")
_FLOOR, _SAYS_FLOOR = _between(-100, -20, "dBFS")
_LONGEST, _SAYS_LONGEST = _between(1, 86400, "seconds")
_SHIFT, _SAYS_SHIFT = _between(-600, 600, "seconds")

Seconds = Annotated[float, _SECONDS, _SAYS_SECONDS]
Length = Annotated[float, _LENGTH, _SAYS_LENGTH]
Shift = Annotated[float, _SHIFT, _SAYS_SHIFT]
Speed = Annotated[float, _SPEED, _SAYS_SPEED]
Pan = Annotated[float, _PAN, _SAYS_PAN]
Gain = Annotated[float, _GAIN, _SAYS_GAIN]
Cut = Annotated[float, _CUT, _SAYS_CUT]
Under = Annotated[float, _UNDER, _SAYS_UNDER]
BandGain = Annotated[float, _BAND, _SAYS_BAND]
Highpass = Annotated[float, _HIGHPASS, _SAYS_HIGHPASS]
Frequency = Annotated[float, _FREQUENCY, _SAYS_FREQUENCY]
Quality = Annotated[float, _QUALITY, _SAYS_QUALITY]
Loudness = Annotated[float, _LOUDNESS, _SAYS_LOUDNESS]
Peak = Annotated[float, _PEAK, _SAYS_PEAK]
Tolerance = Annotated[float, _TOLERANCE, _SAYS_TOLERANCE]
Floor = Annotated[float, _FLOOR, _SAYS_FLOOR]
Longest = Annotated[float, _LONGEST, _SAYS_LONGEST]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1), Says("a whole number from 0 to 4294967295")]
Number = Annotated[int, Field(ge=0, le=10**6), Says("a whole number")]
YesNo = Annotated[bool, Says("true or false")]

TEXT_SCHEMA = {"type": ["string", "number", "boolean"]}
Text = Annotated[
    str, Field(min_length=1), Says("text, in quotes if it begins with [ or {"),
    WithJsonSchema(TEXT_SCHEMA),
]  # fmt: skip

Description = Annotated[
    str, Field(min_length=1, max_length=100_000), Says("at most 100,000 characters of text"),
    WithJsonSchema(TEXT_SCHEMA),
]  # fmt: skip

# What a turn says may be empty here: `items.py` looks whether anything is left to say.
Said = Annotated[
    str,
    BeforeValidator(lambda value: "" if value is None else value),
    Says("text, in quotes if it begins with [ or {"),
    WithJsonSchema(TEXT_SCHEMA),
]


def _whole(choices: tuple[int, ...], unit: str) -> BeforeValidator:
    def read(value: object) -> object:
        if isinstance(value, str) and value.isdecimal() and int(value) in choices:
            return int(value)
        listed = " or ".join(map(str, choices))
        raise wrong(f"{{}} cannot be {shown(value)}", f"give {listed}{unit}")

    return BeforeValidator(read)


SampleRate = Annotated[Literal[44100, 48000], _whole((44100, 48000), " (Hz)")]
Channels = Annotated[Literal[1, 2], _whole((1, 2), "")]


_RATED = ("mp3", "m4a", "opus")


def _read_bitrate(value: object) -> int | dict[str, int]:
    if not isinstance(value, dict):
        return _read_kbps(value)
    for form in value:
        if form not in _RATED:
            raise wrong(f"'{form}' has no bit rate", f"give {listed(_RATED)}", (form,))
    return {form: _read_kbps(rate, (form,)) for form, rate in value.items()}


def _read_kbps(value: object, at: tuple[str, ...] = ()) -> int:
    match = re.fullmatch(r"(\d{1,4})\s*k?", value) if isinstance(value, str) else None
    if match and 8 <= int(match[1]) <= 512:
        return int(match[1])
    raise wrong(f"{{}} cannot be {shown(value)}", "give kb/s from 8 to 512, as in 128", at)


_KBPS_SCHEMA: list[dict[str, Any]] = [
    {"type": "integer", "minimum": 8, "maximum": 512},
    {"type": "string", "pattern": "^[0-9]+ *k?$"},
]
Bitrate = Annotated[
    Any,
    PlainValidator(_read_bitrate),
    WithJsonSchema(
        {
            "anyOf": [
                *_KBPS_SCHEMA,
                {
                    "type": "object",
                    "properties": {form: {"anyOf": _KBPS_SCHEMA} for form in _RATED},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


def _read_language(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        return value
    raise wrong(f"{{}} cannot be {shown(value)}", "give a language tag such as en, en-GB or fr")


Language = Annotated[str, BeforeValidator(_read_language)]


def _read_date(value: object) -> object:
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise wrong(f"{{}} cannot be {shown(value)}", "give a day as in 2026-11-28")


Date = Annotated[
    str, BeforeValidator(_read_date), WithJsonSchema({"type": "string", "format": "date"})
]


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
