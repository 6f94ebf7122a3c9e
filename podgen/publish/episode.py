"""A finished episode as its companions see it: who said what when, and its chapters."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as it is written, and when it is said: `[start, end)` in samples."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """A turn on the timeline: `[start, end)` in samples at the episode's rate; `recorded` says that
    a person is heard in it. `words` are all words of its text, where it is known when they are
    said; else there are none."""

    id: str
    speaker: str
    text: str
    start: int
    end: int
    recorded: bool = False
    words: tuple[SpokenWord, ...] = ()


@dataclass(frozen=True, slots=True)
class ChapterMark:
    """A chapter: `[start, end)` in samples, with a page to link to and a JPEG or PNG picture."""

    title: str
    start: int
    end: int
    url: str | None = None
    image: Path | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """Everything that transcripts, chapters and tags are made from.

    `turns` stand in script order and may overlap; `language` is a BCP 47 tag; `date` is a day as
    in 2026-11-28, or empty; `synthetic` says that voices are generated, which the tags disclose.
    """

    title: str
    show: str
    number: int | None
    description: str
    author: str
    language: str
    cover: Path | None
    duration: float
    sample_rate: int
    turns: tuple[SpokenTurn, ...]
    chapters: tuple[ChapterMark, ...]
    synthetic: bool = True
    date: str = ""

    def seconds(self, samples: int) -> float:
        """A position in samples as seconds."""
        return samples / self.sample_rate

    @property
    def total(self) -> int:
        """Its length in samples."""
        return round(self.duration * self.sample_rate)

    @property
    def serial(self) -> int:
        """A number of 31 bits that tells its Ogg stream from others'; the same for the same title
        and turns."""
        said = repr((self.show, self.number, self.title, self.total, self.turns))
        return zlib.crc32(said.encode()) & 0x7FFFFFFF

    def voices(self, *, recorded: bool) -> list[str]:
        """Who is heard as a person's recording, or with a generated voice, in order of speaking."""
        return list(dict.fromkeys(t.speaker for t in self.turns if t.recorded == recorded))

    def milliseconds(self, samples: int) -> int:
        """A position in samples as whole milliseconds, to the nearest."""
        return (samples * 2000 + self.sample_rate) // (2 * self.sample_rate)
