"""People's recordings among the turns: to the render, an engine that plays what was recorded.

So a recording is stored, trimmed, equalised, levelled, mixed and reported like any take. Its key is
of the file's content and the part of it, never of the text: mending the transcript keeps the clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from podgen.audio import recording
from podgen.casting import RECORDED, Part
from podgen.engines.base import Availability, Capabilities, Speech, Utterance, VoiceInfo
from podgen.errors import EngineError, PodgenError, Problem
from podgen.render.keys import digest, file_digest
from podgen.show.model import Turn
from podgen.text.markdown import plain

VERSION = 1
"""Part of the key of whatever is stored; raised when the same file would sound other."""
LONGEST_SECONDS = 600.0
"""A turn is held in memory while it is trimmed and measured; a longer one is cut up."""
SLACK_SECONDS = 0.1
"""By so much `out` may pass the file's end: clocks of cutters round."""


def utterance(turn: Turn, part: Part) -> Utterance:
    """A recorded turn as `Recordings` takes it."""
    assert turn.recording is not None
    said = turn.recording
    return Utterance(
        id=turn.id,
        text=plain(turn.text),
        voice="",
        language=part.language,
        ref_audio=said.file,
        settings={"in": said.start, "out": said.end},
    )


def key(utterance: Utterance) -> str:
    """The key of a recording's part in the store."""
    file, start, end = _part(utterance)
    content = file_digest(file)
    return digest({"recording": VERSION, "file": content, "in": start, "out": end})


class Recordings:
    """Recordings as an engine: it has one reading of a text, which is what was recorded."""

    name = RECORDED

    def __init__(self) -> None:
        self._lengths: dict[Any, float | PodgenError] = {}

    def capabilities(self) -> Capabilities:
        """It takes nothing."""
        return Capabilities(languages=(), sample_rate=0, takes=False)

    def availability(self) -> Availability:
        """It needs ffmpeg, as every render does."""
        return Availability(True, "plays files")

    def voices(self) -> Sequence[VoiceInfo]:
        """None."""
        return ()

    def check(self, utterance: Utterance) -> list[tuple[str, str]]:
        """What is wrong with the part of the file that is asked for."""
        file, start, end = _part(utterance)
        try:
            seconds = self._length(utterance)
        except PodgenError:
            return []  # told with the show's other files
        if start >= seconds:
            what = f"{file.name} is {seconds:.2f} s long and is to begin at {start:g} s"
            return [(what, "lower in")]
        if end is not None and end > seconds + SLACK_SECONDS:
            what = f"{file.name} is {seconds:.2f} s long and is to end at {end:g} s"
            return [(what, "lower out, or leave it out")]
        if self.estimate(utterance) > LONGEST_SECONDS:
            what = f"a turn of {self.estimate(utterance):.0f} s is too long"
            return [(what, f"cut it into turns of at most {LONGEST_SECONDS:g} s with in and out")]
        return []

    def estimate(self, utterance: Utterance) -> float:
        """How long the part is in seconds; a second where the file cannot be read."""
        _, start, end = _part(utterance)
        try:
            seconds = self._length(utterance)
        except PodgenError:
            return 1.0
        return max(0.0, min(seconds, seconds if end is None else end) - start)

    def fingerprint(self) -> str:
        """Nothing but its version changes what it makes of a file."""
        return f"recording/{VERSION}"

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        """Each part, decoded.

        Raises:
            EngineError: at the end, naming those that cannot be read.
        """
        problems: list[Problem] = []
        for one in utterances:
            try:
                samples, rate = recording.decode(*_part(one))
            except PodgenError as error:
                problems += [Problem(p.what, p.remedy, turn=one.id) for p in error.problems]
                continue
            yield Speech(one.id, samples, rate)
        if problems:
            raise EngineError(problems)

    def close(self) -> None:
        """Nothing is kept open."""

    def _length(self, utterance: Utterance) -> float:
        file, _, _ = _part(utterance)
        if file not in self._lengths:
            try:
                self._lengths[file] = recording.length(file)
            except PodgenError as error:
                self._lengths[file] = error
        found = self._lengths[file]
        if isinstance(found, PodgenError):
            raise found
        return found


def _part(utterance: Utterance) -> tuple[Any, float, float | None]:
    settings: Any = utterance.settings
    return utterance.ref_audio, settings["in"], settings["out"]
