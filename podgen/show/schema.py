"""JSON Schemas (draft 2020-12) of the script and the voices file, for editors' completion."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from podgen.show.forms import (
    ChapterForm,
    CharacterForm,
    Form,
    MusicForm,
    ScriptForm,
    SoundForm,
    TurnForm,
    VoicesForm,
)
from podgen.show.kinds import TEXT_SCHEMA

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of a script: turns are mappings of one key, in short or long form."""
    schema, definitions = _schema(
        ScriptForm, TurnForm, ChapterForm, MusicForm, SoundForm, CharacterForm
    )
    schema["title"] = "podgen script"
    schema["properties"]["cast"] |= _characters()
    schema["properties"]["turns"] = {
        "type": "array",
        "minItems": 1,
        "description": schema["properties"]["turns"]["description"],
        "items": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {
                "pause": {
                    "type": "number",
                    "minimum": 0,
                    "maximum": 600,
                    "description": "Seconds of silence in place of the gap between two turns.",
                },
                "chapter": _short("ChapterForm", TEXT_SCHEMA, "A chapter that begins here."),
                "music": _short("MusicForm", {"type": "string"}, "Music that begins here."),
                "sound": _short("SoundForm", {"type": "string"}, "An effect heard here."),
            },
            "additionalProperties": _short(
                "TurnForm", TEXT_SCHEMA, "A character's name and what is said."
            ),
        },
    }
    return schema | {"$defs": definitions}


def voices_json_schema() -> dict[str, Any]:
    """The schema of a voices file."""
    schema, definitions = _schema(VoicesForm, CharacterForm)
    schema["title"] = "podgen voices"
    schema["properties"]["characters"] |= _characters()
    return schema | {"$defs": definitions}


def _schema(root: type[Form], *others: type[Form]) -> tuple[dict[str, Any], dict[str, Any]]:
    _, whole = models_json_schema([(form, "validation") for form in (root, *others)])
    definitions: dict[str, Any] = whole["$defs"]
    for definition in definitions.values():
        _tidy(definition)
    return {"$schema": _DIALECT} | definitions.pop(root.__name__), definitions


def _tidy(node: Any) -> None:
    """Drop the titles and defaults that only repeat a key's name."""
    if isinstance(node, dict):
        for key in ("title", "default"):
            if not isinstance(node.get(key), dict):
                node.pop(key, None)
        for child in node.values():
            _tidy(child)
    elif isinstance(node, list):
        for child in node:
            _tidy(child)


def _short(form: str, short: dict[str, Any], description: str) -> dict[str, Any]:
    return {"anyOf": [short, {"$ref": f"#/$defs/{form}"}], "description": description}


def _characters() -> dict[str, Any]:
    return {"anyOf": [_map_of("CharacterForm"), {"type": "null"}]}


def _map_of(form: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{form}"}}
