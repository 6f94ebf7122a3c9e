"""A finished recording held against its transcript, passage by passage."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from podgen.audio.recording import decode
from podgen.errors import MachineError, ScriptError
from podgen.proof.company import companies
from podgen.proof.ear import Ear, Evidence, Said
from podgen.proof.judge import judge
from podgen.proof.verdict import Finding, Verdict
from podgen.proof.weights import INSTALL
from podgen.show.importers.captions import clock_seconds
from podgen.text.markdown import plain
from podgen.text.spoken import spoken

LONGEST_SECONDS = 24.0
"""A passage is at most so long, but for a single cue that is longer."""
TOGETHER_SECONDS = 0.5
_HEARD = ("missing", "added", "changed", "voice")
"""What is judged where music may lie under the speech."""
_NAME = "name a .vtt, .srt or .json file"
_EDGE_SECONDS = 0.3
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG = re.compile(r"<[^<>]*>")
_LABEL = re.compile(r"([A-Z][^\n:<>]{0,30}): (?=\S)")


@dataclass(frozen=True, slots=True)
class Passage:
    """What one speaker says from `start` to `end`, in seconds of the recording."""

    speaker: str
    text: str
    start: float
    end: float


def read_transcript(path: Path) -> tuple[list[Passage], str | None]:
    """The passages of a transcript in WebVTT, SubRip or the podcast namespace's JSON, and its
    language where it names one.

    Raises:
        ScriptError: it is none of these, or cannot be read.
        MachineError: captions need webvtt-py, which is not installed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise ScriptError(f"cannot read {path}: {error}", _NAME) from error
    if path.suffix.lower() == ".json":
        return _joined(_segments(path, text)), json.loads(text).get("language")
    try:
        import webvtt
    except ImportError:
        raise MachineError("reading captions needs webvtt-py", INSTALL) from None
    try:
        if path.suffix.lower() == ".srt":
            cues: Any = webvtt.from_string("WEBVTT\n\n" + re.sub(r"(\d\d),(\d{3})", r"\1.\2", text))
        else:
            cues = webvtt.from_string(text)
    except webvtt.errors.MalformedFileError as error:
        raise ScriptError(f"{path} is no transcript: {error}", _NAME) from error
    language = re.search(r"\AWEBVTT.*\n(?:[^\n]+\n)*?Language:[ \t]*([\w-]+)", text)
    return _joined(_cues(cues)), language and language[1]


def _segments(path: Path, text: str) -> Iterator[Passage]:
    try:
        for each in json.loads(text)["segments"]:
            start, end = float(each["startTime"]), float(each["endTime"])
            yield Passage(str(each.get("speaker", "")), str(each["body"]), start, end)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScriptError(f"{path} is no transcript: {error}", _NAME) from error


def _cues(cues: Any) -> Iterator[Passage]:
    speaker = ""
    for cue in cues:
        raw = cue.raw_text
        voice = _VOICE.search(raw)
        words = " ".join(_TAG.sub("", raw).split())
        label = _LABEL.match(words)
        if voice:
            speaker = voice[1]
        elif label:
            speaker, words = label[1], words[label.end() :]
        yield Passage(speaker, words, clock_seconds(cue.start), clock_seconds(cue.end))


def _joined(passages: Iterator[Passage]) -> list[Passage]:
    """Passages of one speaker that follow closely, as one."""
    found: list[Passage] = []
    for passage in passages:
        last = found[-1] if found else None
        if (
            last
            and last.speaker == passage.speaker
            and passage.start - last.end <= TOGETHER_SECONDS
            and passage.end - last.start <= LONGEST_SECONDS
        ):
            found[-1] = replace(last, text=f"{last.text} {passage.text}", end=passage.end)
        else:
            found.append(passage)
    return [passage for passage in found if passage.text.strip() and passage.end > passage.start]


def _neighbours(one: Finding, length: float) -> bool:
    """Whether it is a word at the very edge: cues are not cut to the sample."""
    at_edge = one.end < _EDGE_SECONDS or one.start > length - _EDGE_SECONDS
    return one.kind == "added" and at_edge


def prove_recording(
    audio: Path, passages: Sequence[Passage], language: str, ear: Ear
) -> Iterator[tuple[Passage, Verdict]]:
    """Each passage with its verdict, times in seconds of the recording.

    Words and voices are judged; not the sound, as music may lie under it.

    Raises:
        ScriptError: the file is no audio.
        MachineError: the ear lacks packages or weights.
    """
    takes: list[tuple[str, Evidence, Said]] = []
    for passage in passages:
        samples, rate = decode(audio, passage.start, passage.end)
        said = Said(spoken(plain(passage.text), language=language).text, language)
        takes.append((passage.speaker, ear.listen(samples, rate, said), said))
    for passage, (_, evidence, said), company in zip(
        passages, takes, companies(takes), strict=True
    ):
        verdict = judge(evidence, said, company)
        length = passage.end - passage.start
        findings = tuple(
            replace(one, start=one.start + passage.start, end=one.end + passage.start)
            for one in verdict.findings
            if one.kind in _HEARD and not _neighbours(one, length)
        )
        yield passage, replace(verdict, findings=findings)
