"""A folder of episodes as a podcast: its feed, its pages, its pictures, written into the folder."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from podgen.errors import ScriptError
from podgen.files import write_text, writing_failed
from podgen.publish.channel import SETTINGS, Channel, read_channel
from podgen.publish.chapters import chapters_json
from podgen.publish.feed import Item, dated, feed, order, read_kept
from podgen.publish.shelf import read_shelf
from podgen.publish.site import episode_page, index_page
from podgen.show.picture import read_picture

FEED = "feed.xml"
ART = "art"
"""Pictures, named after what is in them: an episode's picture keeps its address."""
_APPLE = ("mp3", "m4a")
_LONGEST_DESCRIPTION = 4000  # characters that Apple shows


@dataclass(frozen=True, slots=True)
class Podcast:
    """What was written, and what a directory would miss in it."""

    feed: Path
    episodes: int
    new: tuple[str, ...]
    told: tuple[str, ...]


def publish_podcast(folder: Path, base: str, now: datetime) -> Podcast:
    """Write feed and site of the episodes in `folder`, which is to be hosted at `base`.

    Nothing is uploaded. Files that would be as they are, are left alone.

    Raises:
        ScriptError: the address is none, an episode or `feed.yaml` is wrong.
        ResultError: an episode is not what was asked.
        MachineError: nothing can be written.
    """
    base = _base(base)
    shelf = read_shelf(folder)
    before = read_kept(folder / FEED)
    kept = dated(shelf, before, now)
    shelf.sort(key=lambda one: (kept[one.name].date, one.episode.number or 0, one.name))
    channel = read_channel(folder, shelf)
    told = list(_missing(channel, folder))
    items = []
    for one in shelf:
        cover = _cover(folder / one.sounds[0].name)
        items.append(Item(one, kept[one.name], _store(folder, cover) if cover else None))
    own = read_picture(channel.image).data if channel.image else None
    image = _store(folder, own) if own else items[0].cover
    told += _picture_faults(folder, image)
    items = order(items)
    for item in items:
        if item.shelved.sounds[0].form not in _APPLE:
            what = "Apple takes mp3 and m4a: name one in its script's deliverables"
            told.append(f"{item.shelved.name}: {what}")
        if len(item.shelved.episode.description) > _LONGEST_DESCRIPTION:
            what = f"Apple shows {_LONGEST_DESCRIPTION} characters of its description"
            told.append(f"{item.shelved.name}: {what}")
        _write(folder / f"{item.shelved.name}.html", episode_page(channel, item))
        if item.shelved.episode.chapters:
            chapters = _absolute(chapters_json(item.shelved.episode), base, item.shelved.name)
            _write(folder / f"{item.shelved.name}.chapters.json", chapters)
    _write(folder / "index.html", index_page(channel, items, image))
    _write(folder / FEED, feed(channel, items, base, image))
    gone = sorted(before.keys() - kept.keys())
    told += [f"{name} is not in the folder any more, so its item is gone" for name in gone]
    new = tuple(name for name in kept if name not in before)
    return Podcast(folder / FEED, len(items), new, tuple(told))


def _base(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ScriptError(
            f"--url cannot be '{address}'",
            "give where the folder is hosted, as in https://example.org/show/",
        )
    return quote(address.rstrip("/"), safe="/:%@!$&'()*+,;=-._~") + "/"


def _missing(channel: Channel, folder: Path) -> Iterator[str]:
    """What Apple asks for and nothing says."""
    for key, why in (("description", "the show's title stands for it"),
                     ("category", "Apple lists no show without one"),
                     ("author", "Apple asks for one")):  # fmt: skip
        if not getattr(channel, key):
            yield f"no {key}: {why}; write '{key}:' in {folder / SETTINGS}"


def _picture_faults(folder: Path, image: str | None) -> Iterator[str]:
    if image is None:
        yield f"no picture: Apple asks for one; write 'image:' in {folder / SETTINGS}"
        return
    picture = read_picture(folder / image)
    width, height = picture.width, picture.height
    if width != height or not 1400 <= width <= 3000:
        yield f"the picture is {width} by {height}: Apple asks for a square of 1400 to 3000"


def _cover(sound: Path) -> bytes | None:
    """The cover inside a deliverable."""
    import mutagen
    from mutagen.flac import Picture

    found: Any = mutagen.File(sound)
    tags: Any = found.tags if found is not None else None
    data: bytes | None = None
    for key in tags.keys() if tags is not None else ():
        if key.startswith("APIC"):
            data = bytes(tags[key].data)
        elif key == "covr" and tags[key]:
            data = bytes(tags[key][0])
        elif key.casefold() == "metadata_block_picture":
            block: Any = Picture
            data = block(base64.b64decode(tags[key][0])).data
    if data is None and getattr(found, "pictures", None):
        data = found.pictures[0].data
    return data


def _store(folder: Path, picture: bytes) -> str:
    """Write a picture under a name of its content; the name, from the folder."""
    suffix = ".png" if picture.startswith(b"\x89PNG") else ".jpg"
    name = f"{ART}/{hashlib.sha256(picture).hexdigest()[:16]}{suffix}"
    path = folder / name
    if not path.exists():
        try:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(picture)
        except OSError as error:
            raise writing_failed(path, error) from error
    return name


def _absolute(chapters: str, base: str, folder: str) -> str:
    """Chapters with whole addresses of their pictures, which a player asks for from elsewhere."""
    document = json.loads(chapters)
    for chapter in document["chapters"]:
        if "img" in chapter:
            chapter["img"] = f"{base}{quote(folder)}/{quote(chapter['img'])}"
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _write(path: Path, text: str) -> None:
    """Write a file, but for one that is so already."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
