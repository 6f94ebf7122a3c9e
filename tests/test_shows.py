from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from podgen.casting import Part, cast
from podgen.engines import REGISTRY, create
from podgen.render.plan import check
from podgen.show import load_show, model
from podgen.show.picture import read_picture
from tests.conftest import CommandLine
from tests.support.places import ROOT

SHOWS = ROOT / "shows"
MUSIC = sorted((SHOWS / "assets").glob("*.flac"))


def parts(name: str, engine: str) -> list[Part]:
    casting = cast(
        load_show(SHOWS / f"{name}.yaml"), engine=engine, usable=[], known=list(REGISTRY)
    )
    return list(casting.parts.values())


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        # A remote server has voices of its own; the shows name none.
        *((n, e) for n in ("pilot", "scene") for e in REGISTRY if e != "remote"),
        pytest.param(
            "silbo",
            "kokoro",
            marks=pytest.mark.skipif(
                not find_spec("espeakng_loader"), reason="the language extra is not installed"
            ),
        ),
        ("silbo", "voxtral"),
    ],
)
def test_every_engine_has_the_voices_it_is_cast_with(name: str, engine: str) -> None:
    voices = {voice.name: voice.language for voice in create(engine).voices()}
    for part in parts(name, engine):
        for voice in re.findall(r"[a-z]\w+", part.voice):
            assert voices[voice].split("-")[0] == part.language.split("-")[0], part


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("pilot", "hibari"),
        ("scene", "hibari"),
        ("pilot", "voxtral"),
        ("scene", "voxtral"),
        ("silbo", "voxtral"),
    ],
)
def test_the_shows_pass_the_check(name: str, engine: str) -> None:
    assert check(SHOWS / f"{name}.yaml", engine=engine, to_speak=False).turns


def test_a_show_of_hard_knocks_is_within_its_true_peak(podgen: CommandLine) -> None:
    """LAME lifts their peaks by another decibel each time that it is asked."""
    run = podgen("render", SHOWS / "scene.yaml", "-e", "hibari", "-o", "scene.mp3", "--json")
    assert run.code == 0, run.err
    [file] = run.named("delivered")
    assert file["true_peak"] <= -1


def test_the_pilot_shows_what_a_script_can_do() -> None:
    show = check(SHOWS / "pilot.yaml", engine="hibari").show
    music = [item for item in show.items if isinstance(item, model.Music)]
    assert {item.role for item in music} == {"intro", "bed", "outro"}
    assert sum(isinstance(item, model.Chapter) for item in show.items) >= 3
    assert any(turn.overlap for turn in show.turns)
    assert len({turn.speaker for turn in show.turns}) == 2
    words = sum(len(turn.text.split()) for turn in show.turns)
    assert 400 < words < 500


def test_the_scene_has_four_voices_apart_on_the_stage() -> None:
    cast_of_four = parts("scene", "kokoro")
    assert len({part.voice for part in cast_of_four}) == 4
    assert len({part.pan for part in cast_of_four}) == 4


def test_every_show_and_every_asset_is_used() -> None:
    texts = [path.read_text(encoding="utf-8") for path in SHOWS.glob("*.yaml")]
    for asset in MUSIC:
        assert any(f"assets/{asset.name}" in text for text in texts), asset.name
    names = yaml.safe_load((ROOT / "voices.yaml").read_text(encoding="utf-8"))["characters"]
    for name in names:
        assert any(f"- {name}:" in text for text in texts), name


def test_the_cover_is_what_directories_ask_for() -> None:
    cover = read_picture(SHOWS / "assets" / "cover.png")
    assert cover.width == cover.height
    assert 1400 <= cover.width <= 3000
    assert len(cover.data) < 300_000


@pytest.mark.parametrize("path", MUSIC, ids=lambda path: path.stem)
def test_music_neither_clips_nor_leans(path: Path) -> None:
    samples, rate = soundfile.read(path, always_2d=True)
    assert rate in (44100, 48000)
    assert 0.02 < np.abs(samples).max() < 0.8
    assert np.abs(samples.mean(axis=0)).max() < 1e-4


@pytest.mark.parametrize("name", ["bed", "wind"])
def test_a_loop_has_no_seam(name: str) -> None:
    """The step from the last sample to the first is like any other, and so is the level there."""
    samples, rate = soundfile.read(SHOWS / "assets" / f"{name}.flac", always_2d=True)
    steps = np.abs(np.diff(samples, axis=0))
    assert np.abs(samples[0] - samples[-1]).max() <= np.quantile(steps, 0.99)
    blocks = samples[: len(samples) // rate * rate].reshape(-1, rate, samples.shape[1])
    rms = np.sqrt((blocks**2).mean(axis=(1, 2)))
    assert rms.min() > rms.max() / 4


def test_the_bed_leaves_room_for_speech() -> None:
    samples, rate = soundfile.read(SHOWS / "assets" / "bed.flac")
    power = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    speech = power[(hertz >= 300) & (hertz < 3000)].sum() / power.sum()
    assert 10 * np.log10(speech) < -12


@pytest.mark.parametrize("name", ["theme", "outro", "sting", "knock", "beacon"])
def test_a_piece_that_ends_ends_in_silence(name: str) -> None:
    samples, rate = soundfile.read(SHOWS / "assets" / f"{name}.flac", always_2d=True)
    assert np.abs(samples[-rate // 100 :]).max() < 0.001


def test_the_scripts_make_what_is_shipped(tmp_path: Path) -> None:
    """Sample for sample, save rounding: other FFTs differ in the last digit."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; import make_music;"
        "make_music.sting(Path(sys.argv[2]))"
    )
    made = tmp_path / "sting.flac"
    subprocess.run([sys.executable, "-c", code, str(ROOT / "scripts"), str(made)], check=True)
    fresh, _ = soundfile.read(made, dtype="int16")
    shipped, _ = soundfile.read(SHOWS / "assets" / "sting.flac", dtype="int16")
    assert np.abs(fresh.astype(int) - shipped.astype(int)).max() <= 2
    cover = tmp_path / "cover.png"
    subprocess.run([sys.executable, ROOT / "scripts" / "make_cover.py", cover], check=True)
    assert read_picture(cover).data == (SHOWS / "assets" / "cover.png").read_bytes()
