"""Transcripts of an episode: WebVTT, SRT, JSON and plain text.

Line lengths and the JSON layout follow the podcast namespace's notes on transcript formats
(Podcastindex-org/podcast-namespace, transcripts.md): 65 columns for WebVTT, two lines of 32 for
SRT, `version` and `segments` for JSON.
"""

from __future__ import annotations

import html
import json

from podgen.publish.captions import captions
from podgen.publish.episode import Episode, SpokenTurn

_VTT_WIDTH, _VTT_HEIGHT = 65, 2
_SRT_WIDTH, _SRT_HEIGHT = 32, 2


def clock(milliseconds: int, point: str = ".") -> str:
    """A time as `HH:MM:SS.mmm`, with the decimal mark that the format wants."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"


def _escape(text: str) -> str:
    """Text for a WebVTT cue. With no bare `>` left, an arrow in it cannot pass for a timing."""
    return html.escape(text, quote=False)


def _voice(speaker: str) -> str:
    name = _escape(" ".join(speaker.split()))
    if name.endswith("--"):  # which the bracket would make into an arrow
        name = f"{name[:-1]}&#45;"
    return f"<v {name}>" if name else ""


def _span(episode: Episode, start: int, end: int, point: str) -> str:
    first = episode.milliseconds(start)
    # A cue must end after it starts, also where both round to the same millisecond.
    last = max(first + 1, episode.milliseconds(end))
    return f"{clock(first, point)} --> {clock(last, point)}"


def vtt(episode: Episode) -> str:
    """WebVTT; each cue carries its speaker as a voice span, `<v Name>`.

    No line, its mark-up included, is wider than 65 columns (unless the name alone nearly is).
    Turns that overlap give cues that overlap.
    """
    blocks = ["WEBVTT\n"]
    for caption in captions(
        episode.turns,
        _VTT_WIDTH,
        _VTT_HEIGHT,
        rate=episode.sample_rate,
        total=episode.total,
        head=lambda speaker, _named: len(_voice(speaker)),
        room=lambda word: len(_escape(word)),
    ):
        text = "\n".join(_escape(line) for line in caption.lines)
        timing = _span(episode, caption.start, caption.end, ".")
        blocks.append(f"{timing}\n{_voice(caption.turn.speaker)}{text}\n")
    return "\n".join(blocks)


def srt(episode: Episode) -> str:
    """SubRip; `Name: ` opens a turn, and a turn that goes on after another one cut in.

    A cue has at most two lines of at most 32 columns, the name included (unless the name alone
    nearly is as wide).
    """
    blocks: list[str] = []
    before = None
    for caption in captions(
        episode.turns,
        _SRT_WIDTH,
        _SRT_HEIGHT,
        rate=episode.sample_rate,
        total=episode.total,
        head=lambda speaker, named: len(_name(speaker)) if named else 0,
    ):
        turn = caption.turn
        name = _name(turn.speaker) if turn is not before else ""
        before = turn
        # "-->" inside a cue's text breaks parsers that look for timings line by line.
        text = (name + "\n".join(caption.lines)).replace("-->", "->")
        timing = _span(episode, caption.start, caption.end, ",")
        blocks.append(f"{len(blocks) + 1}\n{timing}\n{text}\n")
    return "\n".join(blocks)


def _name(speaker: str) -> str:
    name = " ".join(speaker.split())
    return f"{name}: " if name else ""


def transcript_json(episode: Episode) -> str:
    """The podcast namespace's JSON transcript, a segment a turn.

    Beside the namespace's fields each segment has its `id` and `startSample`/`endSample`, which
    are exact at `sampleRate`; `startTime` and `endTime` are the same in seconds. `recorded` says
    that a person is heard. Where it is known, `words` has every word of the body with its times.
    """
    segments = [
        {
            "speaker": turn.speaker,
            "startTime": round(episode.seconds(turn.start), 6),
            "endTime": round(episode.seconds(turn.end), 6),
            "body": " ".join(turn.text.split()),
            "id": turn.id,
            "startSample": turn.start,
            "endSample": turn.end,
            **({"recorded": True} if turn.recorded else {}),
            **({"words": _words(episode, turn)} if turn.words else {}),
        }
        for turn in episode.turns
    ]
    document = {
        "version": "1.0.0",
        "language": episode.language,
        "sampleRate": episode.sample_rate,
        "segments": segments,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _words(episode: Episode, turn: SpokenTurn) -> list[dict[str, object]]:
    return [
        {
            "word": word.text,
            "startTime": round(episode.seconds(word.start), 6),
            "endTime": round(episode.seconds(word.end), 6),
        }
        for word in turn.words
    ]


def karaoke(episode: Episode) -> str:
    """WebVTT in which each word of a cue has its time, for players that mark it; the turns whose
    words have none are left out. Empty if no turn has.

    A cue is a turn; `<HH:MM:SS.mmm>` stands before each word but the first (W3C, WebVTT, "cue
    timestamp").
    """
    blocks = ["WEBVTT\n"]
    for turn in sorted((each for each in episode.turns if each.words), key=lambda t: t.start):
        last = episode.milliseconds(turn.start)
        parts = []
        for number, word in enumerate(turn.words):
            at = episode.milliseconds(word.start)
            stamp = (
                f"<{clock(at)}>" if number and last < at < episode.milliseconds(turn.end) else ""
            )
            last = max(last, at)
            parts.append(stamp + _escape(word.text))
        timing = _span(episode, turn.start, turn.end, ".")
        blocks.append(f"{timing}\n{_voice(turn.speaker)}{' '.join(parts)}\n")
    return "\n".join(blocks) if len(blocks) > 1 else ""


def text(episode: Episode) -> str:
    """Plain text to read: title, chapters with their times, a paragraph a turn."""
    show = episode.show if episode.number is None else f"{episode.show}, {episode.number}"
    blocks = ["\n".join(line for line in (episode.title, show) if line)]
    chapters = sorted(episode.chapters, key=lambda chapter: chapter.start)
    for turn in episode.turns:
        while chapters and chapters[0].start <= turn.start:
            chapter = chapters.pop(0)
            heading = f"{chapter.title} [{clock(episode.milliseconds(chapter.start))[:8]}]"
            blocks.append(f"{heading}\n{'-' * len(heading)}")
        blocks.append(f"{turn.speaker}: {' '.join(turn.text.split())}")
    if people := episode.voices(recorded=True):
        told = [f"Recorded: {', '.join(people)}."]
        if generated := episode.voices(recorded=False):
            told.append(f"Synthetic voices: {', '.join(generated)}.")
        blocks.append(" ".join(told))
    return "\n\n".join(blocks) + "\n"
