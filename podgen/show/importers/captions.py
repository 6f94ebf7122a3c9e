"""WebVTT and SubRip: cues of one speaker that follow closely become one turn."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from podgen.errors import MachineError
from podgen.show.importers.draft import Draft, Line, one_spelling, refused, speaker_name

TOGETHER_SECONDS = 0.3
"""Cues of one speaker that lie no further apart are one turn."""
LONGEST = 600
"""Letters after which the next sentence begins a turn of its own."""
NOBODY = "NARRATOR"
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z0-9][^<>]*>|\{\\[^{}]*\}")
_LABEL = re.compile(r"(?:>>\s*|-\s+)?([^\W\d_][^:<>\n]{0,39}?):\s+(?=\S)")
_NEW_SPEAKER = re.compile(r"\s*(?:>>+|-\s)\s*")
_LANGUAGE = re.compile(r"\AWEBVTT.*\n(?:[^\n]+\n)*?Language:[ \t]*([\w-]+)")
_ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_NOT_SPEECH = re.compile(r"[\[(♪][^\])♪]*[\])♪]?$")


def read(text: str, source: Path, narrator: str | None, form: str) -> Draft:
    """Captions as a draft.

    Raises:
        MachineError: webvtt-py is not installed.
        ScriptError: they are not well formed.
    """
    try:
        import webvtt
    except ImportError:
        raise MachineError(
            "reading captions needs webvtt-py", "pip install 'podgen[import]'"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # A cue number or blank too many is no reason to refuse SubRip, which nobody ever specified.
    try:
        cues: Any = webvtt.from_string(text if form == "WebVTT" else _as_vtt(text))
    except webvtt.errors.MalformedFileError as error:
        raise refused(source, 1, f"no {form}: {error}", "save it as .vtt or .srt again") from None
    arrows = [number for number, line in enumerate(text.split("\n"), 1) if "-->" in line]
    draft = Draft(form)
    if language := _LANGUAGE.search(text):
        draft.head["language"] = language[1]
    if len(cues) != len(arrows):
        said = f"{len(arrows) - len(cues)} of {len(arrows)} cues are not well formed and left out"
        draft.leave(arrows[0] if arrows else 1, said)
        arrows = []
    last_end, open_turn = 0.0, False
    for index, cue in enumerate(cues):
        line = arrows[index] if arrows else 1
        start, end = clock_seconds(cue.start), clock_seconds(cue.end)
        near = start - last_end <= TOGETHER_SECONDS
        for speaker, words in _spoken(cue.raw_text):
            last = draft.lines[-1] if draft.lines else None
            if _NOT_SPEECH.fullmatch(words):
                draft.remark(words, line, "what is no speech,")
                open_turn = False
                continue
            who = speaker_name(speaker)[0] if speaker else None
            who = who or (last.speaker if last and not narrator else narrator or NOBODY)
            full = last is not None and len(last.text) > LONGEST and _ENDS.search(last.text)
            if open_turn and last and last.speaker == who and near and not full:
                last.text = f"{last.text} {words}"
            else:
                draft.entries.append(Line(who, words, line))
            open_turn = True
        last_end = end
    if any(entry.speaker == NOBODY for entry in draft.lines) and not narrator:
        draft.leave(1, f"cues that name nobody are {NOBODY}'s; --narrator names another")
    draft.leave(1, "the cues' times are left out: the show lays out its turns itself")
    one_spelling(draft)
    return draft


def clock_seconds(clock: str) -> float:
    """Of a cue's HH:MM:SS.mmm; webvtt-py's own figure is without its fraction."""
    total = 0.0
    for part in clock.split(":"):
        total = 60 * total + float(part)
    return total


def _as_vtt(text: str) -> str:
    """SubRip with WebVTT's head and decimal point."""
    return "WEBVTT\n\n" + re.sub(r"(?m)^(.*-->.*)$", lambda m: m[0].replace(",", "."), text)


def _spoken(raw: str) -> Iterator[tuple[str | None, str]]:
    """Who says what in a cue; None where nobody is named."""
    parts = _VOICE.split(raw)
    if len(parts) > 1:
        for speaker, words in [(None, parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]:
            if said := _plain(words):
                yield html.unescape(speaker) if speaker else None, said
        return
    lines = [_TAG.sub("", line) for line in raw.split("\n")]
    speaker, words = None, ""
    for line in lines:
        label = _LABEL.match(line)
        if label and _is_name(label[1]):
            if said := _plain(words):
                yield speaker, said
            speaker, words = label[1], line[label.end() :]
        else:
            words += " " + _NEW_SPEAKER.sub("", line, count=1)
    if said := _plain(words):
        yield speaker, said


def _is_name(label: str) -> bool:
    """Whether what stands before a colon can be a name: each word of it has a capital."""
    words = [word for word in re.split(r"[\s.&/-]+", label) if word]
    return len(words) <= 4 and all(word[0].isupper() or word[0].isdigit() for word in words)


def _plain(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", text)).split())
