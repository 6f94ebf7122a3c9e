import json
import tomllib
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml
from test_casting import VOICES
from test_load_show import SCRIPT

from podgen.casting import read_voices
from podgen.show import load_show
from podgen.show.forms import Preset
from podgen.show.schema import json_schema, schema_text, voices_json_schema
from tests.support.places import ROOT

BAD = [
    "titel: x\nturns: [{A: hi}]",
    "title: x",
    "turns: []",
    "turns: [hi]",
    "turns: [{A: hi, B: ho}]",
    "turns: [{}]",
    "turns: [{A: [hi]}]",
    "turns: [{A: {speed: 1}}]",
    "turns: [{A: {text: hi, gian: 1}}]",
    "turns: [{A: {text: hi, speed: 9}}]",
    "turns: [{A: {text: hi, speed: fast}}]",
    "turns: [{A: {text: hi, split: sometimes}}]",
    "turns: [{pause: long}]",
    "turns: [{pause: -1}]",
    "turns: [{music: {role: bed}}]",
    "turns: [{music: {file: a.wav, role: jingle}}]",
    "turns: [{music: {file: a.wav, envelope: [[1]]}}]",
    "turns: [{music: {file: a.wav, duck: {bye: 1}}}]",
    "turns: [{sound: {file: a.wav, loud: 1}}]",
    "turns: [{chapter: {url: x}}]",
    "turns: [{A: hi}]\nmastering: aple",
    "turns: [{A: hi}]\ndeliverables: [ogg]",
    "turns: [{A: hi}]\ncast: {A: {voices: {kokoro: {gian: 1}}}}",
    "turns: [{A: hi}]\ncast: {A: x}",
]


def validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_schema_takes_what_the_reader_takes() -> None:
    assert not list(
        validator(json_schema()).iter_errors(yaml.safe_load(SCRIPT.replace("12:30", "x")))
    )
    assert not list(validator(voices_json_schema()).iter_errors(yaml.safe_load(VOICES)))


@pytest.mark.parametrize("script", BAD)
def test_schema_and_reader_refuse_the_same(script: str, faults) -> None:
    assert list(validator(json_schema()).iter_errors(yaml.safe_load(script)))
    assert faults(script)


def test_every_key_is_described_and_nothing_of_the_program_shows() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for key, child in node.get("properties", {}).items():
                assert node.get("description") is None or child.get("description"), key
            for child in node.values():
                walk(child)

    schema = json_schema()
    walk({name: part for name, part in schema.items() if name != "$defs"})
    for definition in schema["$defs"].values():
        walk(definition)
    assert "Form" not in schema_text()
    assert json.loads(schema_text(voices=True)) == voices_json_schema()


SHOWS = [
    path
    for path in sorted(ROOT.glob("shows/*.yaml"))
    if "\nturns:" in path.read_text(encoding="utf-8")
]


def test_the_voices_of_the_project_are_valid() -> None:
    path = ROOT / "voices.yaml"
    assert read_voices(path)[1] == []
    voices = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert not list(validator(voices_json_schema()).iter_errors(voices))


@pytest.mark.parametrize("path", SHOWS, ids=lambda path: path.name)
def test_the_shows_of_the_project_are_valid(path: Path) -> None:
    load_show(path)
    script = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    assert not list(validator(json_schema()).iter_errors(script))


def test_the_schema_names_every_mastering_preset_there_is() -> None:
    data = tomllib.loads((ROOT / "podgen/audio/presets.toml").read_text(encoding="utf-8"))
    assert set(get_args(Preset)) == set(data)
