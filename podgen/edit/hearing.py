"""What the page plays: any part of the episode as it will sound, a turn, a take of it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from podgen.audio.samples import Floats
from podgen.edit.studio import Studio
from podgen.errors import EngineError, ScriptError
from podgen.render.draft import Draft
from podgen.render.dress import dress_take, trim_of
from podgen.render.editing import rendered, take_of
from podgen.render.production import CONTEXT_SECONDS
from podgen.render.proving import heard_words
from podgen.speech.encoding import pcm16, wav_header


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the episode: where it begins and ends (seconds), its form and its samples as
    16-bit little-endian PCM, channels interleaved."""

    start: float
    end: float
    rate: int
    channels: int
    blocks: Generator[bytes, None, None]


def part(studio: Studio, start: float, end: float | None) -> Part:
    """The episode from `start` to `end` seconds, or its end.

    Raises:
        ScriptError: nothing can be heard yet.
    """
    draft = _draft(studio)
    timeline = draft.timeline
    first = min(max(0, round(start * timeline.rate)), timeline.total)
    last = timeline.total if end is None else min(round(end * timeline.rate), timeline.total)
    last = max(first, last)
    blocks = draft.hear(studio.store, first, last)
    rate, channels = timeline.rate, draft.plan.preset.channels
    return Part(first / rate, last / rate, rate, channels, _pcm(blocks))


def around(studio: Studio, number: int) -> Part:
    """The turn of an entry in its context.

    Raises:
        ScriptError: it is not on the timeline.
    """
    draft, (found, turn) = _draft(studio), studio.turn(number)
    assert found.plan is not None
    for clip in draft.timeline.speech:
        if clip.id == turn.id:
            rate = draft.timeline.rate
            start, end = clip.start / rate, clip.end / rate
            return part(studio, start - CONTEXT_SECONDS, end + CONTEXT_SECONDS)
    raise ScriptError(f"turn {turn.id} has no place in the episode yet", "wait a moment")


def turn_wav(studio: Studio, number: int, take: int | None) -> bytes:
    """A turn by itself as WAV, at its level in the episode; any take of it at the same.

    Raises:
        ScriptError: there is no such turn.
        EngineError: it is not spoken yet.
    """
    draft, (found, turn) = _draft(studio), studio.turn(number)
    plan = found.plan
    assert plan is not None
    other = None
    if take is not None:
        candidate = take_of(plan, turn.id, take) if take != turn.take else turn
        clip = rendered(studio.store, candidate)
        if clip is None:
            raise EngineError(f"take {take} of turn {turn.id} is not spoken yet", "speak it first")
        other = dress_take(studio.store, candidate, clip, plan.preset.sample_rate)
    elif turn.id not in draft.dressed:
        raise EngineError(f"turn {turn.id} is not spoken yet", "speak it first")
    samples = draft.alone(studio.store, turn.id, other)
    return wav_header(plan.preset.sample_rate, len(samples)) + pcm16(samples)


def words(studio: Studio, number: int) -> list[tuple[str, float, float]]:
    """The words of an entry's turn as they are written, with when each is said in its clip, in
    seconds; none where nobody has heard it.

    Raises:
        ScriptError: there is no such turn.
    """
    found, turn = studio.turn(number)
    dressed = found.draft.dressed.get(turn.id) if found.draft else None
    if dressed is None:
        return []
    heard = heard_words(studio.store, turn, dressed.take)
    before = trim_of(turn, dressed.take) if heard else 0.0
    length = dressed.clip.seconds

    def at(seconds: float) -> float:
        return round(min(length, max(0.0, seconds - before)), 3)

    return [(word, at(start), at(end)) for word, start, end in heard]


def _draft(studio: Studio) -> Draft:
    draft = studio.found.draft
    if draft is None:
        raise ScriptError("nothing can be heard yet", "correct what is wrong with the script")
    return draft


def _pcm(blocks: Generator[Floats, None, None]) -> Generator[bytes, None, None]:
    try:
        for block in blocks:
            yield pcm16(block)
    finally:
        blocks.close()
