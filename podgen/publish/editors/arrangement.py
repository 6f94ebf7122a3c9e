"""The mix as an editor sees it: clips on their speakers' tracks, with gain, pan and automation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from podgen.audio import automation as moving
from podgen.audio import lane
from podgen.audio.lane import Part, Source
from podgen.audio.mix import EFFECTS, MUSIC, Scene
from podgen.audio.score import automation, gain_of
from podgen.audio.tone import FADE_SECONDS
from podgen.files import make_folder
from podgen.publish.episode import Episode

MEDIA = "media"
"""The folder of sounds beside the project; every path in it is relative."""
_LONGEST_NAME = 60

Points = tuple[tuple[float, float], ...]
"""Seconds from a clip's start and decibels; straight lines between."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip on a track: samples `start` to `end` of the episode, all of `file` but `offset`.

    `gain` (dB) and `pan` are constant; `curve` moves the level over them, and the fades (samples,
    raised cosine) multiply. `channels` are the file's.
    """

    name: str
    file: str
    start: int
    end: int
    channels: int
    gain: float = 0.0
    pan: float = 0.0
    curve: Points = ()
    fade_in: int = 0
    fade_out: int = 0
    text: str = ""

    @property
    def length(self) -> int:
        """In samples."""
        return self.end - self.start

    def sides(self, channels: int) -> tuple[float, ...]:
        """The linear gain of each output channel, `gain` included: a mono file is panned at equal
        power, a stereo one balanced."""
        gain = 10 ** (self.gain / 20)
        if channels == 1:
            return (gain,)
        if self.channels == 1:
            left, right = lane.pan_gains(self.pan)
            return gain * left, gain * right
        return gain * min(1.0, 1 - self.pan), gain * min(1.0, 1 + self.pan)


@dataclass(frozen=True, slots=True)
class Track:
    """A speaker, the effects or the music."""

    name: str
    clips: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """The room tone: a file that repeats under the whole, and its fade at both ends in samples."""

    file: str
    length: int
    fade: int


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A whole episode before mastering, at the working level; lengths in samples at `rate`."""

    title: str
    rate: int
    channels: int
    total: int
    tracks: tuple[Track, ...]
    markers: tuple[tuple[str, int], ...]
    room: Room | None = None

    def seconds(self, samples: int) -> float:
        """Samples as seconds."""
        return samples / self.rate


def arrange(scene: Scene, episode: Episode, folder: Path) -> Arrangement:
    """Write the sounds of a mix into `folder/media` and say where each lies.

    Looped music is written out to its length, for few editors know how podgen joins a loop.

    Raises:
        MachineError: a clip cannot be read, or nothing can be written.
    """
    make_folder(folder / MEDIA)
    writer = _Media(folder, scene.timeline.rate)
    texts = {turn.id: turn.text for turn in episode.turns}
    tracks: dict[str, list[Placed]] = {}
    for clip in scene.timeline.speech:
        source = scene.clips[clip.id]
        tracks.setdefault(clip.speaker, []).append(
            writer.clip(clip.id, source, clip.start, clip.end, text=texts.get(clip.id, ""))
        )
    if scene.timeline.sounds:
        tracks[_free(EFFECTS, tracks)] = [
            writer.clip(clip.id.partition("#")[0], scene.clips[clip.id], clip.start, clip.end)
            for clip in scene.timeline.sounds
        ]
    if scene.timeline.music:
        tracks[_free(MUSIC, tracks)] = [_music(scene, index, writer)
                                        for index in range(len(scene.timeline.music))]  # fmt: skip
    return Arrangement(
        title=episode.title,
        rate=scene.timeline.rate,
        channels=scene.channels,
        total=scene.timeline.total,
        tracks=tuple(Track(name, tuple(clips)) for name, clips in tracks.items()),
        markers=tuple((mark.title, mark.start) for mark in episode.chapters),
        room=None if scene.tone is None else writer.room(scene),
    )


def _free(name: str, taken: Mapping[str, object]) -> str:
    """A track's name that no speaker has."""
    return name if name not in taken else f"{name} track"


def _music(scene: Scene, index: int, writer: _Media) -> Placed:
    span = scene.timeline.music[index]
    score = scene.music[span.id]
    moves = automation(score, span, scene.timeline, scene.clips)
    return writer.clip(
        span.id.partition("#")[0],
        Source(score.path, gain_of(score)),
        span.start,
        span.end,
        loop=score.loop,
        curve=tuple(_curve(moves.curves, span.start, span.end, scene.timeline.rate)),
        fades=(moves.fade_in, moves.fade_out),
    )


def _curve(
    curves: Sequence[moving.Points], start: int, end: int, rate: int
) -> Iterator[tuple[float, float]]:
    """The sum of curves between two samples: where any of them bends, and at both ends."""
    if not curves:
        return
    bends = np.unique(np.concatenate([[start, end], *(positions for positions, _ in curves)]))
    bends = bends[(bends >= start) & (bends <= end)]
    levels = sum(np.interp(bends, *curve) for curve in curves)
    points = list(zip(((bends - start) / rate).tolist(), np.asarray(levels).tolist(), strict=True))
    for index, (seconds, level) in enumerate(points):
        around = {other for _, other in points[max(0, index - 1) : index + 2]}
        if index in (0, len(points) - 1) or around != {level}:
            yield seconds, level


class _Media:
    """Writes each sound once, under a name of its own."""

    def __init__(self, folder: Path, rate: int) -> None:
        self._folder, self._rate = folder, rate
        self._written: dict[tuple[Path, int | None], tuple[str, int]] = {}
        self._taken: set[str] = set()

    def clip(
        self,
        name: str,
        source: Source,
        start: int,
        end: int,
        *,
        loop: bool = False,
        curve: Points = (),
        fades: tuple[int, int] = (0, 0),
        text: str = "",
    ) -> Placed:
        """Write the sound of a clip, and place it."""
        key = (source.path, end - start if loop else None)
        if key not in self._written:
            self._written[key] = self._write(name, source.path, end - start if loop else None)
        file, channels = self._written[key]
        return Placed(
            name, file, start, end, channels, source.gain, source.pan, curve, *fades, text
        )

    def room(self, scene: Scene) -> Room:
        """Write one period of the room tone."""
        import soundfile

        assert scene.tone is not None
        period = scene.tone.period
        file = f"{MEDIA}/{self._name('room tone')}"
        soundfile.write(self._folder / file, period, self._rate, "FLOAT", format="WAV")
        return Room(file, len(period), max(1, round(FADE_SECONDS * self._rate)))

    def _write(self, name: str, path: Path, length: int | None) -> tuple[str, int]:
        """One file without what the store keeps in it; a looped one as long as it is heard."""
        import soundfile

        file = f"{MEDIA}/{self._name(name)}"
        with soundfile.SoundFile(path) as sound:
            channels, frames = sound.channels, sound.frames if length is None else length
        part = Part(Source(path), 0, frames, loop=length is not None)
        big = frames * channels * 4 > 4_000_000_000
        with soundfile.SoundFile(
            self._folder / file, "w", self._rate, channels, "FLOAT", format="RF64" if big else "WAV"
        ) as out:
            for block in lane.stream([part], self._rate, channels, 0, frames):
                out.write(block)
        return file, channels

    def _name(self, name: str) -> str:
        """A file's name that any disk and any shell takes."""
        stem = re.sub(r"[^\w-]+", "-", Path(name).stem if "." in name else name).strip("-")
        stem = stem[:_LONGEST_NAME] or "clip"
        unique, count = stem, 2
        while unique.casefold() in self._taken:
            unique, count = f"{stem}-{count}", count + 1
        self._taken.add(unique.casefold())
        return f"{unique}.wav"
