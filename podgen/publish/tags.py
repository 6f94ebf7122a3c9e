"""Title, cover, chapters and disclosure written into the finished file.

The same episode gives the same bytes: no date but the show's, no padding, existing tags replaced.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from podgen.publish.episode import ChapterMark, Episode
from podgen.publish.transcript import clock
from podgen.show.picture import Picture, read_picture

# mutagen says that it is typed and mostly is not; its objects are Any below.
# mypy: disable-error-code="no-untyped-call"

# Named after the podcast namespace's <podcast:txt purpose="ai-content">.
AI_CONTENT = "ai-content"

# ID3 and MP4 name languages by ISO 639-2 codes.
_ISO_639_2 = {
    "ar": "ara", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa",
    "fi": "fin", "fr": "fra", "hi": "hin", "it": "ita", "ja": "jpn", "ko": "kor", "nl": "nld",
    "no": "nor", "pl": "pol", "pt": "por", "ru": "rus", "sv": "swe", "tr": "tur", "uk": "ukr",
    "zh": "zho",
}  # fmt: skip

# ID3v2.3: ffmpeg takes the sizes of frames inside CHAP for plain numbers, as 2.3 writes them, and
# drops a 2.4 chapter whose title or picture passes 127 bytes.
_ID3_VERSION = 3
_TOP_LEVEL_ORDERED = 0x03
_NO_OFFSET = 0xFFFFFFFF
_CTOC_LIMIT = 255
_FRONT_COVER = 3


def tag(path: Path, format: str, episode: Episode) -> tuple[str, ...]:
    """Replace the tags of an encoded file, in place.

    Chapters go in as CHAP/CTOC frames (mp3, wav) or CHAPTERxxx comments (flac, opus). In m4a they
    are a track that only the muxer can write: hand `chapters.ffmetadata` to ffmpeg; they are kept.

    Args:
        path: the file; hand in the temporary one, as a failed write may leave half a tag.
        format: "mp3", "m4a", "flac", "opus" or "wav".
        episode: what to write.

    Returns:
        What the format could not hold, a line each.

    Raises:
        ScriptError: the cover or a chapter's picture is none.
    """
    cover = read_picture(episode.cover) if episode.cover else None
    match format:
        case "mp3":
            return _tag_mp3(path, episode, cover)
        case "wav":
            return _tag_wav(path, episode, cover)
        case "m4a":
            _tag_m4a(path, episode, cover)
        case "flac":
            _tag_flac(path, episode, cover)
        case "opus":
            _tag_opus(path, episode, cover)
        case _:
            raise ValueError(f"no tags are known for {format!r}")
    pictured = any(mark.image for mark in episode.chapters)
    return (f"{format} holds no pictures of chapters",) if pictured else ()


def _no_padding(_info: object) -> int:
    return 0


def _iso_639_2(language: str) -> str | None:
    return _ISO_639_2.get(language.split("-")[0].lower())


def _id3_frames(tags: Any, episode: Episode, cover: Picture | None) -> tuple[str, ...]:
    from mutagen import id3

    language = _iso_639_2(episode.language)
    utf8 = id3.Encoding.UTF8
    texts = {
        id3.TIT2: episode.title,
        id3.TALB: episode.show,
        id3.TPE1: episode.author,
        id3.TYER: episode.date[:4],
        id3.TDAT: episode.date[8:] + episode.date[5:7],
        id3.TRCK: "" if episode.number is None else str(episode.number),
        id3.TLAN: language or "",
        id3.TCON: "Podcast",
    }
    for frame, value in texts.items():
        if value:
            tags.add(frame(encoding=utf8, text=[value]))
    if episode.description:
        # Most players read COMM; Apple's and the ID3 podcast frames' readers look at TDES.
        text = [episode.description]
        tags.add(id3.COMM(encoding=utf8, lang=language or "und", desc="", text=text))
        tags.add(id3.TDES(encoding=utf8, text=text))
    if episode.synthetic:
        tags.add(id3.TXXX(encoding=utf8, desc=AI_CONTENT, text=["true"]))
    if cover:
        tags.add(_apic(cover, id3.PictureType.COVER_FRONT))
    return _id3_chapters(tags, episode)


def _apic(picture: Picture, kind: Any) -> Any:
    from mutagen import id3

    return id3.APIC(
        encoding=id3.Encoding.LATIN1, mime=picture.mime, type=kind, desc="", data=picture.data
    )


def _id3_chapters(tags: Any, episode: Episode) -> tuple[str, ...]:
    from mutagen import id3

    if not episode.chapters:
        return ()
    utf8 = id3.Encoding.UTF8
    chapters: list[Any] = []
    names = [f"chp{index}" for index in range(len(episode.chapters))]
    for name, mark in zip(names, episode.chapters, strict=True):
        frames: list[Any] = [id3.TIT2(encoding=utf8, text=[mark.title])]
        if mark.url:
            frames.append(id3.WXXX(encoding=utf8, desc="", url=mark.url))
        if mark.image:
            frames.append(_apic(read_picture(mark.image), id3.PictureType.OTHER))
        chapters.append(
            id3.CHAP(
                element_id=name,
                start_time=episode.milliseconds(mark.start),
                end_time=episode.milliseconds(mark.end),
                start_offset=_NO_OFFSET,
                end_offset=_NO_OFFSET,
                sub_frames=frames,
            )
        )
    _write_in_order(tags, chapters)
    tags.add(
        id3.CTOC(
            element_id="toc",
            flags=_TOP_LEVEL_ORDERED,
            child_element_ids=names[:_CTOC_LIMIT],
            sub_frames=[],
        )
    )
    if len(names) > _CTOC_LIMIT:
        return (f"ID3 lists {_CTOC_LIMIT} chapters of {len(names)} in its table of contents",)
    return ()


def _write_in_order(tags: Any, chapters: list[Any]) -> None:
    """Have the tags written with the chapters after them, in time order.

    mutagen sorts frames by their size, and readers that ignore CTOC, ffmpeg among them, list
    chapters as they stand in the file.
    """
    from mutagen.id3 import ID3

    write = tags._write

    def write_all(config: object) -> bytes:
        data = bytes(write(config))
        for chapter in chapters:
            alone: Any = ID3()
            alone.add(chapter)
            data += alone._write(config)
        return data

    tags._write = write_all


def _tag_mp3(path: Path, episode: Episode, cover: Picture | None) -> tuple[str, ...]:
    from mutagen.id3 import ID3

    tags = ID3()
    notes = _id3_frames(tags, episode, cover)
    tags.save(path, v2_version=_ID3_VERSION, padding=_no_padding)
    return notes


def _tag_wav(path: Path, episode: Episode, cover: Picture | None) -> tuple[str, ...]:
    from mutagen.wave import WAVE

    with path.open("rb") as file:
        kind = file.read(4)
    if kind == b"RF64":
        return ("a wav file over 4 GiB carries no tags",)
    wave: Any = WAVE(path)
    if wave.tags is None:
        wave.add_tags()
    wave.tags.clear()
    notes = _id3_frames(wave.tags, episode, cover)
    wave.tags.save(path, v2_version=_ID3_VERSION, padding=_no_padding)
    return notes


def _tag_m4a(path: Path, episode: Episode, cover: Picture | None) -> None:
    from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm, MP4Tags

    mp4: Any = MP4(path)
    tags: Any = MP4Tags()
    texts = {
        "\xa9nam": episode.title,
        "\xa9alb": episode.show,
        "\xa9ART": episode.author,
        "\xa9day": episode.date,
        "desc": episode.description,
        "ldes": episode.description,
        "\xa9gen": "Podcast",
    }
    tags.update({key: [value] for key, value in texts.items() if value})
    tags["pcst"] = True
    if episode.number is not None:
        tags["trkn"] = [(episode.number, 0)]
    free = {"LANGUAGE": episode.language, AI_CONTENT: "true" if episode.synthetic else ""}
    for name, value in free.items():
        if value:
            tags[f"----:com.apple.iTunes:{name}"] = [MP4FreeForm(value.encode())]
    if cover:
        png = cover.mime == "image/png"
        kind = MP4Cover.FORMAT_PNG if png else MP4Cover.FORMAT_JPEG
        tags["covr"] = [MP4Cover(cover.data, imageformat=kind)]
    mp4.tags = tags
    mp4.save(padding=_no_padding)


def _comments(episode: Episode) -> list[tuple[str, str]]:
    """Vorbis comments; chapters as the Xiph wiki's ChapterExtension writes them."""
    pairs = [
        ("TITLE", episode.title),
        ("ALBUM", episode.show),
        ("ARTIST", episode.author),
        ("DATE", episode.date),
        ("TRACKNUMBER", "" if episode.number is None else str(episode.number)),
        ("DESCRIPTION", episode.description),
        ("LANGUAGE", episode.language),
        ("GENRE", "Podcast"),
        (AI_CONTENT.upper(), "true" if episode.synthetic else ""),
    ]
    for index, mark in enumerate(episode.chapters):
        pairs += _chapter_comments(episode, f"CHAPTER{index:03}", mark)
    return [(key, value) for key, value in pairs if value]


def _chapter_comments(episode: Episode, name: str, mark: ChapterMark) -> list[tuple[str, str]]:
    return [
        (name, clock(episode.milliseconds(mark.start))),
        (f"{name}NAME", mark.title),
        (f"{name}URL", mark.url or ""),
    ]


def _picture(cover: Picture) -> Any:
    from mutagen.flac import Picture as Block

    picture: Any = Block()
    picture.type = _FRONT_COVER
    picture.mime = cover.mime
    picture.width, picture.height = cover.width, cover.height
    picture.depth = 24
    picture.data = cover.data
    return picture


def _tag_flac(path: Path, episode: Episode, cover: Picture | None) -> None:
    from mutagen.flac import FLAC

    flac: Any = FLAC(path)
    if flac.tags is None:
        flac.add_tags()
    flac.tags.clear()
    flac.tags.extend(_comments(episode))
    flac.clear_pictures()
    if cover:
        flac.add_picture(_picture(cover))
    flac.save(padding=_no_padding)


def _tag_opus(path: Path, episode: Episode, cover: Picture | None) -> None:
    from mutagen.oggopus import OggOpus

    opus: Any = OggOpus(path)
    opus.tags.clear()
    opus.tags.extend(_comments(episode))
    if cover:
        block = base64.b64encode(_picture(cover).write()).decode("ascii")
        opus.tags.append(("METADATA_BLOCK_PICTURE", block))
    opus.save(padding=_no_padding)
