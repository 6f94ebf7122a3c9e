"""`podgen render` on real scripts, spoken by the draft engine: what a producer sees."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import CommandLine

pytest.importorskip("hibari", reason="the draft engine is not installed")

TURNS = [
    ("ADA", "Welcome to the show. Today we talk about the sound of rain."),
    ("BEN", "Rain on a tin roof is my favourite. It never plays the same bar twice."),
    ("ADA", "And we will hear why so many people fall asleep to it."),
]
HEAD = "deliverables: [mp3, wav]"


def rendered(podgen: CommandLine, *arguments: str | Path) -> list[str]:
    """Render with the draft engine; the ids of the turns that were spoken."""
    run = podgen("render", "-e", "hibari", "--json", *arguments)
    assert run.code == 0, run.err
    return [event["turn"] for event in run.named("spoke")]


def test_a_script_becomes_an_episode_with_its_companions(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    script = write_show(["- chapter: Rain", *TURNS], HEAD)
    run = podgen("render", "-e", "hibari", script)
    assert run.code == 0, run.err
    dist = podgen.folder / "dist"
    report = json.loads((dist / "show" / "report.json").read_text())
    assert report["passed"]
    assert [turn["speaker"] for turn in report["turns"]] == ["ADA", "BEN", "ADA"]
    assert not any(turn["cached"] for turn in report["turns"])

    samples, rate = soundfile.read(dist / "show.wav")
    assert samples.shape[1] == 2
    for turn in report["turns"]:
        window = samples[turn["start"] : turn["end"]]
        assert 20 * np.log10(np.sqrt(np.mean(window**2))) > -30, turn["id"]
        heard = dist / "show" / turn["clip"]
        assert soundfile.info(heard).duration > 1
    # ADA stands left, BEN right: equal power, so the nearer side is louder by a known amount.
    sides = [np.sqrt(np.mean(samples[t["start"] : t["end"]] ** 2, axis=0)) for t in report["turns"]]
    assert sides[0][0] > sides[0][1]
    assert sides[1][0] < sides[1][1]

    for name in ("vtt", "srt", "json", "txt"):
        assert "tin roof" in (dist / "show" / f"transcript.{name}").read_text()
    chapters = json.loads((dist / "show" / "chapters.json").read_text())
    assert [chapter["title"] for chapter in chapters["chapters"]] == ["Rain"]
    assert "tin roof" in (dist / "show" / "report.html").read_text()
    assert f"{samples.shape[0] / rate:.0f}" != "0"


def test_only_what_changed_is_spoken(podgen: CommandLine, write_show: Callable[..., Path]) -> None:
    assert len(rendered(podgen, write_show(TURNS))) == 3
    assert rendered(podgen, write_show(TURNS)) == []
    assert rendered(podgen, write_show([TURNS[2], TURNS[0], TURNS[1]])) == []
    changed = [TURNS[0], ("BEN", "Snow is my favourite. It says nothing at all."), TURNS[2]]
    assert len(rendered(podgen, write_show(changed))) == 1
    inserted = [TURNS[0], ("BEN", "Hold on, let me sit down first."), *changed[1:]]
    assert len(rendered(podgen, write_show(inserted))) == 1
    # A lexicon entry renders the turns that contain its word, and no others.
    lexicon = "lexicon: {rain: rayne}"
    assert len(rendered(podgen, write_show(inserted, lexicon))) == 1
    # Where a voice stands and how loud it is are the mix's business.
    assert rendered(podgen, write_show(inserted, lexicon + "\ndefaults: {pause: 1.0}")) == []


def test_a_line_said_twice_is_spoken_once(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    assert len(rendered(podgen, write_show([TURNS[0], TURNS[1], TURNS[0]]))) == 2


def test_two_renders_from_empty_stores_are_the_same_bytes(
    podgen: CommandLine, write_show: Callable[..., Path], tmp_path: Path
) -> None:
    script = write_show(TURNS, "deliverables: [mp3, wav, flac, m4a, opus]\nstems: true")
    for name in ("first", "second"):
        other = CommandLine(tmp_path, tmp_path / f"store-{name}")
        run = other("render", "-e", "hibari", script, "-o", f"{name}/show.mp3")
        assert run.code == 0, run.err
    first, second = tmp_path / "first", tmp_path / "second"
    made = [path for path in first.rglob("*") if path.is_file() and path.name != ".podgen.json"]
    names = sorted(path.relative_to(first) for path in made)
    assert len(names) > 12
    differing = [
        str(name) for name in names if (first / name).read_bytes() != (second / name).read_bytes()
    ]
    assert differing == []


def test_stems_sum_to_the_mix(podgen: CommandLine, write_show: Callable[..., Path]) -> None:
    rendered(podgen, write_show(TURNS, "stems: true"))
    stems = {path.stem: soundfile.read(path)[0] for path in podgen.folder.glob("dist/show/stems/*")}
    assert set(stems) == {"ADA", "BEN", "room", "mix"}
    mix = stems.pop("mix")
    assert np.abs(sum(stems.values()) - mix).max() < 1e-5
    assert np.abs(mix).max() > 0.05


def test_the_depfile_names_everything_the_episode_depends_on(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    (podgen.folder / "words.yaml").write_text("rain: rayne\n")
    script = write_show(TURNS, "lexicon: words.yaml")
    rendered(podgen, script, "-o", "dist/show.mp3", "--depfile", "dist/show.d")
    rule = (podgen.folder / "dist" / "show.d").read_text().split("\n\n")[0]
    assert rule.startswith("dist/show.mp3:")
    for name in ("show.yaml", "voices.yaml", "words.yaml"):
        assert name in rule


def test_plain_lines_say_what_happened(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    run = podgen("render", "-e", "hibari", write_show(TURNS))
    assert "3 turns on hibari" in run.err
    assert "[3/3]" in run.err
    assert "dist/show.mp3" in run.out
    assert "LUFS" in run.out
    assert "\x1b[" not in run.out + run.err


def test_files_of_the_users_own_are_never_removed(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    own = [podgen.folder / "my/clips/keep.flac", podgen.folder / "my/stems/keep.wav"]
    for path in own:
        path.parent.mkdir(parents=True)
        path.write_text("mine")
    rendered(podgen, write_show(TURNS, "stems: true"), "-o", "my.mp3")
    rendered(podgen, write_show(TURNS[:2]), "-o", "my.mp3")
    assert [path.read_text() for path in own] == ["mine", "mine"]
    # What the first render made and the second does not is gone.
    assert len(list((podgen.folder / "my/clips").glob("*.flac"))) == 3
    assert [path.name for path in (podgen.folder / "my/stems").iterdir()] == ["keep.wav"]


def test_a_long_description_does_not_hide_the_format(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    """ffmpeg tells of it before the streams, and it may look like one."""
    line = "  Stream #0:0: Audio: opus, 48000 Hz, mono, fltp, 96 kb/s\n"
    script = write_show(TURNS[:1], "deliverables: [mp3]\ndescription: |\n" + line * 500)
    run = podgen("render", "-e", "hibari", script)
    assert run.code == 0, run.err


@pytest.mark.parametrize("option", ["--output", "--depfile"])
def test_a_show_is_not_overwritten_by_what_it_becomes(
    podgen: CommandLine, write_show: Callable[..., Path], option: str
) -> None:
    rng = np.random.default_rng(1)
    script = write_show(["- music: {file: show.wav, role: intro, lead: 1}", *TURNS[:1]], HEAD)
    music = script.with_name("show.wav")
    soundfile.write(music, 0.1 * rng.standard_normal(96000), 48000)
    before = music.read_bytes()
    target = music if option == "--output" else script
    run = podgen("render", "-e", "hibari", script, option, target)
    assert run.code == 2, run.err
    assert "would be overwritten" in run.err
    assert music.read_bytes() == before and "turns" in script.read_text()
