"""An RSS 2.0 feed with iTunes' and the podcast namespace's tags (podcastindex.org/namespace/1.0).

An item is made from its episode alone, and its guid and date are those of the feed that is there:
so another episode changes no item.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from podgen.errors import Place, Problem, ScriptError
from podgen.publish.channel import Channel
from podgen.publish.episode import Episode
from podgen.publish.notes import notes_html, paragraphs
from podgen.publish.shelf import MIME, TRANSCRIPTS, Shelved

SPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "atom": "http://www.w3.org/2005/Atom",
}
_PODCASTS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The namespace's own, of which a feed's guid is made from its address."""
SOUNDBITE_SECONDS = (15.0, 60.0)
"""A soundbite is the first turns of an episode: at least so long, at most so long."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What an item keeps from one feed to the next."""

    guid: str
    date: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """An episode with what the feed adds; `cover` is its picture's file."""

    shelved: Shelved
    kept: Kept
    cover: str | None


def read_kept(path: Path) -> dict[str, Kept]:
    """The guids and dates of a feed that is there, by episode.

    Raises:
        ScriptError: it is no feed of ours.
    """
    if not path.exists():
        return {}
    place = Place(str(path))
    try:
        text = path.read_text(encoding="utf-8")
        if "<!DOCTYPE" in text:
            raise ScriptError(Problem("a feed has no document type", "remove the file", place))
        found = {}
        for item in ET.fromstring(text).iter("item"):
            address = item.find("enclosure")
            guid, date = item.findtext("guid"), item.findtext("pubDate")
            if address is not None and guid and date:
                name = Path(unquote(urlsplit(address.get("url", "")).path)).stem
                found[name] = Kept(guid, parsedate_to_datetime(date))
        return found
    except (ET.ParseError, UnicodeDecodeError, ValueError):
        remedy = "remove it: guids are then made anew"
        raise ScriptError(Problem("no feed that can be read", remedy, place)) from None


def new_guid(show: str, name: str) -> str:
    """An episode's guid: the same for the same show and name, wherever it is hosted."""
    return str(uuid.uuid5(_PODCASTS, f"{show}/{name}"))


def feed_guid(address: str) -> str:
    """The show's guid as the namespace makes it: of the feed's address without its scheme."""
    parts = urlsplit(address)
    return str(uuid.uuid5(_PODCASTS, f"{parts.netloc}{parts.path}".rstrip("/")))


def feed(channel: Channel, items: Sequence[Item], base: str, image: str | None) -> str:
    """The feed's text. `base` is the folder's address, which ends with a slash; `image` the show's
    picture there."""
    for prefix, address in SPACES.items():
        ET.register_namespace(prefix, address)
    root = ET.Element("rss", {"version": "2.0"})
    top = ET.SubElement(root, "channel")
    address = f"{base}feed.xml"
    _add(top, "title", channel.title)
    _add(top, "link", channel.link or base)
    _add(top, "description", channel.description or channel.title)
    _add(top, "language", channel.language)
    _add(top, "copyright", channel.copyright)
    _add(top, "generator", "podgen")
    _add(top, "atom:link", "", href=address, rel="self", type="application/rss+xml")
    _add(top, "itunes:author", channel.author)
    if channel.email:
        owner = _add(top, "itunes:owner", None)
        _add(owner, "itunes:name", channel.author or channel.title)
        _add(owner, "itunes:email", channel.email)
    if image:
        _add(top, "itunes:image", "", href=_address(base, image))
        picture = _add(top, "image", None)
        _add(picture, "url", _address(base, image))
        _add(picture, "title", channel.title)
        _add(picture, "link", channel.link or base)
    if channel.category:
        first, _, second = channel.category.partition(" > ")
        category = _add(top, "itunes:category", "", text=first)
        if second:
            _add(category, "itunes:category", "", text=second)
    _add(top, "itunes:explicit", _yes(channel.explicit))
    _add(top, "itunes:type", channel.type)
    _add(top, "podcast:guid", feed_guid(address))
    _add(top, "podcast:medium", "podcast")
    _add(top, "podcast:license", channel.license)
    for item in items:
        top.append(_item(channel, item, base))
    ET.indent(root, " ")
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _item(channel: Channel, item: Item, base: str) -> ET.Element:
    shelved, episode = item.shelved, item.shelved.episode
    made = ET.Element("item")
    sound, *others = shelved.sounds
    _add(made, "title", episode.title)
    _add(made, "link", _address(base, f"{shelved.name}.html"))
    _add(made, "guid", item.kept.guid, isPermaLink="false")
    _add(made, "pubDate", format_datetime(item.kept.date))
    _add(made, "description", "\n\n".join(paragraphs(episode.description)) or episode.title)
    _add(made, "content:encoded", notes_html(episode).strip())
    _add(
        made, "enclosure", "", url=_address(base, sound.name), length=str(sound.size),
        type=MIME[sound.form],
    )  # fmt: skip
    _add(made, "itunes:title", episode.title)
    _add(made, "itunes:author", episode.author)
    _add(made, "itunes:duration", str(max(1, round(episode.duration))))
    _add(made, "itunes:explicit", _yes(channel.explicit))
    _add(made, "itunes:episodeType", "full")
    if episode.number:
        _add(made, "itunes:episode", str(episode.number))
    if episode.number is not None:
        _add(made, "podcast:episode", str(episode.number))
    if item.cover:
        _add(made, "itunes:image", "", href=_address(base, item.cover))
    for other in others:
        alternate = _add(
            made, "podcast:alternateEnclosure", "", type=MIME[other.form], length=str(other.size)
        )
        _add(alternate, "podcast:source", "", uri=_address(base, other.name))
    if episode.chapters:
        chapters = _address(base, f"{shelved.name}.chapters.json")
        _add(made, "podcast:chapters", "", url=chapters, type="application/json+chapters")
    for name in shelved.transcripts:
        _add(
            made, "podcast:transcript", "", url=_address(base, f"{shelved.name}/{name}"),
            type=TRANSCRIPTS[name], language=episode.language,
        )  # fmt: skip
    for speaker in dict.fromkeys(turn.speaker for turn in episode.turns):
        _add(made, "podcast:person", speaker)
    if bite := soundbite(episode):
        start, length = bite
        _add(
            made, "podcast:soundbite", episode.title, startTime=f"{start:.3f}",
            duration=f"{length:.3f}",
        )  # fmt: skip
    _add(made, "podcast:license", channel.license)
    if episode.synthetic:
        _add(made, "podcast:txt", "true", purpose="ai-content")
        if episode.voices(recorded=True):
            voices = ", ".join(episode.voices(recorded=False))
            _add(made, "podcast:txt", voices, purpose="ai-voices")
    return made


def soundbite(episode: Episode) -> tuple[float, float] | None:
    """Start and length in seconds of the first turns that last long enough together, if any do."""
    least, most = SOUNDBITE_SECONDS
    start = end = None
    for turn in episode.turns:
        first, last = episode.seconds(turn.start), episode.seconds(turn.end)
        if start is None or (last - start > most and (end or start) - start < least):
            start, end = first, last
        elif last - start > most:
            break
        else:
            end = max(end or last, last)
    if start is None or end is None or not least <= end - start <= most:
        return None
    return start, end - start


def _add(parent: ET.Element, name: str, words: str | None, **attributes: str) -> ET.Element:
    """A further element; one without text and attributes is left out, unless it is to hold others
    (`words` None)."""
    prefix, colon, local = name.partition(":")
    tag = f"{{{SPACES[prefix]}}}{local}" if colon else name
    made = ET.Element(tag, attributes)
    if words:
        made.text = _fit(words)
    if words or words is None or attributes:
        parent.append(made)
    return made


def _fit(text: str) -> str:
    """A text without what XML 1.0 cannot hold."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff"))


def _yes(value: bool) -> str:
    return "true" if value else "false"


def _address(base: str, name: str) -> str:
    return base + quote(name)


def order(items: Sequence[Item]) -> list[Item]:
    """The newest first."""

    def rank(item: Item) -> tuple[datetime, int, str]:
        return item.kept.date, item.shelved.episode.number or 0, item.shelved.name

    return sorted(items, key=rank, reverse=True)


def dated(shelf: Sequence[Shelved], before: Mapping[str, Kept], now: datetime) -> dict[str, Kept]:
    """Each episode's guid and date: those that it had, else made. A date that the script gives
    stands, at six in the morning UTC."""
    kept = {}
    for one in shelf:
        had = before.get(one.name) or Kept(new_guid(one.episode.show, one.name), now)
        if one.episode.date:
            said = datetime.fromisoformat(f"{one.episode.date}T06:00:00+00:00")
            had = replace(had, date=said)
        kept[one.name] = had
    return kept
