"""What finished files say of their own level and day, read by others' software."""

from __future__ import annotations

import json
import struct
import subprocess

import imageio_ffmpeg
import pytest
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus

from podgen.errors import ScriptError
from podgen.show import load_show
from tests.conftest import CommandLine

pytest.importorskip("hibari", reason="the draft engine is not installed")

SCRIPT = """\
title: Schöner Tag
author: Ann Author
date: 2026-02-28
deliverables: [opus, wav, flac, mp3, m4a]
turns:
- ADA: This is a short show about nothing in particular.
"""


def test_level_and_day_stand_in_the_files(podgen: CommandLine) -> None:
    (podgen.folder / "show.yaml").write_text(SCRIPT, encoding="utf-8")
    (podgen.folder / "voices.yaml").write_text("characters:\n  ADA: {voices: {hibari: heart}}\n")
    out = podgen.folder / "out"
    assert podgen("render", "show.yaml", "-e", "hibari", "-o", out / "a.opus").code == 0
    found = json.loads((out / "a/report.json").read_text())["deliverables"]
    measured = {
        file["format"]: {check["name"]: check["measured"] for check in file["checks"]}
        for file in found
    }

    opus = OggOpus(out / "a.opus")
    gain = int(opus.tags["R128_TRACK_GAIN"][0])
    assert gain == round(256 * (-23 - measured["opus"]["integrated loudness"]))
    assert opus.tags["DATE"] == ["2026-02-28"]
    serial = (out / "a.opus").read_bytes()[14:18]
    assert serial != bytes(4)

    chunk = (out / "a.wav").read_bytes().split(b"bext", 1)[1][4:606]
    levels = [value / 100 for value in struct.unpack("<5h", chunk[412:422])]
    keys = ("integrated loudness", "loudness range", "true peak")
    keys += ("highest momentary", "highest short-term")
    assert levels == [pytest.approx(measured["wav"][key], abs=0.006) for key in keys]
    seen = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", out / "a.wav"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    ).stderr
    for line in ("Schoner Tag", "Ann Author", "2026-02-28", "time_reference"):
        assert line in seen

    assert FLAC(out / "a.flac").tags["DATE"] == ["2026-02-28"]
    assert MP4(out / "a.m4a").tags["\xa9day"] == ["2026-02-28"]
    assert str(ID3(out / "a.mp3")["TDRC"]) == "2026-02-28"

    (podgen.folder / "show.yaml").write_text(SCRIPT.replace("nothing", "it all"), encoding="utf-8")
    assert podgen("render", "show.yaml", "-e", "hibari", "-o", out / "a.opus").code == 0
    assert (out / "a.opus").read_bytes()[14:18] != serial


@pytest.mark.parametrize("day", ["2026-02-30", "28.2.2026", "20260228", "2026"])
def test_a_day_that_is_none_is_refused(podgen: CommandLine, day: str) -> None:
    script = podgen.folder / "show.yaml"
    script.write_text(SCRIPT.replace("2026-02-28", day), encoding="utf-8")
    with pytest.raises(ScriptError, match=r"show\.yaml:3:7: date cannot be"):
        load_show(script)
