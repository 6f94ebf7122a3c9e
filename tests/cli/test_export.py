"""A show handed out: plain ffmpeg makes the same mix, and other programs read the projects."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from podgen.audio import ffmpeg
from tests.audio.material import RATE, Floats, noise, speech, tone
from tests.conftest import CommandLine

pytest.importorskip("onnxruntime", reason="the engines are not installed")
pytestmark = pytest.mark.common_store

TURNS = [
    "- chapter: One",
    "- music: {file: theme.wav, role: intro, lead: 2.5, fade_in: 0.5, fade_out: 1.5}",
    "- EVA: {id: first, audio: eva.wav, text: A person says this.}",
    "- music: {file: 'a bed.wav', envelope: [[0, 0], [3, -6]], duck: {by: 8, attack: 0.2}}",
    '- EVA: {id: second, audio: eva.wav, in: 1, out: 2.5, text: "It\'s \'more\' \\"$HOME\\"."}',
    "- sound: {file: knock.wav, pan: -0.6, wait: true}",
    "- chapter: Two",
    "- BEN: {id: third, audio: ben.wav, text: And here is the other., pan: 0.5}",
    "- EVA: {id: fourth, audio: eva.wav, out: 1.2, text: Mhm., overlap: 0.6}",
]
HEAD = "cast: {EVA: {pan: -0.3}}\nstems: true\ndeliverables: [wav]"


@pytest.fixture
def show(tmp_path: Path, write_show: Callable[..., Path]) -> Path:
    """People alone, so that nothing is synthesised; stereo music, looped, and a mono effect."""
    theme = np.column_stack([tone(5, 330, -14), tone(5, 495, -16)])
    bed = np.column_stack([noise(2, -26, 1), noise(2, -26, 2)])
    for name, samples in (
        ("theme", theme),
        ("a bed", bed),
        ("knock", tone(0.3, 90, -10)),
        ("eva", speech(3.0, 1)),
        ("ben", speech(2.0, 2)),
    ):
        soundfile.write(tmp_path / f"{name}.wav", samples, RATE, subtype="FLOAT")
    return write_show(TURNS, HEAD)


def mixed(script: Path, out: Path) -> Floats:
    """What the shell script makes, run from elsewhere by the ffmpeg that podgen uses."""
    environment = {"FFMPEG": ffmpeg.find().path, "PATH": "/usr/bin:/bin"}
    subprocess.run(["sh", script, out], check=True, env=environment, cwd="/", timeout=120)
    return np.asarray(soundfile.read(out, dtype="float32")[0])


def level(samples: Floats) -> float:
    return float(20 * np.log10(np.sqrt(np.square(samples, dtype=np.float64).mean()) + 1e-12))


@pytest.mark.parametrize("channels", [2, 1])
def test_plain_ffmpeg_makes_the_same_mix(podgen: CommandLine, show: Path, channels: int) -> None:
    if channels == 1:
        show.write_text(show.read_text().replace("stems:", "mastering: apple-mono\nstems:"))
    assert podgen("render", show).code == 0
    run = podgen("export", show, "--to", "ffmpeg")
    assert (run.code, run.out) == (0, "dist/show-ffmpeg/mix.sh\n"), run.err
    script = podgen.folder / "dist/show-ffmpeg/mix.sh"
    ours, _ = soundfile.read(podgen.folder / "dist/show/stems/mix.wav", dtype="float32")
    theirs = mixed(script, podgen.folder / "theirs.wav")
    assert theirs.shape == ours.shape
    assert level(theirs - ours) < level(ours) - 50
    for start in range(0, len(ours) - RATE // 2, RATE // 2):  # and at every moment
        part = slice(start, start + RATE // 2)
        assert level(theirs[part] - ours[part]) < level(ours) - 50, start / RATE


def test_evaluated_once_the_intro_is_silent(podgen: CommandLine, show: Path) -> None:
    assert podgen("export", show, "--to", "ffmpeg").code == 0
    script = podgen.folder / "dist/show-ffmpeg/mix.sh"
    intro = slice(round(0.3 * RATE), 2 * RATE)
    heard = mixed(script, podgen.folder / "heard.wav")[intro]
    text = script.read_text()
    assert ":eval=frame" in text
    script.write_text(text.replace(":eval=frame", ""))
    frozen = mixed(script, podgen.folder / "frozen.wav")[intro]
    assert level(heard) > -40
    assert level(frozen) < level(heard) - 100  # and no error


def test_reaper(podgen: CommandLine, show: Path) -> None:
    rpp = pytest.importorskip("rpp", reason="no reader of REAPER's projects")
    assert podgen("export", show, "--to", "reaper", "-o", "out").code == 0
    project = rpp.loads((podgen.folder / "out/episode.rpp").read_text())

    def value(element: Any, key: str) -> Any:
        found = element.find(key)
        return found[1:] if isinstance(found, list) else None

    tracks = project.findall("TRACK")
    names = [value(track, "NAME")[0] for track in tracks]
    assert names == ["EVA", "BEN", "effects", "music", "room tone"]
    eva, ben, effects, music, _ = (track.findall("ITEM") for track in tracks)
    assert [value(item, "NAME")[0] for item in eva] == ["first", "second", "fourth"]
    for item in (*eva, *ben, *effects, *music):
        path = podgen.folder / "out" / value(item.find("SOURCE"), "FILE")[0]
        assert soundfile.info(path).duration == pytest.approx(
            float(value(item, "LENGTH")[0]), abs=1e-6
        )
    # The last turn begins 0.6 s before the other's ends.
    end = float(value(ben[0], "POSITION")[0]) + float(value(ben[0], "LENGTH")[0])
    assert float(value(eva[2], "POSITION")[0]) == pytest.approx(end - 0.6, abs=1e-4)
    pan = float(value(ben[0], "VOLPAN")[1])
    assert 0 < pan < 1 and float(value(eva[0], "VOLPAN")[1]) < 0
    assert float(value(music[0], "FADEIN")[1]) == pytest.approx(0.5)
    points = [[float(v) for v in point[1:3]] for point in music[1].find("VOLENV").findall("PT")]
    assert len(points) > 4 and min(gain for _, gain in points) < 10 ** (-7.5 / 20)
    markers = [
        entry for entry in project.children if isinstance(entry, list) and entry[0] == "MARKER"
    ]
    assert [marker[3] for marker in markers] == ["One", "Two"]


def test_otio(podgen: CommandLine, show: Path) -> None:
    otio = pytest.importorskip("opentimelineio", reason="podgen[editors] is not installed")
    assert podgen("export", show, "--to", "otio").code == 0
    folder = podgen.folder / "dist/show-otio"
    timeline = otio.adapters.read_from_file(str(folder / "episode.otio"))
    assert [marker.name for marker in timeline.tracks.markers] == ["One", "Two"]
    placed = {
        clip.name: clip.range_in_parent().start_time.to_seconds()
        for track in timeline.tracks
        for clip in track.find_clips()
    }
    assert list(placed)[:3] == ["first", "second", "fourth"]
    assert placed["first"] == pytest.approx(0.25 + 2.5, abs=1e-4)
    for clip in timeline.find_clips():
        assert (folder / clip.media_reference.target_url).is_file()
    bed = next(clip for clip in timeline.find_clips() if clip.name == "a bed.wav")
    assert bed.metadata["podgen"]["envelope"][0][0] == 0


def test_audacity(podgen: CommandLine, show: Path) -> None:
    assert podgen("export", show, "--to", "audacity").code == 0
    folder = podgen.folder / "dist/show-audacity"
    lines = (folder / "episode.lof").read_text().splitlines()
    assert lines[0] == "window"
    files = [line.split('"')[1] for line in lines[1:]]
    lengths = {soundfile.info(folder / file).frames for file in files}
    assert len(files) == 5 and len(lengths) == 1
    labels = [line.split("\t") for line in (folder / "labels.txt").read_text().splitlines()]
    assert [text.split(":")[0] for _, _, text in labels] == [
        "# One",
        "EVA",
        "EVA",
        "# Two",
        "BEN",
        "EVA",
    ]
    eva, rate = soundfile.read(folder / "media/EVA.wav")
    start, end = (round(float(second) * rate) for second in labels[1][:2])
    assert level(eva[start:end]) > -35 and level(eva[: start - 1]) < -100


def test_writing_again_replaces_only_what_was_written(podgen: CommandLine, show: Path) -> None:
    assert podgen("export", show, "--to", "ffmpeg", "-o", "out").code == 0
    (podgen.folder / "out/mine.txt").write_text("mine")
    before = sorted(path.name for path in (podgen.folder / "out/media").iterdir())
    show.write_text(show.read_text().replace("id: first", "id: begin"))
    assert podgen("export", show, "--to", "ffmpeg", "-o", "out").code == 0
    after = {path.name for path in (podgen.folder / "out/media").iterdir()}
    assert after == {*before, "begin.wav"} - {"first.wav"}
    assert (podgen.folder / "out/mine.txt").read_text() == "mine"
    assert not [path for path in (podgen.folder / "out").iterdir() if path.name.startswith(".")]
