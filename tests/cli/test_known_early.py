"""What can be known before speaking is said by `check`, and by `render` before it begins."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import CommandLine
from tests.support.pictures import png

pytest.importorskip("hibari", reason="the draft engine is not installed")
pytestmark = pytest.mark.common_store

HELLO = ("ADA", "Good morning, Ben.")
Write = Callable[..., Path]


def told(podgen: CommandLine, script: Path) -> str:
    checked = podgen("check", "-e", "hibari", script)
    run = podgen("render", "-e", "hibari", script)
    assert (checked.code, run.code) == (2, 2), checked.err + run.err
    assert checked.err == run.err
    assert "Traceback" not in run.err
    return run.err


def made(folder: Path) -> None:
    """A second of a tone, `made.wav`."""
    tone = 0.1 * np.sin(np.arange(24_000) * 2 * np.pi * 440 / 24_000)
    soundfile.write(folder / "made.wav", tone, 24_000)


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("mastering: {longest: 1, tail: 1}", "longest 1 s is no longer than head and tail alone"),
        ("mastering: {bitrate: {m4a: 8}}\ndeliverables: [m4a]", "m4a has no bit rate of 8 kb/s"),
        (f"description: {'x' * 200_000}", "give at most 100,000 characters of text"),
        (f"cover: {'x' * 300}.png", "no file 'xxx"),
        ("cover: ~nosuchuser/x.png", "no file '~nosuchuser/x.png'"),
        (r'cover: "a\0b.png"', "an escape makes a control character"),
    ],
)
def test_a_head_that_cannot_be(
    podgen: CommandLine, write_show: Write, head: str, what: str
) -> None:
    assert what in told(podgen, write_show([HELLO], head))


@pytest.mark.parametrize(
    ("items", "what"),
    [
        (["- sound: {file: made.wav, at: -9}", HELLO], "made.wav would begin 8.8 s before"),
        (["- music: {file: made.wav, start: -9}", HELLO], "made.wav would begin 8.8 s before"),
        (
            ["- ADA: {id: hi, text: Good day.}", "- music: {file: made.wav, start: hi - 90}"],
            "made.wav would begin 8",
        ),
        ([HELLO, "- sound: {file: made.wav, at: -90}"], "made.wav would begin 8"),
        (["- chapter: One", "- chapter: Two", HELLO], "nothing sounds in this chapter"),
        (["- chapter: One", "- pause: 3", "- chapter: Two", HELLO], "nothing sounds in this"),
        ([HELLO, "- chapter: The end"], "nothing sounds in this chapter; move or remove it"),
        ([("ADA", "A" + "a" * 500 + "h!")], "the word `Aaaaaaaaaaaaaaaaaaaa...` has 502 letters"),
    ],
)
def test_items_that_cannot_be(
    podgen: CommandLine, write_show: Write, items: list[str | tuple[str, str]], what: str
) -> None:
    made(podgen.folder)
    assert what in told(podgen, write_show(items))


def test_a_lexicon_may_not_leave_a_word_silent(podgen: CommandLine, write_show: Write) -> None:
    for said in ("-", "/ˈ/", "'...'", "/kæt/ -"):
        script = write_show([f"- ADA: {{text: The cat sat., pronunciation: {{cat: {said}}}}}"])
        assert "leaves 'cat' silent; give a respelling" in told(podgen, script)


def test_nobody_is_called_what_begins_another_item(podgen: CommandLine, write_show: Write) -> None:
    script = write_show([HELLO])
    voices = podgen.folder / "voices.yaml"
    good = voices.read_text()
    voices.write_text(good + "  music: {voices: {hibari: heart}}\n")
    assert "nobody can be called 'music'" in told(podgen, script)
    voices.write_text(good.replace("ADA: {", "ADA: {aliases: [Ada, pause], "))
    assert "nobody can be called 'pause'" in told(podgen, script)


@pytest.mark.parametrize("spoil", ["cut", "empty", "flipped"])
def test_a_damaged_picture_is_refused(podgen: CommandLine, write_show: Write, spoil: str) -> None:
    data = png(40, 40)
    whole = podgen.folder / "a.png"
    whole.write_bytes(
        {"cut": data[:-20], "empty": png(0, 0), "flipped": data[:50] + b"\xff" + data[51:]}[spoil]
    )
    assert "a.png is damaged or cut off" in told(podgen, write_show([HELLO], "cover: a.png"))


def test_a_cut_jpeg_is_refused(podgen: CommandLine, write_show: Write) -> None:
    image = pytest.importorskip("PIL.Image")
    pixels = random.Random(1).randbytes(64 * 64 * 3)
    path = podgen.folder / "a.jpg"
    image.frombytes("RGB", (64, 64), pixels).save(path)
    script = write_show([HELLO], "cover: a.jpg")
    assert podgen("check", "-e", "hibari", script).code == 0
    os.truncate(path, path.stat().st_size - 200)
    assert "a.jpg is damaged or cut off" in told(podgen, script)


def test_a_cover_that_flac_cannot_hold_is_refused(podgen: CommandLine, write_show: Write) -> None:
    (podgen.folder / "a.png").write_bytes(png(10, 10) + bytes(17 << 20))
    script = write_show([HELLO], "cover: a.png\ndeliverables: [mp3, flac]")
    said = told(podgen, script)
    assert "show.yaml:2:8: the cover has 17.0 MiB, and flac holds less than 16" in said


def test_an_option_without_effect_is_refused(podgen: CommandLine) -> None:
    run = podgen("voices", "-e", "hibari", "--text", "Hello.")
    assert run.code == 2
    assert "--text needs --sample" in run.err
    run = podgen("speak", "Hello.", "-e", "hibari", "--seed", "3", "-o", "a.wav")
    assert run.code == 3
    assert "one reading of a text: --seed changes nothing" in run.err


def test_what_is_left_out_is_a_warning(podgen: CommandLine, write_show: Write, cover: Path) -> None:
    made(podgen.folder)
    items = [
        "- chapter: {title: One, image: cover.png}",
        HELLO,
        "- music: {file: made.wav, trim: [0, 30], role: outro}",
    ]
    run = podgen("render", "-e", "hibari", write_show(items, "deliverables: [m4a, mp3]"))
    assert run.code == 0, run.err
    warnings = [line for line in run.err.splitlines() if line.startswith("warning: ")]
    assert any("made.wav ends at" in line and "before its trim does" in line for line in warnings)
    assert "warning: m4a: m4a holds no pictures of chapters" in warnings
    assert len(warnings) == 2


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("", ["20 x 10 pixels; players want a square", "20 x 10 pixels; apple wants 1400 to 3000"]),
        ("mastering: acx", ["players want a square", "20 x 10 pixels; acx wants 2400 and more"]),
        ("mastering: ebu", []),
    ],
)
def test_a_cover_that_a_house_will_not_take_is_a_warning(
    podgen: CommandLine, write_show: Write, cover: Path, head: str, told: list[str]
) -> None:
    run = podgen("check", "-e", "hibari", write_show([HELLO], f"cover: {cover.name}\n{head}"))
    assert run.code == 0, run.err
    warnings = [line for line in run.err.splitlines() if line.startswith("warning: cover ")]
    assert len(warnings) == len(told)
    assert all(part in line for part, line in zip(told, warnings, strict=True))
