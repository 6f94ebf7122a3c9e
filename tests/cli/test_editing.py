"""The editor's loop: one turn again, its takes, a preview in context; Kokoro speaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from tests.conftest import CommandLine

pytest.importorskip("onnxruntime", reason="the Kokoro engine is not installed")

TURNS = [
    ("ADA", "Good evening, and welcome."),
    "- BEN: {id: answer, text: And a good evening to you.}",
    ("ADA", "Shall we begin?"),
]


def test_the_editors_loop(podgen: CommandLine, write_show: Callable[..., Path]) -> None:
    script = write_show(TURNS, "deliverables: [wav]")
    first = podgen("render", "-e", "kokoro", "--json", script)
    assert first.code == 0, first.err
    before, rate = soundfile.read(podgen.folder / "dist" / "show.wav")
    rows = json.loads((podgen.folder / "dist/show/report.json").read_text())["turns"]

    again = podgen("render", "-e", "kokoro", "--json", script, "--turn", "answer", "--new-take")
    assert again.code == 0, again.err
    assert [(event["turn"], event["take"]) for event in again.named("spoke")] == [("answer", 2)]
    names = [event["event"] for event in again.events]
    assert names.index("preview") < names.index("delivered")
    after, _ = soundfile.read(podgen.folder / "dist" / "show.wav")

    # The preview is the same sound as the episode at that place, but for the master's last touch.
    event = again.named("preview")[0]
    heard, _ = soundfile.read(podgen.folder / event["path"])
    assert abs(len(heard) / rate - (event["end"] - event["start"])) < 0.01
    place = after[round(event["start"] * rate) :][: len(heard)]
    assert np.corrcoef(heard[:, 0], place[:, 0])[0, 1] > 0.999

    # Another reading of that turn, and nothing else has changed.
    new = json.loads((podgen.folder / "dist/show/report.json").read_text())["turns"]
    assert [row["take"] for row in new] == [1, 2, 1]
    assert [row["cached"] for row in new] == [True, False, True]
    old_turn = before[rows[1]["start"] : rows[1]["end"]]
    new_turn = after[new[1]["start"] : new[1]["end"]]
    assert old_turn.shape != new_turn.shape or not np.allclose(old_turn, new_turn, atol=1e-3)
    assert len(after) - len(before) == len(new_turn) - len(old_turn)

    # The choice is kept beside the script, and a plain render stays with it.
    lock = yaml.safe_load((podgen.folder / "show.lock.yaml").read_text())
    assert lock["turns"]["answer"]["kokoro"]["take"] == 2
    plain = podgen("render", "-e", "kokoro", "--json", script)
    assert plain.named("spoke") == []
    assert np.array_equal(soundfile.read(podgen.folder / "dist/show.wav")[0], after)

    listed = podgen("takes", "-e", "kokoro", script, "answer", "--json")
    assert [(take["take"], take["chosen"]) for take in listed.events] == [(1, False), (2, True)]
    picked = podgen("takes", "-e", "kokoro", script, "answer", "--pick", "1")
    assert picked.code == 0, picked.err
    assert not (podgen.folder / "show.lock.yaml").exists()
    unmade = podgen("takes", "-e", "kokoro", script, "answer", "--pick", "7")
    assert unmade.code == 3
    assert "--take 7" in unmade.err


def test_questions_about_turns_that_do_not_exist(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    script = write_show(TURNS)
    run = podgen("render", "-e", "kokoro", script, "--turn", "anser")
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert "did you mean answer?" in run.err
    assert podgen("render", "-e", "kokoro", script, "--take", "2").code == 2
    both = podgen("render", script, "--turn", "answer", "--take", "2", "--new-take")
    assert both.code == 2
    draft = podgen("render", "-e", "hibari", script, "--turn", "answer", "--new-take")
    assert draft.code == 3
    assert "one reading" in draft.err


def test_a_draft_engine_lists_its_one_reading(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    script = write_show(TURNS)
    listed = podgen("takes", "-e", "hibari", script, "answer", "--json")
    assert [(take["take"], take["chosen"], take["path"]) for take in listed.events] == [
        (1, True, None)
    ]


def test_choices_that_no_longer_mean_the_same_are_reported(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    script = write_show(TURNS)
    (podgen.folder / "show.lock.yaml").write_text(
        "turns:\n"
        "  answer: {kokoro: {take: 2, seed: 77, text: x}}\n"
        "  gone-1234: {kokoro: {take: 2, seed: 1000, text: x}}\n"
    )
    run = podgen("check", "-e", "kokoro", script)
    assert run.code == 0
    warnings = [line for line in run.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 2
    assert "gone-1234" in warnings[0]
    assert "turn answer: the seed in the script was changed" in warnings[1]


def test_a_show_that_lands_on_a_lesser_engine_says_why(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    script = write_show(TURNS, "cast: {CARL: {voices: {hibari: heart}}}")
    script.write_text(script.read_text() + "- CARL: Good evening to both of you.\n")
    run = podgen("check", script)
    assert run.code == 0
    assert "warning: hibari is the best engine" in run.err
    assert "kokoro has none for CARL" in run.err


def test_an_engine_that_is_set_up_and_cannot_speak_is_not_passed_over_in_silence(
    podgen: CommandLine, write_show: Callable[..., Path]
) -> None:
    script = write_show(TURNS, "engines: {kokoro: {model: nowhere.onnx}}")
    run = podgen("check", script)
    assert "warning: engine kokoro is set up but cannot speak here" in run.err
    asked = podgen("render", script, "-e", "kokoro")
    assert asked.code == 3
    assert "nowhere.onnx" in asked.err
