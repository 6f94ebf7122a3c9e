"""The podcast-namespace part of a feed item, for a host that takes XML."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from podgen.publish.episode import Episode

_TRANSCRIPTS = (
    ("transcript.vtt", "text/vtt"),
    ("transcript.srt", "application/x-subrip"),
    ("transcript.json", "application/json"),
)


def item_xml(episode: Episode) -> str:
    """An `<item>` with title, chapters, transcripts, people and the disclosure of AI voices; where
    people are heard, too, it says whose those are.

    The addresses are the files' names: prefix them with where they are hosted. The publisher adds
    enclosure, guid and date, which only the publisher knows.
    """
    lines = [
        '<item xmlns:podcast="https://podcastindex.org/namespace/1.0">',
        f"  <title>{escape(episode.title)}</title>",
    ]
    if episode.description:
        lines.append(f"  <description>{escape(episode.description)}</description>")
    if episode.number is not None:
        lines.append(f"  <podcast:episode>{episode.number}</podcast:episode>")
    if episode.chapters:
        lines.append('  <podcast:chapters url="chapters.json" type="application/json+chapters"/>')
    lines += [
        f'  <podcast:transcript url="{name}" type="{kind}" language={quoteattr(episode.language)}/>'
        for name, kind in _TRANSCRIPTS
    ]
    speakers = dict.fromkeys(turn.speaker for turn in episode.turns)
    lines += [f"  <podcast:person>{escape(speaker)}</podcast:person>" for speaker in speakers]
    if episode.synthetic:
        lines.append('  <podcast:txt purpose="ai-content">true</podcast:txt>')
    if episode.synthetic and episode.voices(recorded=True):
        names = escape(", ".join(episode.voices(recorded=False)))
        lines.append(f'  <podcast:txt purpose="ai-voices">{names}</podcast:txt>')
    return "\n".join([*lines, "</item>"]) + "\n"
