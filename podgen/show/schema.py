"""JSON Schemas (draft 2020-12) of the script and the voices file, for editors' completion."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic.json_schema import models_json_schema

from podgen.show import forms
from podgen.show.kinds import TEXT_SCHEMA

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PAUSE = {
    "type": "number",
    "minimum": 0,
    "maximum": 600,
    "description": "Seconds of silence in place of the gap between two turns.",
}
_FILE = {"type": "string", "minLength": 1}


def schema_text(*, voices: bool = False) -> str:
    """The schema of a script, or of a voices file, as a file's text."""
    schema = voices_json_schema() if voices else json_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False)


def json_schema() -> dict[str, Any]:
    """The schema of a script: turns are mappings of one key, in short or long form."""
    whole = _schema("podgen script", forms.ScriptForm)
    properties = whole["properties"]
    properties["cast"] |= _CHARACTERS
    properties["turns"] |= {
        "minItems": 1,
        "items": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {
                "pause": _PAUSE,
                "chapter": _short("Chapter", TEXT_SCHEMA, "A chapter that begins here."),
                "music": _short("Music", _FILE, "Music that begins here."),
                "sound": _short("Sound", _FILE, "An effect heard here."),
            },
            "additionalProperties": _short("Turn", TEXT_SCHEMA, "A name and what is said."),
        },
    }
    return whole


def voices_json_schema() -> dict[str, Any]:
    """The schema of a voices file."""
    whole = _schema("podgen voices", forms.VoicesForm)
    whole["properties"]["characters"] |= _CHARACTERS
    return whole


_CHARACTERS = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Character"}}


def _short(form: str, short: dict[str, Any], description: str) -> dict[str, Any]:
    return {"anyOf": [short, {"$ref": f"#/$defs/{form}"}], "description": description}


def _schema(title: str, root: type[forms.Form]) -> dict[str, Any]:
    """A form's schema, with all that it or the items and characters in it may refer to."""
    parts: list[type[forms.Form]] = [root, forms.CharacterForm, forms.VoiceForm]
    if root is forms.ScriptForm:
        parts += [forms.MasteringForm, forms.TurnForm, forms.ChapterForm]
        parts += [forms.MusicForm, forms.SoundForm]
    _, whole = models_json_schema([(form, "validation") for form in parts])
    definitions = {
        name.removesuffix("Form"): _tidy(definition)
        for name, definition in whole["$defs"].items()
        if name.endswith("Form") and name != "DuckForm"
    }
    top = definitions.pop(root.__name__.removesuffix("Form"))
    return {"$schema": _DIALECT, "title": title, **top, "$defs": definitions}


def _tidy(node: Any) -> Any:
    """Without what only repeats a key's name, and without null: an editor may warn of `speed:`."""
    if isinstance(node, list):
        return [_tidy(child) for child in node]
    if not isinstance(node, dict):
        return re.sub(r"(?<=^#/\$defs/)(\w+)Form$", r"\1", node) if isinstance(node, str) else node
    kept = {
        key: _tidy(child)
        for key, child in node.items()
        if not (key in ("title", "default") and not isinstance(child, dict))
    }
    choices = [choice for choice in kept.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        del kept["anyOf"]
        return {**choices[0], **kept}
    return {**kept, "anyOf": choices} if choices else kept
