"""Kinds of value that name something else: files, voices, and words with their lexicons."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from podgen.errors import Problem, ScriptError
from podgen.show.failing import shown, wrong
from podgen.show.kinds import TEXT_SCHEMA
from podgen.show.picture import read_picture
from podgen.show.source import read_source
from podgen.show.voice_name import VoiceNameError, blend_name, voice_name
from podgen.text.lexicon import Lexicon, read_said
from podgen.text.silence import has_sound, is_silent


@dataclass(slots=True)
class Context:
    """What reading one file gathers: its folder in, files it names and further problems out."""

    folder: Path
    files: dict[Path, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lexicons: dict[Path, Lexicon] = field(default_factory=dict)


def _read_file(value: object, info: ValidationInfo) -> Path:
    context = _context(info)
    if not isinstance(value, str) or not value:
        raise wrong(f"{{}} cannot be {shown(value)}", "give the path of a file")
    try:
        path = context.folder / Path(value).expanduser()
        if path.is_dir():
            raise wrong(f"{{}} '{value}' is a folder", "give the path of a file")
        there = path.is_file()
    except (OSError, RuntimeError):  # a name longer than any; a user of whom nobody knows
        there = False
    if not there:
        raise wrong(f"no file {shown(value)}", "paths count from this file's folder")
    context.files[path] = None
    return path


def _read_image(value: object, info: ValidationInfo) -> Path:
    path = _read_file(value, info)
    if path.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise wrong(f"{{}} cannot be {shown(value)}", "give a .jpg or .png file")
    try:
        read_picture(path)
    except ScriptError as error:
        [problem] = error.problems
        raise wrong(problem.what, problem.remedy) from None
    return path


def _read_tone(value: object, info: ValidationInfo) -> Path | bool:
    if value in ("true", "false"):
        return value == "true"
    return _read_file(value, info)


RoomTone = Annotated[
    Path | bool,
    PlainValidator(_read_tone),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string"}]}),
]
File = Annotated[Path, PlainValidator(_read_file), WithJsonSchema({"type": "string"})]
Image = Annotated[Path, PlainValidator(_read_image), WithJsonSchema({"type": "string"})]


VOICE_FILE = ".safetensors"
"""What the name of a voice that is a file ends in."""


def _read_voice(value: object, info: ValidationInfo) -> str:
    try:
        if isinstance(value, str) and value.strip().endswith(VOICE_FILE):
            return str(_read_file(value.strip(), info))
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
        fault = _fault(word, said)
        if fault is not None:
            raise wrong(*fault, (word,))
    return Lexicon(value)


def _fault(word: str, said: object) -> tuple[str, str] | None:
    """What is wrong with a word and how it is said, and what to do."""
    if not word.strip():
        return "an empty word", "give the word as it is written in the text"
    remedy = "give a respelling, or IPA between slashes"
    if not isinstance(said, str) or not said.strip() or read_said(said).ipa == "":
        return f"'{word}' cannot be said as {shown(said)}", remedy
    ipa, respelling = read_said(said)
    if (ipa and not has_sound(ipa)) or (respelling and is_silent(respelling)):
        return f"{shown(said)} leaves '{word}' silent", remedy
    return None


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
    if not isinstance(source.value, dict):
        what = f"a lexicon cannot be {shown(source.value)}"
        context.problems.append(Problem(what, "give words and how they are said", source.place()))
        return Lexicon()
    faults = {word: _fault(word, said) for word, said in source.value.items()}
    for word, fault in faults.items():
        if fault is not None:
            context.problems.append(Problem(*fault, source.place((word,), key=True)))
    return Lexicon({w: str(said) for w, said in source.value.items() if faults[w] is None})


WORDS_SCHEMA: dict[str, Any] = {"type": "object", "additionalProperties": TEXT_SCHEMA}
Words = Annotated[Lexicon, PlainValidator(_read_words), WithJsonSchema(WORDS_SCHEMA)]
WordsOrFile = Annotated[
    Lexicon,
    PlainValidator(_read_lexicon),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, WORDS_SCHEMA]}),
]


def _context(info: ValidationInfo) -> Context:
    context = info.context
    assert isinstance(context, Context)
    return context
