"""A render touches nothing that is not its own, and all that is its own changes together."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from tests.conftest import CommandLine
from tests.support.pictures import png

pytest.importorskip("hibari", reason="the draft engine is not installed")

TURNS = [("ADA", "Good morning, Ben."), ("BEN", "Good morning to you.")]
Write = Callable[..., Path]


def rendered(podgen: CommandLine, *arguments: str | Path) -> None:
    run = podgen("render", "-e", "hibari", *arguments)
    assert run.code == 0, run.err


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("name", "head", "items", "options"),
    [
        ("cl/show.rejected.flac", "", ["- sound: {}"], ["-o", "cl/show.flac"]),
        ("cl/show.preview.flac", "", ["- music: {}"], ["-o", "cl/show.flac"]),
        ("dist/show/stems/mix.wav", "stems: true", ["- music: {}"], []),
        ("dist/show/stems/ADA.wav", "stems: true", ["- sound: {}"], []),
        ("dist/show.rejected.mp3", "", ["- sound: {}"], []),
    ],
)
def test_sound_of_the_show_is_never_written_over(
    podgen: CommandLine,
    write_show: Write,
    name: str,
    head: str,
    items: list[str],
    options: list[str],
) -> None:
    rendered(podgen, write_show(TURNS), "-o", "made.wav")
    sound = podgen.folder / name
    sound.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(podgen.folder / "made.wav", sound)
    before = sound.read_bytes()
    script = write_show([*(item.format(name) for item in items), *TURNS], head)
    run = podgen("render", "-e", "hibari", script, *options)
    assert run.code == 2, run.err
    assert f"{name} belongs to the show" in run.err
    assert sound.read_bytes() == before


def test_a_turns_clip_taken_as_an_effect_is_kept(podgen: CommandLine, write_show: Write) -> None:
    """The next render would sweep it, as the turn that it was made for is gone."""
    rendered(podgen, write_show(TURNS))
    (clip, *_) = sorted((podgen.folder / "dist/show/clips").glob("ada*.flac"))
    name = clip.relative_to(podgen.folder)
    run = podgen("render", "-e", "hibari", write_show([f"- sound: {name}", TURNS[1]]))
    assert run.code == 2, run.err
    assert f"{name} belongs to the show and would be removed" in run.err
    assert clip.exists()


@pytest.mark.parametrize(
    "depfile", ["dist/show.mp3", "show.yaml", "dist/show/item.xml", "show.lock.yaml"]
)
def test_a_dependency_file_is_written_over_nothing(
    podgen: CommandLine, write_show: Write, depfile: str
) -> None:
    script = write_show(TURNS)
    before = script.read_bytes()
    run = podgen("render", "-e", "hibari", script, "--depfile", depfile)
    assert run.code == 2, run.err
    assert depfile in run.err
    assert script.read_bytes() == before
    assert not (podgen.folder / "dist").exists()


def test_only_what_podgen_wrote_is_swept(podgen: CommandLine, write_show: Write) -> None:
    """Files of the user stay, whatever their names are like, and what he changed is his."""
    rendered(podgen, write_show(TURNS, "stems: true"))
    folder = podgen.folder / "dist" / "show"
    for name in ("clips/mine.0123abcd.flac", "stems/mine.wav", "notes.txt"):
        (folder / name).write_text("the user's")
    samples, rate = soundfile.read(folder / "stems" / "BEN.wav", dtype="float32")
    soundfile.write(folder / "stems" / "BEN.wav", samples * 0.5, rate, "FLOAT")
    rendered(podgen, write_show([TURNS[0], ("ADA", "Another turn.")]))
    kept = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"clips/mine.0123abcd.flac", "stems/mine.wav", "notes.txt", "stems/BEN.wav"} <= kept
    assert not {"stems/ADA.wav", "stems/mix.wav"} & kept
    assert len(list((folder / "clips").glob("*.flac"))) == 3


@pytest.mark.parametrize("step", ["encoding", "verifying", "stems"])
def test_an_interrupted_render_changes_nothing_of_the_last(
    podgen: CommandLine, write_show: Write, step: str
) -> None:
    rendered(podgen, write_show(TURNS, "stems: true"))
    before = contents(podgen.folder / "dist")
    script = write_show([*TURNS, ("ADA", "And one turn more.")], "stems: true")
    process = podgen.start("render", "-e", "hibari", script)
    assert process.stderr
    assert any(line.startswith(step) for line in process.stderr)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert contents(podgen.folder / "dist") == before


def test_a_rejected_render_changes_nothing_of_the_last(
    podgen: CommandLine, write_show: Write
) -> None:
    rendered(podgen, write_show(TURNS))
    before = contents(podgen.folder / "dist")
    script = write_show([*TURNS, ("ADA", "And one turn more.")], "mastering: {longest: 1.2}")
    run = podgen("render", "-e", "hibari", script)
    assert run.code == 5
    assert "see dist/show.rejected/report.html" in run.err
    after = contents(podgen.folder / "dist")
    assert {name: after[name] for name in before} == before
    report = json.loads(after["show.rejected/report.json"])
    assert report["deliverables"][0]["path"] == "../show.rejected.mp3"
    assert b"one turn more" in after["show.rejected/transcript.txt"]


@pytest.mark.parametrize(
    ("there", "output", "what"),
    [
        ("dist/show.mp3/", None, "dist/show.mp3 cannot be written: something else than a file"),
        ("dist/show", None, "dist/show is no folder"),
        ("dist/show/report.json/", None, "report.json cannot be written: something else"),
        ("dist", None, "dist is no folder"),
        (None, "x" * 300 + ".mp3", "File name too long"),
    ],
)
def test_what_stands_in_the_way_is_told_at_once(
    podgen: CommandLine, write_show: Write, there: str | None, output: str | None, what: str
) -> None:
    if there and there.endswith("/"):
        (podgen.folder / there).mkdir(parents=True)
    elif there:
        (podgen.folder / there).parent.mkdir(exist_ok=True)
        (podgen.folder / there).write_text("in the way")
    script = write_show(TURNS)
    options = ["-o", output] if output else []
    run = podgen("render", "-e", "hibari", script, *options)
    assert run.code == 2, run.err
    assert what in run.err
    assert len(run.err.splitlines()) == 1  # however many files would go there
    if there:
        checked = podgen("check", "-e", "hibari", script)
        assert checked.code == 2
        assert what in checked.err


def test_any_name_of_an_output_is_a_files(podgen: CommandLine, write_show: Write) -> None:
    """ffmpeg would take the part before a colon for a protocol, a dash for an option."""
    script = write_show(TURNS)
    for name in ("a:b.mp3", "-y.mp3", "100% Ü.wav"):
        rendered(podgen, script, f"--output={name}")
        assert soundfile.info(podgen.folder / name).frames > 44100


def test_names_of_speakers_however_long_make_stems(podgen: CommandLine, write_show: Write) -> None:
    script = write_show(TURNS, "stems: true")
    for file in (script, podgen.folder / "voices.yaml"):
        file.write_text(file.read_text().replace("BEN", "Ö" * 300))
    rendered(podgen, script)
    stems = podgen.folder / "dist" / "show" / "stems"
    assert sorted(path.stem[:3] for path in stems.iterdir()) == ["ADA", "mix", "roo", "ÖÖÖ"]


def test_pictures_of_one_name_are_both_published(podgen: CommandLine, write_show: Write) -> None:
    for folder, size in (("one", 20), ("two", 30)):
        (podgen.folder / folder).mkdir()
        (podgen.folder / folder / "a.png").write_bytes(png(size, size))
    script = write_show(
        [
            "- chapter: {title: One, image: one/a.png}",
            TURNS[0],
            "- chapter: {title: Two, image: two/a.png}",
            TURNS[1],
        ]
    )
    rendered(podgen, script)
    folder = podgen.folder / "dist" / "show"
    chapters = json.loads((folder / "chapters.json").read_text())["chapters"]
    pictures = [(folder / chapter["img"]).read_bytes() for chapter in chapters]
    assert pictures == [png(20, 20), png(30, 30)]


def test_a_render_writes_nothing_outside_its_places(
    podgen: CommandLine, write_show: Write, tmp_path: Path
) -> None:
    """Not in the home folder, as onnxruntime's telemetry would, and nothing stays in TMPDIR."""
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    script = write_show(TURNS)
    places = {name: str(home) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    for engine in ("hibari", "kokoro"):
        run = podgen(
            *("render", "-e", engine, script), TMPDIR=str(temporary), XDG_DATA_HOME="", **places
        )
        assert run.code == 0, run.err
    assert list(home.rglob("*")) == []
    assert list(temporary.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("dist", "home", "show.yaml", "store", "temporary", "voices.yaml")
    ]
