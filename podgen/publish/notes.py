"""Show notes: what an episode is about, its chapters with their times, who is heard."""

from __future__ import annotations

import html
import re

from podgen.publish.episode import ChapterMark, Episode

_MARKS = re.compile(r"([\\`*_\[\]<>#])")


def timecode(seconds: float) -> str:
    """A time as players link it: `1:02:03`, or `2:03` under an hour."""
    hours, minutes, rest = int(seconds) // 3600, int(seconds) // 60 % 60, int(seconds) % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def credits(episode: Episode) -> str:
    """Who is heard, and whose voices are synthetic; "" where nobody is."""
    people, generated = (episode.voices(recorded=recorded) for recorded in (True, False))
    told = [f"With {', '.join([*people, *generated])}."] if people or generated else []
    if generated and people:
        told.append(f"The voices of {', '.join(generated)} are synthetic.")
    elif generated:
        told.append("The voices are synthetic.")
    return " ".join(told)


def notes_markdown(episode: Episode) -> str:
    """The notes as Markdown."""
    blocks = [f"# {_plain(episode.title)}"]
    if episode.description:
        blocks.append(episode.description.strip())
    if episode.chapters:
        blocks.append("\n".join(_listed(episode, mark) for mark in episode.chapters))
    blocks.append(_plain(credits(episode)))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _listed(episode: Episode, mark: ChapterMark) -> str:
    title = _plain(mark.title)
    linked = f"[{title}](<{mark.url}>)" if mark.url else title
    return f"- {timecode(episode.seconds(mark.start))} {linked}"


def notes_html(episode: Episode) -> str:
    """The notes as HTML of the kinds that podcast players show: paragraphs, a list, links."""
    return "".join(f"{line}\n" for line in _html(episode))


def _html(episode: Episode) -> list[str]:
    lines = [f"<p>{html.escape(part)}</p>" for part in paragraphs(episode.description)]
    if episode.chapters:
        lines.append("<ul>")
        for mark in episode.chapters:
            title = html.escape(mark.title)
            if mark.url:
                title = f'<a href="{html.escape(mark.url)}">{title}</a>'
            lines.append(f"<li>{timecode(episode.seconds(mark.start))} {title}</li>")
        lines.append("</ul>")
    if told := credits(episode):
        lines.append(f"<p>{html.escape(told)}</p>")
    return lines


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, each on one line."""
    parts = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return [part for part in parts if part]


def _plain(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
