"""Every turn of a show with its voice, its text as spoken and its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from podgen.casting import Casting, Part
from podgen.engines.base import Engine, Utterance
from podgen.errors import PodgenError, Problem
from podgen.render import recordings
from podgen.render.keys import file_digest, heard_as, take_key
from podgen.render.takes import Choice, Choices
from podgen.show.model import Show, Split, Turn
from podgen.show.references import VOICE_FILE
from podgen.text.markdown import plain
from podgen.text.silence import endless_words, has_words, is_silent
from podgen.text.spoken import Spoken, spoken

_CLONING = {"ref_audio", "speaker_embedding"}
"""Engine settings that clone a voice, as a recording beside the script does."""


@dataclass(frozen=True, slots=True)
class PlannedTurn:
    """A turn ready to be spoken; `estimate` is its rough length in seconds."""

    turn: Turn
    part: Part
    utterance: Utterance
    key: str
    take: int
    estimate: float

    @property
    def id(self) -> str:
        """The turn's id."""
        return self.turn.id


Memory = dict[str, tuple[tuple[object, ...], "_Cast"]]
"""What planning found of each turn, by id, for the next time that the script is looked through."""


class _Cast(NamedTuple):
    """A turn with what its engine cannot do, and the symbols in it that nobody says."""

    planned: PlannedTurn | None
    faults: tuple[tuple[str, str], ...]
    passed_over: tuple[str, ...]


def plan_turns(
    show: Show,
    casting: Casting,
    engines: Mapping[str, Engine],
    choices: Choices,
    memory: Memory,
) -> tuple[tuple[PlannedTurn, ...], list[str], list[Problem]]:
    """Every turn that is cast; symbols without a sound, and the turns that they stand in; and what
    the engines cannot do: once for each cause."""
    fingerprints = {name: _fingerprint(engine) for name, engine in engines.items()}
    planned = []
    problems: dict[tuple[str, str, str], Problem] = {}
    passed_over: dict[str, None] = {}
    before = dict(memory)
    memory.clear()
    for turn in show.turns:
        cast = casting.parts if turn.recording is None else casting.recorded
        part = cast.get(turn.speaker)
        if part is None or part.engine not in engines:
            continue  # nobody speaks it, which is a problem by now
        engine = engines[part.engine]
        if turn.recording is not None:
            planned.append(_recorded(turn, part, engine))
            for what, remedy in engine.check(planned[-1].utterance):
                problems[turn.id, "", what] = Problem(what, remedy, turn.place, turn.id)
            continue
        choice = choices.get(turn.id, {}).get(part.engine)
        print_of = fingerprints[part.engine]
        inputs = (print_of, part, choice, show.lexicon, *_sounding(show, turn, part))
        known = before.get(turn.id)
        same = known is not None and known[0] == inputs
        found = known[1] if known and same else _cast(show, turn, part, engine, print_of, choice)
        memory[turn.id] = inputs, found
        passed_over |= dict.fromkeys(found.passed_over)
        if found.planned is None:
            continue  # reading the script has said why
        for what, remedy in found.faults:
            # What a character's voice lacks holds for all its turns; it is said once.
            problems.setdefault(
                (part.engine, found.planned.utterance.voice, what),
                Problem(what, remedy, turn.place, turn.id),
            )
        planned.append(replace(found.planned, turn=turn))
    return tuple(planned), list(passed_over), list(problems.values())


def _cast(
    show: Show, turn: Turn, part: Part, engine: Engine, fingerprint: str, choice: Choice | None
) -> _Cast:
    seed = choice.seed if choice else base_seed(show, turn)
    said = _said(show, turn, part, engine)
    utterance = _utterance(show, turn, part, heard_seed(engine, seed), engine, said)
    if is_silent(said.text) and not has_words(plain(turn.text)):
        return _Cast(None, (), said.passed_over)
    faults = (*engine.check(utterance), *endless_words(said.text))
    key = take_key(heard_as(engine, fingerprint, utterance), utterance)
    take = choice.take if choice else 1
    planned = PlannedTurn(turn, part, utterance, key, take, engine.estimate(utterance))
    return _Cast(planned, faults, said.passed_over)


def _sounding(show: Show, turn: Turn, part: Part) -> tuple[object, ...]:
    """All of a turn that reaches its utterance."""
    cloned = turn.ref_audio or part.ref_audio
    return (
        turn.text,
        turn.voice,
        turn.speed,
        turn.pronunciation,
        (cloned, cloned and file_digest(cloned), turn.ref_text),
        turn.instructions,
        turn.settings,
        base_seed(show, turn),
        split_of(show, turn),
    )


def _recorded(turn: Turn, part: Part, engine: Engine) -> PlannedTurn:
    said = recordings.utterance(turn, part)
    return PlannedTurn(turn, part, said, recordings.key(said), 1, engine.estimate(said))


def _said(show: Show, turn: Turn, part: Part, engine: Engine) -> Spoken:
    return spoken(
        turn.text,
        turn.pronunciation,
        part.lexicon,
        show.lexicon,
        language=part.language,
        ipa=engine.capabilities().phonemes,
    )


def _utterance(
    show: Show, turn: Turn, part: Part, seed: int, engine: Engine, said: Spoken
) -> Utterance:
    can = engine.capabilities()
    settings = {**part.settings, **turn.settings}
    split = split_of(show, turn)
    if split is not None and can.split:
        settings["split"] = split
    ref_audio = turn.ref_audio or part.ref_audio
    if part.consent and (ref_audio is not None or _CLONING & settings.keys()):
        settings["consent"] = part.consent
    voice = turn.voice or part.voice
    return Utterance(
        id=turn.id,
        text=said.text,
        voice=voice,
        voice_file=Path(voice) if voice.endswith(VOICE_FILE) else None,
        language=part.language,
        seed=seed,
        speed=turn.speed if turn.speed is not None else part.speed,
        phonemes=said.phonemes,
        ref_audio=ref_audio,
        ref_text=turn.ref_text or part.ref_text,
        instructions=turn.instructions or part.instructions,
        settings=settings,
    )


def split_of(show: Show, turn: Turn) -> Split | None:
    """Where a turn is parted, by its own word or the show's."""
    return turn.split if turn.split is not None else show.defaults.split


def base_seed(show: Show, turn: Turn) -> int:
    """The seed of a turn's first take, by its own word or the show's."""
    seed = turn.seed if turn.seed is not None else show.defaults.seed
    return seed if seed is not None else 0


def _fingerprint(engine: Engine) -> str:
    """Empty where the engine lacks what it would be taken of, and cannot speak anyway."""
    try:
        return engine.fingerprint()
    except PodgenError:
        if engine.availability().usable:
            raise
        return ""


def heard_seed(engine: Engine, seed: int) -> int:
    """An engine with one reading of a text speaks it the same whatever the seed."""
    return seed if engine.capabilities().takes else 0
