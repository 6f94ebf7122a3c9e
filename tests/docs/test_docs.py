"""The documents say what the code does: their examples load, their tables are the code's.

A fenced block says what it is: ```yaml show (a whole script), `head` (a script without its turns),
`turns` (items), `voices`, `lexicon` or `lock` (files). Lines of ```sh are podgen commands.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import shlex
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from typer.testing import CliRunner

from podgen.audio import presets
from podgen.casting import cast, read_voices
from podgen.cli.app import app
from podgen.engines import REGISTRY, create
from podgen.engines.kokoro import engine as kokoro
from podgen.engines.kokoro.voices import CATALOGUE
from podgen.engines.remote import settings as remote
from podgen.engines.voxtral.settings import Settings as VoxtralSettings
from podgen.errors import ScriptError
from podgen.render.assemble import fades
from podgen.render.plan import check
from podgen.render.takes import load_choices, lock_path, save_choices
from podgen.show import forms, load_show
from podgen.show.items import PauseForm
from podgen.show.model import Defaults, Duck, Music, Show, Sound
from podgen.show.schema import json_schema, voices_json_schema
from tests.support.places import ROOT

DOCS = {
    name: ROOT / "docs" / f"{name}.md"
    for name in ("script", "voices", "sound", "store", "remote", "exchange", "edit")
}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

VOICES = """\
characters:
  ADA: {voices: {hibari: heart, kokoro: af_heart, voxtral: casual_female}}
  BEN: {voices: {hibari: heart, kokoro: bm_daniel, voxtral: neutral_male}}
"""
FILES = ("theme.flac", "bed.flac", "outro.flac", "knock.flac", "ben.wav")


class Block(NamedTuple):
    """A fenced block: its info string and its text."""

    page: str
    line: int
    info: str
    text: str


def blocks(language: str) -> list[Any]:
    """The blocks of a language as parameters, named by page and line."""
    found = []
    for name, path in DOCS.items():
        page = path.read_text()
        for match in re.finditer(r"^```(\w+)([^\n]*)\n(.*?)^```$", page, re.M | re.S):
            if match[1] == language:
                line = page.count("\n", 0, match.start()) + 1
                block = Block(name, line, match[2].strip(), match[3])
                found.append(pytest.param(block, id=f"{name}-{line}"))
    return found


def tables(page: str) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Every table: the heading it stands under, its columns and its rows of cells."""
    heading = ""
    rows: list[list[str]] = []
    for line in [*DOCS[page].read_text().splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
            continue
        if rows:
            yield heading, rows[0], rows[2:]
            rows = []
        if line.startswith("#"):
            heading = line.lstrip("# ")


def table(page: str, heading: str) -> list[list[str]]:
    return next(rows for found, _, rows in tables(page) if found == heading)


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).touch()
    shutil.copyfile(ROOT / "shows" / "assets" / "cover.png", tmp_path / "cover.png")
    (tmp_path / "voices.yaml").write_text(VOICES)
    (tmp_path / "lexicon.yaml").write_text("Redmond: Red mond\n")
    return tmp_path


def load(folder: Path, text: str) -> Show:
    """A script whose every speaker is cast, on each engine that can speak all of them."""
    path = folder / "show.yaml"
    path.write_text(text)
    show = load_show(path)
    cast(show, engine=None, usable=list(REGISTRY), known=list(REGISTRY))
    return show


def load_voices(folder: Path, text: str) -> None:
    (folder / "voices.yaml").write_text(text)
    voices, problems = read_voices(folder / "voices.yaml")
    assert not problems
    assert voices.characters
    for character in voices.characters.values():
        load(folder, f"turns:\n  - {character.name}: Hello.\n")
        spoken_by = dict(character.voices)
        if character.engine and character.voice:
            spoken_by[character.engine] = character.voice
        for engine, voice in spoken_by.items():
            known = {info.name for info in create(engine).voices()} | set(CATALOGUE)
            named = {part.partition(":")[0] for part in voice.name.split("+") if part}
            assert engine == "remote" or named <= known  # its servers have their own
    for engine, settings in voices.engine_settings.items():
        create(engine, settings)


def load_lock(folder: Path, text: str) -> None:
    script = folder / "show.yaml"
    lock_path(script).write_text(text)
    choices = load_choices(script)
    assert choices
    save_choices(script, choices)
    assert yaml.safe_load(lock_path(script).read_text()) == yaml.safe_load(text)


KINDS: dict[str, Callable[[Path, str], object]] = {
    "show": load,
    "head": lambda folder, text: load(folder, f"{text}turns:\n  - ADA: Hello.\n"),
    "turns": lambda folder, text: load(folder, f"turns:\n{text}"),
    "voices": load_voices,
    "lexicon": lambda folder, text: (
        (folder / "lexicon.yaml").write_text(text),
        load(folder, "lexicon: lexicon.yaml\nturns:\n  - ADA: Hello.\n"),
    ),
    "lock": load_lock,
}


@pytest.mark.parametrize("block", blocks("yaml"))
def test_every_yaml_example_loads(block: Block, folder: Path) -> None:
    KINDS[block.info](folder, block.text)


@pytest.mark.parametrize("block", blocks("sh"))
def test_every_command_is_one_of_podgens(block: Block) -> None:
    for line in block.text.splitlines():
        assert parses(line), line


def test_a_wrong_command_would_be_noticed() -> None:
    assert not parses("podgen render show.yaml --no-such-option")
    assert not parses("podgen no-such-command")


def parses(line: str) -> bool:
    program, *arguments = shlex.split(line)
    return program == "podgen" and CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0


KEYS = {
    ("script", "Top level"): forms.ScriptForm,
    ("script", "Defaults"): forms.DefaultsForm,
    ("script", "Mastering"): forms.MasteringForm,
    ("script", "Turn"): forms.TurnForm,
    ("script", "Pause"): PauseForm,
    ("script", "Chapter"): forms.ChapterForm,
    ("script", "Music"): forms.MusicForm,
    ("script", "Duck"): forms.DuckForm,
    ("script", "Sound"): forms.SoundForm,
    ("voices", "The file"): forms.VoicesForm,
    ("voices", "Character"): forms.CharacterForm,
    ("voices", "Equaliser band"): forms.BandForm,
}


def test_every_form_has_its_table() -> None:
    listed = {form for form in vars(forms).values() if isinstance(form, type)}
    users = {form for form in listed if issubclass(form, forms.Form)}
    users -= {forms.Form, forms.VoiceForm}  # a character has every key of a voice
    assert users <= set(KEYS.values())


@pytest.mark.parametrize("place", KEYS, ids=" ".join)
def test_tables_have_exactly_the_keys_that_are_read(place: tuple[str, str]) -> None:
    listed = [key for row in table(*place) for key in code(row[0])]
    assert sorted(listed) == sorted(fields(KEYS[place]))


@pytest.mark.parametrize("place", KEYS, ids=" ".join)
def test_tables_give_the_ranges_and_what_is_required(place: tuple[str, str]) -> None:
    form = KEYS[place]
    for key, kind, default, *_ in table(*place):
        name = code(key)[0]
        assert (default == "required") == fields(form)[name].is_required(), name
        for low, high in limits(properties(form)[name]):
            assert f"{low:g} to {high:.10g}" in kind, name


def fields(form: type[forms.Form]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in form.model_fields.items()}


def properties(form: type[forms.Form]) -> dict[str, Any]:
    """A form's properties as `podgen schema` prints them."""
    script, voices = json_schema(), voices_json_schema()
    known = {"Script": script, "Voices": voices, **script["$defs"], **voices["$defs"]}
    schema = known.get(form.__name__.removesuffix("Form")) or form.model_json_schema()
    return dict(schema["properties"])


def limits(schema: dict[str, Any]) -> Iterator[tuple[float, float]]:
    for choice in schema.get("anyOf", [schema]):
        if "minimum" in choice and "maximum" in choice:
            yield choice["minimum"], choice["maximum"]


def test_documented_defaults_are_the_codes(folder: Path) -> None:
    def default(heading: str, key: str) -> set[float]:
        row = next(row for row in table("script", heading) if code(row[0]) == [key])
        return {float(number) for number in code(row[2])}

    show = load(
        folder,
        "turns:\n  - ADA: Hello.\n  - sound: knock.flac\n"
        + "".join(f"  - music: {{file: bed.flac, role: {r}}}\n" for r in ("intro", "bed", "outro")),
    )
    music = [item for item in show.items if isinstance(item, Music)]
    sound = next(item for item in show.items if isinstance(item, Sound))
    ducks = [item.duck for item in music]
    assert default("Defaults", "pause") == {Defaults().pause}
    assert default("Music", "volume") == {item.volume for item in music}
    assert default("Music", "duck") == {duck.by for duck in ducks if duck}
    assert default("Music", "fade_in") == {fades(item, 3600)[0] for item in music}
    assert default("Music", "fade_out") == {fades(item, 3600)[1] for item in music}
    assert default("Duck", "attack") == {Duck(1).attack}
    assert default("Duck", "release") == {Duck(1).release}
    assert default("Sound", "volume") == {sound.volume}
    assert default("Sound", "at") == {sound.at}


def test_the_presets_are_those_of_the_preset_file() -> None:
    path = ROOT / "podgen" / "audio" / "presets.toml"
    wanted = tomllib.loads(path.read_text())
    formats = ("mp3", "m4a", "opus")
    figures = ("loudness", "true_peak", "sample_rate", "channels", *formats, "head", "tail")
    found = {
        code(row[0])[0]: dict(zip(figures, map(float, row[1:]), strict=True))
        for row in table("sound", "Presets")
    }
    assert found == {
        name: {
            figure: values["bitrate"][figure] if figure in formats else values[figure]
            for figure in figures
        }
        for name, values in wanted.items()
    }
    apart = presets.preset("acx")
    text = DOCS["sound"].read_text()
    assert f"within {apart.tolerance:g} dB" in text
    assert f"may be {apart.noise_floor:g} dBFS" in text
    assert f"a file {apart.longest:g} s long" in text
    assert {presets.preset(name).tolerance for name in wanted if name != "acx"} == {0.2}
    assert set(json_schema()["properties"]["mastering"]["anyOf"][0]["enum"]) == set(wanted)


@pytest.mark.parametrize("row", table("sound", "Constants"), ids=lambda row: code(row[0])[0])
def test_constants_are_the_codes(row: list[str]) -> None:
    module, name = code(row[0])[0].split(".")
    assert getattr(importlib.import_module(f"podgen.audio.{module}"), name) == float(row[1])


def test_the_engines_can_do_what_their_table_says() -> None:
    rows = table("voices", "What each engine can do")
    assert [code(row[0])[0] for row in rows] == list(REGISTRY)
    for engine, speed, *flags, _needs in rows:
        can = create(code(engine)[0]).capabilities()
        told = "1 only" if can.speed is None else f"{can.speed[0]:g} to {can.speed[1]:g}"
        able = (can.takes, can.phonemes, can.blends, can.cloning, can.instructions)
        assert speed == told
        assert flags == ["yes" if one else "no" for one in able]
        assert can.sample_rate == 24000  # of remote, where the model says nothing


def test_every_engine_setting_is_listed() -> None:
    listed = {(code(row[0])[0], code(row[1])[0]) for row in table("voices", "Engine settings")}
    assert listed == {
        *(("kokoro", name) for name in kokoro.SETTINGS),
        *(("voxtral", field.name) for field in dataclasses.fields(VoxtralSettings)),
    }
    for heading, form in (
        ("Settings of the engine", remote.EngineSettings),
        ("Settings of a voice or turn", remote.VoiceSettings),
    ):
        names = {name for row in table("remote", heading) for name in code(row[0])}
        # A voice's consent is a key of its own, and set from there.
        assert names | {"consent"} == {f.name for f in dataclasses.fields(form)} | {"consent"}


def test_the_voices_worth_casting_are_those_listed_first() -> None:
    rows = table("voices", "Voices worth casting")
    assert [code(row[0])[0] for row in rows] == list(CATALOGUE)[: len(rows)]
    for voice, who in rows:
        assert CATALOGUE[code(voice)[0]].description.split("; close")[0] == who
    assert set(re.findall(r"\b[abefhip][fm]_[a-z]+", DOCS["voices"].read_text())) <= set(CATALOGUE)


BAD = """\
title: Bad
langauge: en
defaults: {pause: 0.3}

turns:
  - ADA: {id: b, text: Hey you., speed: 9}
  - ADA: {id: a, text: Hello there., overlap: 30}
  - BENN: Hello.
  - ADA: {id: c, text: Hello., ref_audio: knock.flac}

  - ADA: {id: d, text: Hello., voice: af_hart}
  - music: {file: nope.mp3}
"""


def test_errors_look_as_they_are_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime", reason="the Kokoro engine is not installed")

    [shown] = [block.values[0] for block in blocks("text") if "langauge" in block.values[0].text]
    monkeypatch.chdir(folder)
    Path("show.yaml").write_text(BAD)
    with pytest.raises(ScriptError) as refused:
        check(Path("show.yaml"), engine="kokoro")
    assert str(refused.value).splitlines() == shown.text.splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_link_is_dead(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path), target


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```$|`[^`\n]+`", "", page.read_text(), flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """The fragments that GitHub gives a page's headings."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S), re.M
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
