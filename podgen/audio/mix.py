"""The mix: lanes of speech, effects and music summed by one ffmpeg, at the working level.

However many turns there are, ffmpeg has as many inputs as things that sound at once. Each is a
pipe of float32 samples, placed and automated before it enters; the graph only sums them (and
measures music, and splits off stems). So nothing in it delays, loops, fades or changes a volume.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np

from podgen.audio import ffmpeg as machine
from podgen.audio import lane
from podgen.audio.asset import QUIET_LU
from podgen.audio.automation import Automation
from podgen.audio.lane import Part, Source
from podgen.audio.loudness import amplitude
from podgen.audio.r128 import Meter
from podgen.audio.samples import Floats
from podgen.audio.score import Score, automation, part
from podgen.audio.timeline import Clip, Span, Timeline, lanes
from podgen.audio.tone import Tone

MUSIC = "music"
UNDER = "music under speech"
EFFECTS = "effects"
ROOM = "room"
QUEUE = 1024
"""Packets of an input, of a few kB each, that ffmpeg may read ahead."""
_LONGEST_NAME = 200  # bytes; most disks hold 255 and a suffix goes with it

_SPEECH_RANGE = 45.0
"""Speech this far below the programme's loudness counts as silence (dB)."""
_TURN_SILENCE = 2.0
"""A turn may pause this long (seconds)..."""
_SILENT_PART = 0.75
"""...or for this part of it, if it is short."""
_TURNED_UP = 12.0
"""Music turned down further than this by its automation (dB) need not be heard."""
_FAINT = -40.0
"""Nor need an effect softer than this (dB relative to speech): an encoder may drop it."""
_EDGES = 6000  # moments of an automation looked at together: ten minutes


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a mix is made of: the timeline and the sound of everything on it, by id.

    `clips` holds speech and effects; `tone` lies under everything.
    """

    timeline: Timeline
    channels: int
    clips: Mapping[str, Source]
    music: Mapping[str, Score] = field(default_factory=dict)
    tone: Tone | None = None


def stream(
    scene: Scene,
    start: int = 0,
    end: int | None = None,
    under: Meter | None = None,
) -> Generator[Floats, None, None]:
    """The mix from sample `start` to `end` in blocks of (frames, channels), at -23 LUFS.

    `under`, if given, has measured the music alone that is to lie under speech once the last block
    is out.

    Raises:
        FfmpegError: ffmpeg failed.
        MachineError: a clip cannot be read.
    """
    end = scene.timeline.total if end is None else end
    groups = _groups(scene, by_speaker=False)
    if under is None and sum(len(rows) for _, rows in groups) == 1:
        yield from _only(scene, groups[0][1][0], start, end)
        return
    with machine.Job() as job:
        tone, nodes = scene.tone, []
        for name, rows in groups:
            for parts in rows:
                node = _input(job, scene, parts, start, end, tone)
                tone = None  # it goes with the first lane
                nodes.append(node)
            if name == UNDER and under is not None:
                nodes[-len(rows) :] = [under.attach(_sum(nodes[-len(rows) :]), job)]
        node = _sum(nodes)
        output = ffmpeg.output(node, "pipe:1", format="f32le", acodec="pcm_f32le")
        width = scene.channels
        for data in job.stream(output.get_args(), lane.BLOCK * width * 4):
            yield np.frombuffer(data, np.float32).reshape(-1, width)


def write_stems(scene: Scene, folder: Path) -> list[Path]:
    """Write one float32 WAV for each speaker, the effects, the music and the room, and their sum.

    All are as long as the mix and at its level, before mastering. Files over 4 GiB become RF64.
    Files are named after the speakers; the sum is `mix.wav`. Returns their paths, the mix last.
    """
    groups = _groups(scene, by_speaker=True)
    if scene.tone is not None:
        groups.append((ROOM, [[]]))
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.wav" for name in stem_names([name for name, _ in groups])]
    with machine.Job() as job:
        nodes, summands = [], []
        for name, rows in groups:
            tone = scene.tone if name == ROOM and rows == [[]] else None
            node = _sum([_input(job, scene, row, 0, scene.timeline.total, tone) for row in rows])
            split = node.filter_multi_output("asplit", 2)
            nodes.append(split[0])
            summands.append(split[1])
        nodes.append(_sum(summands))
        options = {"acodec": "pcm_f32le", "rf64": "auto", "fflags": "+bitexact"}
        outputs = [
            ffmpeg.output(node, machine.local(path), **options)
            for node, path in zip(nodes, paths, strict=True)
        ]
        job.run([*ffmpeg.merge_outputs(*outputs).get_args(), "-y"])
    return paths


@dataclass(frozen=True, slots=True)
class Expectation:
    """Sound that must be there: from sample `start` to `end`, no run of `longest` seconds may stay
    below `floor` dB relative to the programme's loudness; with None, not the whole of it.

    `alone` is speech with nothing else under it."""

    what: str
    turn: str | None
    start: int
    end: int
    floor: float
    longest: float | None
    alone: bool = False


def expectations(scene: Scene) -> Iterator[Expectation]:
    """What a listener must hear of the scene: turns, effects, music wherever it is turned up."""
    rate = scene.timeline.rate
    under = [(span.start, span.end) for span in scene.timeline.music]
    under += [(sound.start, sound.end) for sound in scene.timeline.sounds]
    for clip in scene.timeline.speech:
        alone = not any(start < clip.end and end > clip.start for start, end in under)
        yield Expectation(
            what=f"turn {clip.id}",
            turn=clip.id,
            start=clip.start,
            end=clip.end,
            floor=-_SPEECH_RANGE + min(0.0, scene.clips[clip.id].asked or 0.0),
            longest=min(_TURN_SILENCE, _SILENT_PART * (clip.end - clip.start) / rate),
            alone=alone,
        )
    for clip in scene.timeline.sounds:
        level = scene.clips[clip.id].asked
        if level is not None and level >= _FAINT:
            floor = -_SPEECH_RANGE + min(0.0, level)
            yield Expectation(f"sound {clip.id}", None, clip.start, clip.end, floor, longest=None)
    for span in scene.timeline.music:
        score = scene.music[span.id]
        moves = automation(score, span, scene.timeline, scene.clips)
        for start, end in _turned_up(moves, span, rate):
            yield Expectation(
                what=f"music {span.id}",
                turn=None,
                start=start,
                end=end,
                floor=score.volume - _TURNED_UP - QUIET_LU - 3,
                longest=max(1.0, score.asset.quiet + 0.5),
            )


def _turned_up(automation: Automation, span: Span, rate: int) -> list[tuple[int, int]]:
    """The parts of a span, of a second or more, where its automation leaves it audible."""
    step = rate // 10
    edges = range(span.start, span.end - step, step)
    parts: list[tuple[int, int]] = []
    for first in range(0, len(edges), _EDGES):
        some = edges[first : first + _EDGES]
        audible = automation.at(np.array(some, np.float64)) > amplitude(-_TURNED_UP)
        for at, on in zip(some, audible, strict=True):
            if on and parts and parts[-1][1] == at:
                parts[-1] = (parts[-1][0], at + step)
            elif on:
                parts.append((at, at + step))
    return [(start, end) for start, end in parts if end - start >= rate]


def _only(
    scene: Scene, parts: Iterable[Part], start: int, end: int
) -> Generator[Floats, None, None]:
    """A mix of one lane, which needs no ffmpeg."""
    blocks = lane.stream(parts, scene.timeline.rate, scene.channels, start, end, scene.tone)
    with closing(blocks):
        for block in blocks:
            yield block.copy()  # a lane's block is overwritten by the next one


def _input(
    job: machine.Job,
    scene: Scene,
    parts: Iterable[Part],
    start: int,
    end: int,
    tone: Tone | None = None,
) -> Any:
    rate, channels = scene.timeline.rate, scene.channels
    pipe = job.feed(lane.stream(parts, rate, channels, start, end, tone))
    # Nothing seeks in a pipe: without an index of it, which grows to 1 MB in the first hour. Up to
    # ffmpeg 6, of several inputs one whose queue of 8 packets is empty is asked again after 10 ms.
    form = {"format": "f32le", "ar": rate, "ac": channels, "indexmem": 0}
    return ffmpeg.input(pipe, **form, thread_queue_size=QUEUE).audio


def _sum(nodes: Sequence[Any]) -> Any:
    if len(nodes) == 1:
        return nodes[0]
    # Without normalize=0 the level changes whenever an input ends.
    return ffmpeg.filter(list(nodes), "amix", inputs=len(nodes), normalize=0)


def _groups(scene: Scene, *, by_speaker: bool) -> list[tuple[str, list[Iterable[Part]]]]:
    """The lanes of each stem by name: speakers in order of appearance, effects, music.

    Not by speaker, music that is to lie under speech has its own.
    """
    timeline = scene.timeline
    clips: list[tuple[str, list[Clip]]] = [("", [*timeline.speech, *timeline.sounds])]
    if by_speaker:
        speakers = dict.fromkeys(clip.speaker for clip in timeline.speech)
        clips = [
            (speaker, [clip for clip in timeline.speech if clip.speaker == speaker])
            for speaker in speakers
        ]
        clips.append((EFFECTS, list(timeline.sounds)))
    groups: list[tuple[str, list[Iterable[Part]]]] = [
        (name, [_clips(scene, row) for row in lanes(members)]) for name, members in clips
    ]
    held = [] if by_speaker else [s for s in timeline.music if scene.music[s.id].under is not None]
    free = [span for span in timeline.music if span not in held]
    for name, spans in ((MUSIC, free), (UNDER, held)):
        groups.append((name, [_music(scene, row) for row in lanes(spans)]))
    filled = [(name, rows) for name, rows in groups if rows]
    return filled or [(MUSIC, [[]])]  # an empty lane: silence of the right length


def _clips(scene: Scene, row: Sequence[Clip]) -> Iterator[Part]:
    return (Part(scene.clips[clip.id], clip.start, clip.end) for clip in row)


def _music(scene: Scene, spans: Sequence[Span]) -> list[Part]:
    return [part(scene.music[s.id], s, scene.timeline, scene.clips) for s in spans]


def stem_names(groups: Sequence[str]) -> list[str]:
    """A file name without suffix for each stem and then the mix; unique, and none too long for a
    disk, whatever the speakers are called."""
    names: list[str] = []
    taken = {"mix"}
    for group in groups:
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in group).strip("_") or "stem"
        safe = safe.encode()[:_LONGEST_NAME].decode(errors="ignore")
        unique, count = safe, 2
        while unique.casefold() in taken:
            unique, count = f"{safe}-{count}", count + 1
        taken.add(unique.casefold())
        names.append(unique)
    return [*names, "mix"]
