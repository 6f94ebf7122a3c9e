"""An episode as far as it is spoken: where everything lies, and any part of it as it will sound.

The same levelling, placing and mixing as a render's, of what is there; turns that are not spoken
yet keep a place of their estimated length, in which nobody speaks.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace

from podgen.audio.encode import LOSSY
from podgen.audio.level import WORKING_LUFS
from podgen.audio.loudness import amplitude
from podgen.audio.master import heard
from podgen.audio.mix import Scene
from podgen.audio.samples import Floats
from podgen.audio.timeline import Timeline
from podgen.render.assemble import Piece, laid_out, scene_of
from podgen.render.dress import Dressed
from podgen.render.levelling import Levelled, level_all
from podgen.render.plan import Plan
from podgen.render.store import Store

NEAR_SECONDS = 2.0
"""Turns this near to what is heard are limited as in the episode, too."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan, the clips that are there by turn, music and effects, and where all of it lies."""

    plan: Plan
    dressed: Mapping[str, Dressed]
    pieces: Sequence[Piece]
    room: Floats | None
    timeline: Timeline

    def hear(self, store: Store, start: int, end: int) -> Generator[Floats, None, None]:
        """Samples `start` to `end`, mastered but not measured, in blocks of (frames, channels).

        Raises:
            MachineError: ffmpeg failed, or a clip cannot be read.
        """
        return heard(self.scene(store, start, end), self.plan.preset, start, end)

    def scene(self, store: Store, start: int, end: int) -> Scene:
        """The scene of the whole as far as it is spoken, with peaks taken off from `start` to `end`
        alone."""
        near = round(NEAR_SECONDS * self.timeline.rate)
        limiting = {
            clip.id
            for clip in self.timeline.speech
            if clip.end > start - near and clip.start < end + near
        }
        spoken = tuple(clip for clip in self.timeline.speech if clip.id in self.dressed)
        placed = replace(self.timeline, speech=spoken)
        return scene_of(self.plan, placed, self._levelled(store, limiting), self.pieces, self.room)

    def alone(self, store: Store, turn: str, other: Dressed | None = None) -> Floats:
        """A turn by itself at its level in the episode, shape [frames]; `other` is another take of
        it, brought to the same."""
        dressed = dict(self.dressed)
        if other is not None:
            dressed[turn] = other
        part = Draft(self.plan, dressed, self.pieces, self.room, self.timeline)
        [levelled] = [one for one in part._levelled(store, {turn}) if one.turn.id == turn]
        gain = levelled.gain + self.plan.preset.loudness - WORKING_LUFS
        if other is not None and levelled.sounds is not None:
            # The leveller corrects by 6 dB at most; side by side only the reading may differ.
            asked = levelled.turn.part.gain + (levelled.turn.turn.gain or 0.0)
            gain += WORKING_LUFS + asked - levelled.sounds
        samples: Floats = levelled.clip.read() * amplitude(gain)
        peak = float(abs(samples).max(initial=0.0))
        return samples if peak <= 1 else samples / peak

    def _levelled(self, store: Store, limiting: set[str]) -> list[Levelled]:
        """Every turn that is there, those limited whose peaks will be heard."""
        lossy = bool(LOSSY & set(self.plan.show.deliverables))
        order = [self.dressed[turn.id] for turn in self.plan.turns if turn.id in self.dressed]
        return level_all(store, self.plan.preset, order, lossy=lossy, limiting=limiting)


def make_draft(
    plan: Plan,
    dressed: Mapping[str, Dressed],
    pieces: Sequence[Piece],
    room: Floats | None,
) -> Draft:
    """Lay out what is there; `room` is what `room_period` gave.

    Raises:
        ScriptError: something is placed where nothing can be.
    """
    rate = plan.preset.sample_rate
    lengths = {
        turn.id: dressed[turn.id].clip.frames
        if turn.id in dressed
        else max(1, round(turn.estimate * rate))
        for turn in plan.turns
    }
    return Draft(plan, dressed, pieces, room, laid_out(plan, lengths, pieces))
