"""From clips to a scene: every turn levelled, every cue placed, music and effects prepared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from podgen.audio import cues
from podgen.audio.asset import CEILING_DBTP, Asset, asset_gain, held_back
from podgen.audio.automation import Duck
from podgen.audio.encode import LOSSY
from podgen.audio.lane import Source
from podgen.audio.mix import Scene
from podgen.audio.samples import Floats
from podgen.audio.score import Score
from podgen.audio.timeline import PlacementError, Timeline, lay_out
from podgen.errors import Problem, ScriptError
from podgen.render.dress import Dressed
from podgen.render.foreseen import overlap_problem
from podgen.render.levelling import Levelled, level_all, pan_of, warnings
from podgen.render.plan import Plan
from podgen.render.prepared import prepared_file
from podgen.render.room import room_tone
from podgen.render.store import Clip, Store
from podgen.show import model

FADES = {"intro": (0.0, 3.0), "bed": (1.5, 3.0), "outro": (1.0, 2.0)}
"""Fade-in and fade-out of music in seconds, where the script says nothing."""
LONGEST_FADE = 0.4
"""A fade that the script does not ask for takes at most this share of the music."""
ROUNDING = 0.1
"""Seconds by which an encoded file may be shorter than it says."""
WORTH_TELLING_DB = 1.0
"""Music or an effect held back by more than this is a warning."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of music or an effect of the script: its file as prepared, and what it is called.

    `mended` says that its clip in the store was corrupt and was made again.
    """

    id: str
    item: model.Music | model.Sound
    clip: Clip
    asset: Asset
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Assembly:
    """A show ready to be mixed; `warnings` says what of it cannot sound as the script asks."""

    scene: Scene
    levels: Mapping[str, Levelled]
    pieces: tuple[Piece, ...]
    warnings: tuple[str, ...] = ()

    @property
    def timeline(self) -> Timeline:
        """Where everything lies."""
        return self.scene.timeline


def prepare_pieces(plan: Plan, store: Store) -> tuple[Piece, ...]:
    """Decode and measure the show's music and effects, or find them in the store.

    Raises:
        ScriptError: a file is no audio.
        MachineError: the store cannot be written.
    """
    pieces: list[Piece] = []
    for item in plan.show.items:
        if isinstance(item, model.Music | model.Sound):
            piece_id = f"{item.file.name}#{len(pieces) + 1}"  # no turn's id: those have no #
            try:
                prepared = prepared_file(item.file, _trim(item), plan.preset, store)
            except ScriptError as error:
                problems = [
                    replace(problem, place=problem.place or item.place)
                    for problem in error.problems
                ]
                raise ScriptError(problems) from error
            pieces.append(Piece(piece_id, item, *prepared))
    return tuple(pieces)


def assemble(
    plan: Plan,
    dressed: Sequence[Dressed],
    pieces: Sequence[Piece],
    store: Store,
    room: Floats | None = None,
) -> Assembly:
    """Level and place everything; `dressed` holds every turn, in the order of the show.

    `room` is what `room_period` gave.

    Raises:
        ScriptError: an overlap is longer than the turn before it, or something is placed where
            nothing can be.
        MachineError: the store cannot be written.
    """
    _refuse_long_overlaps(dressed)
    placed = laid_out(plan, {clip.turn.id: clip.clip.frames for clip in dressed}, pieces)
    lossy = bool(LOSSY & set(plan.show.deliverables))
    levelled = level_all(store, plan.preset, dressed, lossy=lossy)
    scene = scene_of(plan, placed, levelled, pieces, room)
    told = [*_held_back(pieces), *_cut_short(pieces), *_vanished(plan.show, placed)]
    told += warnings(levelled)
    levels = {turn.turn.id: turn for turn in levelled}
    return Assembly(scene, levels, tuple(pieces), tuple(told))


def scene_of(
    plan: Plan,
    placed: Timeline,
    levelled: Sequence[Levelled],
    pieces: Sequence[Piece],
    room: Floats | None,
) -> Scene:
    """All that is placed with its sound; `levelled` holds every turn that is on the timeline."""
    clips = {
        turn.turn.id: Source(
            path=turn.clip.path,
            gain=turn.gain,
            pan=pan_of(turn.dressed),
            asked=turn.turn.part.gain + (turn.turn.turn.gain or 0.0),
            sounds=turn.sounds,
        )
        for turn in levelled
    }
    scores = {}
    for piece in pieces:
        if isinstance(piece.item, model.Sound):
            clips[piece.id] = _effect(piece.item, piece)
        else:
            scores[piece.id] = _score(piece.item, piece)
    tone = None if room is None else room_tone(room, plan.preset, levelled, placed)
    return Scene(placed, plan.preset.channels, clips, scores, tone)


def laid_out(plan: Plan, lengths: Mapping[str, int], pieces: Sequence[Piece]) -> Timeline:
    """Where everything lies; `lengths` is in samples, and turns that it lacks are passed over.

    Raises:
        ScriptError: something is placed where nothing can be.
    """
    try:
        return lay_out(
            _cues(plan, lengths, pieces),
            plan.preset.sample_rate,
            gap=plan.show.defaults.pause,
            head=plan.preset.head,
            tail=plan.preset.tail,
        )
    except PlacementError as error:
        places = {turn.id: turn.turn.place for turn in plan.turns}
        places |= {piece.id: piece.item.place for piece in pieces}
        place = places[error.cue]
        raise ScriptError([replace(problem, place=place) for problem in error.problems]) from error


def _held_back(pieces: Sequence[Piece]) -> list[str]:
    """Where peaks keep music or effects well below the volume asked for; once for each demand."""
    told: dict[tuple[Path, float], str] = {}
    for piece in pieces:
        item = piece.item
        less = held_back(piece.asset, item.volume)
        if less > WORTH_TELLING_DB:
            told.setdefault(
                (item.file, item.volume),
                f"{item.place}: {item.file.name} is {less:.1f} dB softer than its volume of "
                f"{item.volume:g} dB, for its peaks would pass {CEILING_DBTP:g} dBTP; lower the "
                "volume or take a file with lower peaks",
            )
    return list(told.values())


def _cut_short(pieces: Sequence[Piece]) -> Iterator[str]:
    """Music whose file ends before the script's trim does."""
    for piece in pieces:
        item = piece.item
        if isinstance(item, model.Music) and item.trim and item.trim[1] is not None:
            ends = item.trim[0] + piece.clip.seconds
            if ends < item.trim[1] - ROUNDING:
                yield f"{item.place}: {item.file.name} ends at {ends:.1f} s, before its trim does"


def _vanished(show: model.Show, timeline: Timeline) -> Iterator[str]:
    """Chapters that begin where the next one does, or at the end."""
    chapters = [item for item in show.items if isinstance(item, model.Chapter)]
    starts = [mark.start for mark in timeline.chapters]
    for chapter, start, end in zip(chapters, starts, [*starts, timeline.total][1:], strict=True):
        if start >= end:
            yield f"{chapter.place}: chapter '{chapter.title}' has no length and is left out"


def _trim(item: model.Music | model.Sound) -> tuple[float, float | None]:
    return item.trim if isinstance(item, model.Music) and item.trim else (0.0, None)


def _refuse_long_overlaps(dressed: Sequence[Dressed]) -> None:
    problems: list[Problem] = [
        overlap_problem(now.turn.turn, before.turn.turn, before.clip.seconds)
        for before, now in pairwise(dressed)
        if (now.turn.turn.overlap or 0.0) > before.clip.seconds
    ]
    if problems:
        raise ScriptError(problems)


def _cues(plan: Plan, lengths: Mapping[str, int], pieces: Sequence[Piece]) -> list[cues.Cue]:
    speakers = {turn.id: turn.part.character for turn in plan.turns}
    remaining = iter(pieces)
    listed: list[cues.Cue] = []
    for item in plan.show.items:
        match item:
            case model.Turn() if item.id not in lengths:
                continue
            case model.Turn():
                listed.append(
                    cues.Speech(
                        id=item.id,
                        speaker=speakers[item.id],
                        length=lengths[item.id],
                        pause_before=item.pause_before,
                        pause_after=item.pause_after,
                        overlap=item.overlap,
                    )
                )
            case model.Pause():
                listed.append(cues.Pause(item.seconds))
            case model.Chapter():
                listed.append(cues.Chapter(item.title))
            case model.Music():
                listed.append(_music_cue(item, next(remaining)))
            case model.Sound():
                piece = next(remaining)
                listed.append(cues.Sound(piece.id, piece.clip.frames, item.at, item.wait))
    return listed


def _music_cue(item: model.Music, piece: Piece) -> cues.Music:
    fade_in, fade_out = fades(item, piece.clip.seconds)
    return cues.Music(
        id=piece.id,
        role=item.role,
        length=piece.clip.frames,
        lead=item.lead,
        start=_anchor(item.start),
        end=_anchor(item.end),
        loop=item.loop,
        fade_in=fade_in,
        fade_out=fade_out,
    )


def fades(item: model.Music, seconds: float) -> tuple[float, float]:
    """Fade-in and fade-out in seconds: the script's, else the role's within a short piece.

    `seconds` is the length of the file.
    """
    if isinstance(item.end, float):
        seconds = item.end if item.loop else min(seconds, item.end)
    longest = LONGEST_FADE * seconds
    usual_in, usual_out = (min(usual, longest) for usual in FADES[item.role])
    return (
        usual_in if item.fade_in is None else item.fade_in,
        usual_out if item.fade_out is None else item.fade_out,
    )


def _anchor(value: float | model.Anchor | None) -> float | cues.Anchor | None:
    if isinstance(value, model.Anchor):
        return cues.Anchor(value.turn, value.edge, value.seconds)
    return value


def _effect(item: model.Sound, piece: Piece) -> Source:
    level = item.volume - held_back(piece.asset, item.volume)
    silent = piece.asset.measurement.true_peak is None
    gain = asset_gain(piece.asset, item.volume)
    return Source(piece.clip.path, gain, item.pan, None if silent else level)


def _score(item: model.Music, piece: Piece) -> Score:
    duck = Duck(item.duck.by, item.duck.attack, item.duck.release) if item.duck else None
    return Score(
        path=piece.clip.path,
        asset=piece.asset,
        volume=item.volume,
        loop=item.loop,
        envelope=item.envelope,
        duck=duck,
        under=item.under,
    )
