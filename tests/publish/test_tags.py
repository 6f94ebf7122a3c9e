from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import mutagen
import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3
from mutagen.mp4 import MP4
from mutagen.wave import WAVE

from podgen.errors import ScriptError
from podgen.publish.chapters import ffmetadata
from podgen.publish.episode import ChapterMark, Episode
from podgen.publish.tags import tag
from podgen.show.picture import read_picture

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
FORMATS = ["mp3", "m4a", "flac", "opus", "wav"]


def encode(path: Path, episode: Episode) -> None:
    chapters = path.with_suffix(".chapters")
    chapters.write_text(ffmetadata(episode), encoding="utf-8")
    with_chapters = ["-i", chapters, "-map_chapters", "1"] if path.suffix == ".m4a" else []
    command: list[str | Path] = [FFMPEG, "-v", "error", "-y", "-f", "lavfi"]
    command += ["-i", f"sine=frequency=300:sample_rate=48000:duration={episode.duration}"]
    command += [*with_chapters, "-map", "0:a", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
    subprocess.run([*command, path], check=True, stdin=subprocess.DEVNULL)


def probe(path: Path) -> str:
    """What ffmpeg says of a file."""
    return subprocess.run(
        [FFMPEG, "-hide_banner", "-i", path],
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        check=False,
    ).stderr


@pytest.mark.parametrize("format", FORMATS)
def test_ffmpeg_reads_back_title_cover_and_chapters(
    format: str, episode: Episode, cover: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"episode.{format}"
    encode(path, episode)
    assert tag(path, format, replace(episode, cover=cover)) == ()
    seen = probe(path)
    assert "Rock & Roll <live>" in seen
    assert "Élan" in seen
    assert "Opening; a=b #1" in seen
    chapters = re.findall(r"Chapter #0:\d: start ([\d.]+), end ([\d.]+)", seen)
    bounds = [tuple(map(float, pair)) for pair in chapters]
    assert bounds == [pytest.approx((0, 1.814), abs=2e-3), pytest.approx((1.814, 4), abs=0.02)]
    if format != "wav":
        assert "Video: png" in seen and "20x10" in seen
    assert re.search(r"Duration: 00:00:0[34]\.", seen)


def test_a_late_first_chapter_starts_late_in_m4a(episode: Episode, tmp_path: Path) -> None:
    late = replace(episode, title="Before", chapters=(replace(episode.chapters[1], title="Late"),))
    path = tmp_path / "a.m4a"
    encode(path, late)
    tag(path, "m4a", late)
    found = re.findall(r"start ([\d.]+), end [\d.]+\s+Metadata:\s+title\s+: (.*)", probe(path))
    assert [title for _, title in found] == ["Before", "Late"]
    assert float(found[1][0]) == pytest.approx(80000 / 44100, abs=2e-3)


@pytest.mark.parametrize("format", FORMATS)
def test_tagging_twice_changes_no_byte(
    format: str, episode: Episode, cover: Path, tmp_path: Path
) -> None:
    path, other = tmp_path / f"a.{format}", tmp_path / f"b.{format}"
    encode(path, episode)
    encode(other, episode)
    full = replace(episode, cover=cover)
    tag(path, format, full)
    once = path.read_bytes()
    tag(path, format, full)
    assert path.read_bytes() == once
    tag(other, format, replace(full, title="Something else that is much longer", cover=None))
    tag(other, format, full)
    assert other.read_bytes() == once


def test_id3_frames(episode: Episode, cover: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    encode(path, episode)
    tag(path, "mp3", replace(episode, cover=cover))
    tags = ID3(path)
    assert tags["TALB"].text == ["The Show"]
    assert tags["TPE1"].text == ["Ann Author"]
    assert tags["TRCK"].text == ["7"]
    assert tags["TLAN"].text == ["eng"]
    assert tags["COMM::eng"].text == ["About = signs; and #2."]
    assert tags["TXXX:ai-content"].text == ["true"]
    assert tags["APIC:"].mime == "image/png"
    assert tags["APIC:"].data == cover.read_bytes()
    contents = tags["CTOC:toc"]
    assert int(contents.flags) == 3
    assert contents.child_element_ids == ["chp0", "chp1"]
    first = tags["CHAP:chp0"]
    assert (first.start_time, first.end_time) == (0, 1814)
    assert (first.start_offset, first.end_offset) == (0xFFFFFFFF, 0xFFFFFFFF)
    assert first.sub_frames["WXXX:"].url == "https://example.org/a?b=c&d"
    assert not [key for key in tags if key.startswith(("TDRC", "TSSE"))]


def test_other_formats_disclose_and_carry_the_cover(
    episode: Episode, cover: Path, tmp_path: Path
) -> None:
    full = replace(episode, cover=cover)
    paths = {format: tmp_path / f"a.{format}" for format in FORMATS}
    for format, path in paths.items():
        encode(path, episode)
        tag(path, format, full)
    mp4 = MP4(paths["m4a"])
    assert bytes(mp4["covr"][0]) == cover.read_bytes()
    assert bytes(mp4["----:com.apple.iTunes:ai-content"][0]) == b"true"
    assert mp4["trkn"] == [(7, 0)]
    flac = FLAC(paths["flac"])
    assert flac["ai-content"] == ["true"]
    assert flac["chapter001"] == ["00:00:01.814"]
    assert (flac.pictures[0].width, flac.pictures[0].data) == (20, cover.read_bytes())
    opus = mutagen.File(paths["opus"])
    assert opus["chapter001name"] == ["Élan"]
    import base64

    picture = Picture(base64.b64decode(opus["metadata_block_picture"][0]))
    assert (picture.mime, picture.type) == ("image/png", 3)
    wave = WAVE(paths["wav"])
    assert wave.tags["APIC:"].data == cover.read_bytes()
    assert wave.tags["TXXX:ai-content"].text == ["true"]


def test_a_chapters_picture_is_in_its_frame_or_missed_aloud(
    episode: Episode, cover: Path, tmp_path: Path
) -> None:
    title = "A title that is longer than the 127 bytes that fit into one digit of a size " * 2
    mark = replace(episode.chapters[0], title=title.strip(), image=cover)
    pictured = replace(episode, chapters=(mark,))
    mp3, opus = tmp_path / "a.mp3", tmp_path / "a.opus"
    encode(mp3, pictured)
    encode(opus, pictured)
    assert tag(mp3, "mp3", pictured) == ()
    assert ID3(mp3)["CHAP:chp0"].sub_frames["APIC:"].data == cover.read_bytes()
    assert f"title           : {mark.title}" in probe(mp3)
    assert tag(opus, "opus", pictured) == ("opus holds no pictures of chapters",)


def test_human_voices_are_not_disclosed_as_synthetic(episode: Episode, tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    encode(path, episode)
    tag(path, "mp3", replace(episode, synthetic=False))
    assert "TXXX:ai-content" not in ID3(path)


def test_chapters_past_the_limit_of_id3_are_reported(episode: Episode, tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    encode(path, episode)
    marks = tuple(ChapterMark(str(n), n * 500, n * 500 + 500) for n in range(300))
    notes = tag(path, "mp3", replace(episode, chapters=marks))
    assert len(notes) == 1 and "255" in notes[0]
    assert len(ID3(path).getall("CHAP")) == 300


JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes.fromhex(
    "ffc0001108057805780301220002110103110100ffd9"
)


def test_cover_is_read_by_its_bytes_not_its_name(tmp_path: Path, cover: Path) -> None:
    jpeg = tmp_path / "picture.png"
    jpeg.write_bytes(JPEG)
    read = read_picture(jpeg)
    assert (read.mime, read.width, read.height) == ("image/jpeg", 1400, 1400)
    assert (read_picture(cover).mime, read_picture(cover).width) == ("image/png", 20)


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a" + b"0" * 99]
)
def test_a_cover_that_is_no_picture_is_the_users_error(
    data: bytes, episode: Episode, tmp_path: Path
) -> None:
    bad = tmp_path / "cover.jpg"
    bad.write_bytes(data)
    with pytest.raises(ScriptError, match=r"neither a JPEG nor a PNG|damaged or cut off"):
        tag(tmp_path / "none.mp3", "mp3", replace(episode, cover=bad))


def test_a_missing_cover_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"nowhere\.png cannot be read"):
        read_picture(tmp_path / "nowhere.png")
