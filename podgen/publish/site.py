"""A static site: a page for each episode, with player, chapters and transcript, and a list of them.

No server, no tracker, nothing from elsewhere: the page forbids its browser to load it. Without its
script the times are links to the sound at that time (W3C's media fragments).
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from urllib.parse import quote

from podgen.publish.channel import Channel
from podgen.publish.chapters import picture_names
from podgen.publish.episode import Episode
from podgen.publish.feed import Item
from podgen.publish.notes import credits, paragraphs, timecode


def index_page(channel: Channel, items: Sequence[Item], image: str | None) -> str:
    """The list of episodes."""
    return _page(channel, channel.title, channel.description, _index(channel, items, image))


def episode_page(channel: Channel, item: Item) -> str:
    """One episode."""
    episode = item.shelved.episode
    lines = _episode(channel, item)
    return _page(channel, episode.title, episode.description, lines, episode.language)


def _page(
    channel: Channel, title: str, about: str, lines: Iterator[str], language: str = ""
) -> str:
    css, js = (_asset(name).rstrip("\n") for name in ("page.css", "page.js"))
    full = title if title == channel.title else f"{title} · {channel.title}"
    parts = {
        "language": html.escape(language or channel.language),
        "title": html.escape(full),
        "show": html.escape(channel.title),
        "description": html.escape(" ".join(about.split())[:300]),
        "css": css,
        "css_hash": _hash(css),
        "js": js,
        "js_hash": _hash(js),
        "body": "\n".join(lines),
    }
    # One pass, so that nothing a user wrote can be taken for a placeholder.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html"))


def _asset(name: str) -> str:
    folder = files("podgen.publish").joinpath("site_data")
    return folder.joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _href(name: str) -> str:
    return html.escape(quote(name))


def _index(channel: Channel, items: Sequence[Item], image: str | None) -> Iterator[str]:
    yield "<main>"
    yield '<header class="show">'
    if image:
        yield f'<img src="{_href(image)}" alt="">'
    yield f"<div><h1>{html.escape(channel.title)}</h1>"
    yield from (f"<p>{html.escape(part)}</p>" for part in paragraphs(channel.description))
    author = f"{html.escape(channel.author)} · " if channel.author else ""
    yield f'<p class="meta">{author}<a href="feed.xml">Feed</a></p></div>'
    yield "</header>"
    yield '<ul class="episodes">'
    for item in items:
        episode = item.shelved.episode
        yield "<li>"
        page, title = _href(f"{item.shelved.name}.html"), html.escape(episode.title)
        yield f'<h2><a href="{page}">{title}</a></h2>'
        yield _meta(item)
        about = paragraphs(episode.description)[:1]
        yield from (f"<p>{html.escape(part)}</p>" for part in about)
        yield "</li>"
    yield "</ul>"
    yield "</main>"


def _meta(item: Item) -> str:
    episode, date = item.shelved.episode, item.kept.date
    number = f"{episode.number} · " if episode.number is not None else ""
    return (
        f'<p class="meta">{number}<time datetime="{date.date().isoformat()}">'
        f"{date.day} {date:%B %Y}</time> · {timecode(episode.duration)}</p>"
    )


def _episode(channel: Channel, item: Item) -> Iterator[str]:
    shelved = item.shelved
    episode, sound = shelved.episode, shelved.sounds[0]
    yield '<nav aria-label="Show"><p class="over">'
    yield f'<a href="index.html">{html.escape(channel.title)}</a></p></nav>'
    yield "<main>"
    yield '<header class="show">'
    if item.cover:
        yield f'<img src="{_href(item.cover)}" alt="">'
    yield f"<div><h1>{html.escape(episode.title)}</h1>{_meta(item)}</div>"
    yield "</header>"
    yield '<div class="player">'
    yield f'<audio controls preload="metadata" src="{_href(sound.name)}"></audio>'
    yield "</div>"
    yield from (f"<p>{html.escape(part)}</p>" for part in paragraphs(episode.description))
    if told := credits(episode):
        yield f'<p class="meta">{html.escape(told)}</p>'
    downloads = [(one.name, one.form) for one in shelved.sounds]
    downloads += [(f"{shelved.name}/{name}", name) for name in shelved.transcripts]
    links = ", ".join(
        f'<a href="{_href(name)}">{html.escape(text)}</a>' for name, text in downloads
    )
    yield f'<p class="meta">Download: {links}</p>'
    if episode.chapters:
        yield "<h2>Chapters</h2>"
        yield '<ol class="chapters">'
        yield from _chapters(shelved.name, sound.name, episode)
        yield "</ol>"
    yield "<h2>Transcript</h2>"
    for turn in episode.turns:
        start = episode.seconds(turn.start)
        text = "<br>".join(html.escape(part) for part in paragraphs(turn.text))
        yield (
            f'<div class="turn" data-start="{start:.3f}">{_at(sound.name, start)}'
            f"<p><b>{html.escape(turn.speaker)}</b> {text}</p></div>"
        )
    yield "</main>"


def _chapters(folder: str, sound: str, episode: Episode) -> Iterator[str]:
    pictures = picture_names(mark.image for mark in episode.chapters)
    for mark in episode.chapters:
        title = html.escape(mark.title)
        if mark.url:
            title = f'<a href="{html.escape(mark.url)}" rel="noopener">{title}</a>'
        picture = ""
        if mark.image:
            picture = f'<img src="{_href(f"{folder}/{pictures[mark.image]}")}" alt="">'
        yield f"<li>{_at(sound, episode.seconds(mark.start))}{picture}<span>{title}</span></li>"


def _at(sound: str, seconds: float) -> str:
    return (
        f'<a class="at" href="{_href(sound)}#t={seconds:.3f}" data-at="{seconds:.3f}">'
        f"{timecode(seconds)}</a>"
    )
