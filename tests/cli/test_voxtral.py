"""Voxtral from the command line, on the CPU, with a tiny checkpoint of random weights."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import CommandLine
from tests.support.places import GOLDEN

pytest.importorskip("torch", reason="the Voxtral engine is not installed")
pytest.importorskip("mistral_common", reason="the Voxtral engine is not installed")

MODEL = GOLDEN / "checkpoint"
VOICES = (
    "characters:\n  ADA: {voices: {voxtral: casual_male}}\n  BEN: {voices: {voxtral: fr_female}}\n"
)


def write(folder: Path, *turns: str) -> Path:
    (folder / "voices.yaml").write_text(VOICES)
    script = folder / "show.yaml"
    script.write_text("\n".join(["title: Test", "turns:", *turns]) + "\n")
    return script


def test_a_show_is_rendered_and_only_once(podgen: CommandLine) -> None:
    script = write(podgen.folder, "- ADA: {text: 'Hello there, this is a test.', seed: 7}")
    on_cpu = ("--engine", "voxtral", "--model", MODEL, "--device", "cpu", "--no-cuda-graphs")
    run = podgen("render", script, *on_cpu, "--json")
    assert run.code == 0, run.err
    assert [round(event["seconds"], 2) for event in run.named("spoke")] == [1.2]  # 15 frames
    assert run.named("speaking")
    report = json.loads((podgen.folder / "dist/show/report.json").read_text())
    assert report["passed"]
    assert podgen("render", script, *on_cpu, "--json").named("spoke") == []
    turn = report["turns"][0]["id"]
    listed = podgen("takes", script, turn, *on_cpu[:-1], "--json")
    assert [round(take["seconds"], 1) for take in listed.events] == [1.2]


def test_what_it_cannot_do_is_said_before_anything_renders(podgen: CommandLine) -> None:
    (podgen.folder / "me.wav").write_bytes(b"RIFF")
    script = write(
        podgen.folder,
        "- ADA: {text: Hello., instructions: whisper}",
        "- BEN: {text: Bonjour., ref_audio: me.wav}",
        "- ADA: {text: Hello again., speed: 1.5}",
        "- BEN: {text: Hi., voice: casual_mail}",
    )
    for command in ("check", "render"):
        run = podgen(command, script, "--engine", "voxtral", "--model", MODEL)
        assert run.code == 2, run.err
        lines = [line for line in run.err.splitlines() if "show.yaml:" in line]
        told = zip(("instructions", "ref_audio", "speed", "casual_male"), lines, strict=True)
        for number, (part, line) in enumerate(told, start=3):
            assert f"show.yaml:{number}:" in line
            assert part in line
    assert not podgen.store.exists()


def test_a_script_is_checked_where_the_engine_cannot_speak(podgen: CommandLine) -> None:
    script = write(podgen.folder, "- ADA: It cost $5 on 3 May 2024.")
    run = podgen("check", script, "--engine", "voxtral", "--model", MODEL, "--spoken")
    assert run.code == 0, run.err
    assert "five dollars" in run.out
    assert "2024" not in run.out
    missing = podgen("render", script, "--engine", "voxtral", "--model", podgen.folder / "nowhere")
    assert missing.code == 3


def test_one_text_is_spoken_and_streamed(podgen: CommandLine) -> None:
    text = ("speak", "Hello there, this is a test.", "--voice", "casual_male", "--seed", "7")
    on_cpu = ("--engine", "voxtral", "--model", MODEL, "--set", "device=cpu", "--set", "batch=2")
    run = podgen(*text, *on_cpu, "-o", "said.wav")
    assert run.code == 0, run.err
    whole, rate = soundfile.read(podgen.folder / "said.wav", dtype="int16")
    assert (len(whole) / rate, rate) == (1.2, 24000)
    streamed = subprocess.run(
        podgen.argv(*text, *on_cpu, "--stream"), env=podgen.environment, capture_output=True
    ).stdout
    samples = np.frombuffer(streamed[44:], "<i2").astype(int)
    assert np.abs(samples - whole).max() <= 1


def test_what_cannot_be_set_is_said(podgen: CommandLine) -> None:
    for given, said in (
        (("--set", "quantize=int8"), "did you mean `quantise`?"),
        (("--set", "batch=none"), "batch is 'none'"),
        (("--set", "batch"), "write NAME=VALUE"),
        (("--set", "batch=[1"), "write NAME=VALUE"),
        (("--max-tokens", "2"), "max_tokens of 2 allows 0.2 s"),
        (("--temperature", "1.6"), "temperature is 1.6; give a number from 0 to 1.5"),
    ):
        run = podgen("speak", "Hello there.", "--engine", "voxtral", "--model", MODEL,
                     "--device", "cpu", *given, "-o", "no.wav")  # fmt: skip
        assert (run.code != 0, said in run.err, "Traceback" in run.err) == (True, True, False)
    assert not (podgen.folder / "no.wav").exists()
