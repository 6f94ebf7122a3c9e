"""People's recordings among spoken turns: heard, levelled, told; hibari speaks the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from tests.audio.material import speech
from tests.conftest import CommandLine

pytest.importorskip("onnxruntime", reason="the engines are not installed")

RATE = 48000
CAST = "cast: {EVA: {pan: -0.5}}\ndeliverables: [wav]"


@pytest.fixture
def take(tmp_path: Path) -> Path:
    """A quiet voice on the left channel of a stereo file, with a second of silence around it."""
    voice = speech(4.0, lufs=-38.0, rate=RATE)
    still = np.zeros(RATE, np.float32)
    mono = np.concatenate([still, voice, still])
    (tmp_path / "takes").mkdir()
    path = tmp_path / "takes" / "eva 1.flac"
    soundfile.write(path, np.column_stack([mono, np.zeros_like(mono)]), RATE)
    return path


def rows(podgen: CommandLine) -> list[dict[str, Any]]:
    report = json.loads((podgen.folder / "dist/show/report.json").read_text())
    return list(report["turns"])


def test_a_person_and_a_voice_in_one_episode(
    podgen: CommandLine, write_show: Callable[..., Path], take: Path
) -> None:
    turns = [
        ("BEN", "Tonight we have a guest, and she is a person."),
        "- EVA: {id: first, audio: takes/eva 1.flac, text: 'It is *good* to be here.'}",
        ("BEN", "Say that again, please, for the people at the back."),
        "- EVA: {id: part, audio: takes/eva 1.flac, in: 1.5, out: 3, text: Good., overlap: 0.2}",
        "- EVA: {id: whole, audio: takes/eva 1.flac, trim: false, text: 'Once more.'}",
    ]
    script = write_show(turns, CAST + "\nstems: true")
    first = podgen("render", "-e", "hibari", "--json", script)
    assert first.code == 0, first.err
    ben, one, _, part, whole = rows(podgen)
    rate = 44100
    lengths = [(row["end"] - row["start"]) / rate for row in (one, part, whole)]
    assert lengths[0] == pytest.approx(4.16, abs=0.15)  # less its silence, with 40 and 120 ms of it
    assert lengths[1] == pytest.approx(1.5, abs=0.05)
    assert lengths[2] == pytest.approx(6.0, abs=0.01)
    assert part["start"] < part["end"]
    assert one["engine"] == "recording"
    # 15 dB softer than the other voice when it came, and as loud as it in the episode.
    assert abs(one["loudness_after"] - ben["loudness_after"]) < 1.5
    stem, _ = soundfile.read(podgen.folder / "dist/show/stems/EVA.wav")
    left, right = np.square(stem).mean(axis=0)
    assert left > 3 * right > 0
    folder = podgen.folder / "dist/show"
    told = json.loads((folder / "transcript.json").read_text())["segments"]
    assert [bool(segment.get("recorded")) for segment in told] == [False, True, False, True, True]
    assert told[1]["body"] == "It is good to be here."
    ending = (folder / "transcript.txt").read_text().splitlines()[-1]
    assert ending == "Recorded: EVA. Synthetic voices: BEN."
    item = (folder / "item.xml").read_text()
    assert '<podcast:txt purpose="ai-content">true</podcast:txt>' in item
    assert '<podcast:txt purpose="ai-voices">BEN</podcast:txt>' in item

    # Other words change the transcript, and no clip; another recording changes its turns alone.
    script = write_show([*turns[:4], turns[4].replace("Once", "One")], CAST + "\nstems: true")
    again = podgen("render", "-e", "hibari", "--json", script)
    assert again.named("spoke") == []
    assert "One more." in (folder / "transcript.txt").read_text()
    samples, _ = soundfile.read(take)
    soundfile.write(take, samples * 0.5, RATE)
    third = podgen("render", "-e", "hibari", "--json", script)
    assert {event["turn"] for event in third.named("spoke")} == {"first", "part"}

    new = podgen("render", "-e", "hibari", script, "--turn", "first", "--new-take")
    assert (new.code, new.err.splitlines()[-1]) == (
        3,
        "turn first is a recording, which has one take; give another file or part",
    )
    listed = podgen("takes", script, "first", "--json")
    assert [event["take"] for event in listed.events] == [1]


def test_an_episode_of_people_discloses_nothing(
    podgen: CommandLine, write_show: Callable[..., Path], take: Path
) -> None:
    script = write_show(["- EVA: {audio: takes/eva 1.flac, text: Alone.}"], CAST)
    run = podgen("render", "--depfile", "deps.d", script)
    assert run.code == 0, run.err
    assert "ai-content" not in (podgen.folder / "dist/show/item.xml").read_text()
    assert b"ai-content" not in (podgen.folder / "dist/show.wav").read_bytes()
    assert "eva" in (podgen.folder / "deps.d").read_text()


def test_what_cannot_be_is_refused_at_once(
    podgen: CommandLine, write_show: Callable[..., Path], take: Path
) -> None:
    (podgen.folder / "no.wav").write_text("no sound")
    script = write_show(
        [
            "- EVA: {audio: takes/eva 1.flac, text: Hello., speed: 1.2}",
            "- BEN: {text: Hello., in: 1}",
            "- EVA: {audio: takes/eva 1.flac}",
            "- EVA: {audio: takes/eva 1.flac, in: 2, out: 1, text: Hello.}",
            "- EVA: {audio: no.wav, text: Hello.}",
            "- EVA: {audio: takes/eva 1.flac, in: 7, text: Hello again.}",
            "- EVA: {audio: takes/eva 1.flac, out: 9, text: Hello for long.}",
            "- EVO: {audio: takes/eva 1.flac, text: Hello.}",
        ],
        CAST,
    )
    run = podgen("check", script)
    assert run.code == 2
    lines = [line.split(":", 3)[3].strip() for line in run.err.splitlines()]
    assert [line.split(" ")[0].split("/")[-1] for line in lines] == [
        "speed",
        "in",
        "text",
        "the",
        "no.wav",
        "turn",
        "turn",
        "unknown",
    ]
    assert "turn eva" in lines[5] and "6.00 s long and is to begin at 7 s; lower in" in lines[5]
    assert "is to end at 9 s; lower out" in lines[6]
    assert lines[7].endswith("did you mean 'EVA'?")


def test_a_silent_recording_is_no_turn(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    soundfile.write(podgen.folder / "mute.wav", np.zeros(RATE), RATE)
    script = write_show(["- EVA: {id: mute, audio: mute.wav, text: Hello.}"], CAST)
    run = podgen("render", script)
    assert run.code == 3
    assert "turn mute: mute.wav holds 1.0 s of silence; give another file or part" in run.err


def test_the_schema_knows_recordings(podgen: CommandLine) -> None:
    turn = yaml.safe_load(podgen("schema").out)["$defs"]["Turn"]["properties"]
    assert {"audio", "in", "out", "trim"} <= set(turn)
