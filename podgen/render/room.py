"""The room tone of a show: its own recording or made, as loud as the noisiest voice's floor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from podgen.audio import tone
from podgen.audio.level import WORKING_LUFS
from podgen.audio.presets import Preset
from podgen.audio.samples import Floats
from podgen.audio.timeline import Timeline
from podgen.errors import Problem, ScriptError
from podgen.render.levelling import Levelled
from podgen.render.plan import Plan
from podgen.render.prepared import prepared_file
from podgen.render.store import Store

_MIDDLE_DB = 3.01
"""A voice in the middle is so much softer on each of two channels."""


def room_period(plan: Plan, store: Store) -> Floats | None:
    """The sound that repeats under the show, before it has its level; None if it wants nothing.

    Raises:
        ScriptError: the show's recording is silent, or too short.
        MachineError: the store cannot be written.
    """
    wanted, preset = plan.show.room_tone, plan.preset
    if wanted is False:
        return None
    rate, channels = preset.sample_rate, preset.channels
    if wanted is True:
        return tone.made(rate, channels)
    import soundfile

    clip, _, _ = prepared_file(wanted, (0.0, tone.LONGEST_SECONDS), preset, store)
    recording = soundfile.read(clip.path, dtype="float32", always_2d=True)[0]
    try:
        return tone.joined(recording, rate, channels)
    except ValueError:
        what = f"{wanted.name} is no room tone: it is silent, or shorter than a second"
        remedy, place = "give a few seconds of the empty room", plan.show.room_tone_place
        raise ScriptError(Problem(what, remedy, place)) from None


def room_tone(
    period: Floats, preset: Preset, levelled: Sequence[Levelled], timeline: Timeline
) -> tone.Tone:
    """What lies under the episode."""
    master = preset.loudness - WORKING_LUFS
    floor = _noisiest(levelled) + master - (_MIDDLE_DB if preset.channels == 2 else 0.0)
    level = min(tone.LOUDEST_DBFS, max(tone.SOFTEST_DBFS, floor + tone.COVER_DB))
    return tone.Tone(tone.at(period, level - master), timeline.total, preset.sample_rate)


def _noisiest(levelled: Sequence[Levelled]) -> float:
    """The floor of the noisiest voice at the working level, in dBFS: the median of its turns'."""
    floors: dict[tuple[str, str], list[float]] = defaultdict(list)
    for turn in levelled:
        floor = turn.dressed.measurement.floor
        if floor is not None:
            voice = turn.turn.part.character, turn.turn.utterance.voice
            floors[voice].append(floor + turn.gain)
    return max((median(own) for own in floors.values()), default=tone.SOFTEST_DBFS - 100)
