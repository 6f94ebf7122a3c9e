"""What a render will do: every turn with its voice, its text as spoken and its key.

Planning checks everything that can be known without speaking, so that whatever is wrong with a
script is said at once, before anything renders.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import NamedTuple

from podgen.audio.presets import Preset, preset
from podgen.casting import RECORDED, Casting, Part, read_cast
from podgen.engines import REGISTRY
from podgen.engines.base import Engine, Utterance
from podgen.errors import EngineError, PodgenError, Problem, ScriptError
from podgen.render import recordings
from podgen.render.assets import asset_problems
from podgen.render.foreseen import cover_warnings, foreseen
from podgen.render.keys import file_digest, heard_as, take_key
from podgen.render.rig import Engines, Rig, make_rig
from podgen.render.takes import Choice, Choices, load_choices, lock_path, seed_of
from podgen.show import read_show
from podgen.show.model import Mastering, Show, Split, Turn
from podgen.show.read import in_order
from podgen.show.references import VOICE_FILE
from podgen.text.markdown import plain
from podgen.text.silence import endless_words, has_words, is_silent
from podgen.text.spoken import Spoken, spoken

_CLONING = {"ref_audio", "speaker_embedding"}
"""Engine settings that clone a voice, as a recording beside the script does."""

_FIGURES = [field.name for field in fields(Mastering) if field.name not in ("preset", "place")]


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


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked show: who speaks what with which engine, and how it will be mastered."""

    show: Show
    casting: Casting
    engines: Mapping[str, Engine]
    turns: tuple[PlannedTurn, ...]
    preset: Preset
    choices: Choices
    warnings: tuple[str, ...]

    def turn(self, turn_id: str) -> PlannedTurn:
        """The turn with this id.

        Raises:
            ScriptError: there is none.
        """
        for planned in self.turns:
            if planned.id == turn_id:
                return planned
        close = difflib.get_close_matches(turn_id, [turn.id for turn in self.turns], n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise ScriptError(
            f"{self.show.path}: no turn '{turn_id}'",
            f"{hint}'podgen check --spoken {self.show.path}' lists the ids",
        )


@dataclass(frozen=True, slots=True)
class Examined:
    """A script looked through: all that is wrong with it, and what can be planned all the same.

    `plan` leaves out the turns that cannot be spoken as they stand, and is None where nothing can
    be planned. `silent` is a reason for each engine of it that cannot speak here.
    """

    plan: Plan | None
    problems: tuple[Problem, ...]
    silent: tuple[EngineError, ...]


Memory = dict[str, tuple[tuple[object, ...], "_Cast"]]
"""What planning found of each turn, by id, for the next time that the script is looked through."""


def check(
    script: Path,
    *,
    engine: str | None = None,
    settings: Mapping[str, object] | None = None,
    to_speak: bool = True,
    shared: Engines | None = None,
) -> Plan:
    """Plan a script's render.

    Args:
        script: the show's YAML file.
        engine: cast every character on this engine; else the best that the machine can run.
        settings: settings of that engine, over those of the show and the voices file.
        to_speak: whether the engines must be able to speak on this machine; where they need not,
            one that cannot is a warning, and its turns may have no keys.
        shared: the engines of other shows, to be used again.

    Raises:
        ScriptError: the script, its cast or its files are wrong; every problem found is in it.
        EngineError: an engine cannot speak here.
    """
    found = examine(script, engine=engine, settings=settings, shared=shared)
    if found.problems or found.plan is None:
        raise ScriptError(found.problems)
    if found.silent and to_speak:
        raise found.silent[0]
    return found.plan


def examine(
    script: Path,
    *,
    text: str | None = None,
    engine: str | None = None,
    settings: Mapping[str, object] | None = None,
    shared: Engines | None = None,
    memory: Memory | None = None,
) -> Examined:
    """Look through a script as `check` does, however much is wrong with it.

    `text` is what is in the file, or will be, where that is known. `memory`, which it fills, spares
    what has not changed since the script was looked through last.

    Raises:
        ScriptError: the script cannot be read at all.
        EngineError: no engine can speak here.
    """
    show, rig, casting, problems = _read_cast(script, text, engine, settings, shared)
    engines: dict[str, Engine] = rig.chosen(part.engine for part in casting.parts.values())
    if casting.recorded:
        engines[RECORDED] = recordings.Recordings()
    silent = [
        EngineError(f"engine {name} cannot speak here", state.reason)
        for name, made in engines.items()
        if not (state := made.availability()).usable
    ]
    choices = load_choices(script)
    memory = {} if memory is None else memory
    turns, passed_over, found = _plan_turns(show, casting, engines, choices, memory)
    problems += found + asset_problems(show)
    head, chosen_preset = math.inf, None
    try:
        chosen_preset = _preset(show)
        head = chosen_preset.head
    except ScriptError as error:
        problems += error.problems
    problems += foreseen(show, {turn.id: turn.estimate for turn in turns}, head)
    problems = in_order(problems)
    if chosen_preset is None:
        return Examined(None, tuple(problems), tuple(silent))
    plan = Plan(
        show=show,
        casting=casting,
        engines=engines,
        turns=turns,
        preset=chosen_preset,
        choices=choices,
        warnings=(
            *map(str, silent),
            *(line for line in rig.passed_over() if not silent),
            # A whole show can land on a draft engine because one character has no better voice.
            *([casting.reason] if casting.second_best else []),
            *_unheard(passed_over),
            *_stale_choices(show, turns, choices),
            *_without_effect(show, turns, engines),
            *cover_warnings(show, chosen_preset.name),
        ),
    )
    return Examined(plan, tuple(problems), tuple(silent))


def refuse_uncastable(
    script: Path,
    *,
    engine: str | None = None,
    settings: Mapping[str, object] | None = None,
    shared: Engines | None = None,
) -> None:
    """Raise what `examine` would, without its planning of each turn."""
    _read_cast(script, None, engine, settings, shared)


def _read_cast(
    script: Path,
    text: str | None,
    engine: str | None,
    settings: Mapping[str, object] | None,
    shared: Engines | None,
) -> tuple[Show, Rig, Casting, list[Problem]]:
    show, problems = read_show(script, text)
    rig = make_rig(show, engine, settings or {}, shared)
    casting, found = read_cast(show, engine=engine, usable=rig.usable(), known=list(REGISTRY))
    return show, rig, casting, [*problems, *rig.problems, *found]


def at_take(plan: Plan, planned: PlannedTurn, take: int) -> PlannedTurn:
    """A turn of the plan as it would be in another take; a recording has but one."""
    if planned.turn.recording is not None:
        return planned
    engine = plan.engines[planned.part.engine]
    seed = _heard_seed(engine, seed_of(_base_seed(plan.show, planned.turn), take))
    utterance = replace(planned.utterance, seed=seed)
    key = take_key(heard_as(engine, engine.fingerprint(), utterance), utterance)
    return replace(planned, utterance=utterance, take=take, key=key)


class _Cast(NamedTuple):
    """A turn with what its engine cannot do, and the symbols in it that nobody says."""

    planned: PlannedTurn | None
    faults: tuple[tuple[str, str], ...]
    passed_over: tuple[str, ...]


def _plan_turns(
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
    seed = choice.seed if choice else _base_seed(show, turn)
    said = _said(show, turn, part, engine)
    utterance = _utterance(show, turn, part, _heard_seed(engine, seed), engine, said)
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
        _base_seed(show, turn),
        _split(show, turn),
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
    split = _split(show, turn)
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


def _split(show: Show, turn: Turn) -> Split | None:
    return turn.split if turn.split is not None else show.defaults.split


def _base_seed(show: Show, turn: Turn) -> int:
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


def _heard_seed(engine: Engine, seed: int) -> int:
    """An engine with one reading of a text speaks it the same whatever the seed."""
    return seed if engine.capabilities().takes else 0


def _preset(show: Show) -> Preset:
    chosen = show.mastering
    figures = {name: value for name in _FIGURES if (value := getattr(chosen, name)) is not None}
    try:
        return preset(chosen.preset, figures, show.deliverables)
    except ScriptError as error:
        raise ScriptError(
            [replace(problem, place=problem.place or chosen.place) for problem in error.problems]
        ) from error


def _stale_choices(show: Show, turns: Sequence[PlannedTurn], choices: Choices) -> Iterator[str]:
    """Takes in the lock file that no longer mean what they meant when they were chosen."""
    gone = sorted(choices.keys() - {turn.id for turn in turns})
    if gone:
        yield f"{lock_path(show.path)} has takes of turns that are not in the script: " + ", ".join(
            gone
        )
    for turn in turns:
        choice = choices.get(turn.id, {}).get(turn.part.engine)
        if choice and choice.seed != seed_of(_base_seed(show, turn.turn), choice.take):
            yield (
                f"turn {turn.id}: the seed in the script was changed after take {choice.take} was "
                f"chosen, which keeps its own; pick again with 'podgen takes'"
            )


def _unheard(symbols: Sequence[str]) -> Iterator[str]:
    if symbols:
        shown = " ".join(symbols[:8]) + (" ..." if len(symbols) > 8 else "")
        yield f"passed over in speech, as nobody says them: {shown}"


def _without_effect(
    show: Show, turns: Sequence[PlannedTurn], engines: Mapping[str, Engine]
) -> Iterator[str]:
    """What the script says that means nothing on the engine it is cast on."""
    for name, engine in engines.items():
        if name == RECORDED:
            continue
        can = engine.capabilities()
        mine = [turn for turn in turns if turn.part.engine == name]
        if not can.takes and any(turn.take > 1 or _base_seed(show, turn.turn) for turn in mine):
            yield f"engine {name} has one reading of a text: seeds and takes change nothing on it"
        if not can.split and any(_split(show, turn.turn) is not None for turn in mine):
            yield f"engine {name} parts long turns in its own way: split changes nothing on it"
