"""Who says it: each speaker's engine and voice, from voices.yaml and the show's own cast.

The show's `cast` lies over the voices file field by field: what an entry says wins, what it leaves
out stays. Voices merge engine by engine, lexicons word by word, settings key by key, aliases add
up. `voices` in the show sets aside an `engine` and `voice` fixed in the file, and the other way
round. A field of one engine's voice wins over the same field of its character, and both over the
show's defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from podgen.errors import EngineError, Place, Problem, ScriptError
from podgen.show.characters import read_characters, read_engine_settings
from podgen.show.failing import shown
from podgen.show.forms import VoicesForm
from podgen.show.kinds import RESERVED
from podgen.show.model import Band, Character, Settings, Show, Style, Turn, Voice
from podgen.show.problems import did_you_mean, fill
from podgen.show.read import in_order
from podgen.show.references import Context
from podgen.show.source import read_source
from podgen.text.lexicon import Lexicon

RECORDED = "recording"
"""Stands in the place of an engine where a person was recorded."""


@dataclass(frozen=True, slots=True)
class Part:
    """How one speaker is spoken. Gain in dB after levelling, pan -1..1, highpass in Hz."""

    character: str
    engine: str
    voice: str
    gain: float
    pan: float
    highpass: float | None
    eq: tuple[Band, ...]
    speed: float
    language: str
    lexicon: Lexicon
    ref_audio: Path | None
    ref_text: str | None
    instructions: str | None
    consent: str | None
    settings: Settings
    place: Place


@dataclass(frozen=True, slots=True)
class Casting:
    """The parts by speaker as written in the script, and how the engine was chosen.

    `engine` speaks every character that names none of its own. `recorded` has a part for each
    speaker of recordings: how they are treated, on no engine and with no voice. `files` is what
    the voices file and the entries in it depend on. `second_best` says that better engines could
    speak here and lack a voice.
    """

    engine: str
    reason: str
    parts: Mapping[str, Part]
    files: tuple[Path, ...]
    second_best: bool = False
    recorded: Mapping[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Voices:
    """A voices file as values."""

    characters: Mapping[str, Character] = field(default_factory=dict)
    engine_settings: Mapping[str, Settings] = field(default_factory=dict)
    engine_places: Mapping[str, Place] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


def cast(show: Show, *, engine: str | None, usable: Sequence[str], known: Sequence[str]) -> Casting:
    """Give every speaker of a show an engine and a voice; arguments as of `read_cast`.

    Raises:
        ScriptError: with every problem of the cast.
        EngineError: if no engine is asked for and none is usable.
    """
    casting, problems = read_cast(show, engine=engine, usable=usable, known=known)
    if problems:
        raise ScriptError(problems)
    return casting


def read_cast(
    show: Show, *, engine: str | None, usable: Sequence[str], known: Sequence[str]
) -> tuple[Casting, list[Problem]]:
    """Cast a show as far as it can be, and what is wrong with it, in the files' order.

    `usable` names the engines that this machine can run, best first, and `known` all of them.
    Without `engine`, the first usable one that has a voice for every speaking character. A speaker
    with a problem has no part.

    Raises:
        EngineError: if no engine is asked for and none is usable.
    """
    problems: list[Problem] = []
    voices = _read_voices(show.voices_path, problems)
    if problems and not voices.characters:
        return Casting(engine or "", "", {}, voices.files), in_order(problems)
    characters = dict(voices.characters)
    for name, entry in show.cast.items():
        characters[name] = _over(characters[name], entry) if name in characters else entry
    places = {**voices.engine_places, **show.engine_places}
    problems += _unknown_engines(characters.values(), places, engine, known)
    names = _names(characters.values(), problems)
    speakers = _speakers(show, names, problems)
    spoken = {turn.speaker for turn in show.turns if turn.recording is None}
    recorded = {turn.speaker for turn in show.turns if turn.recording is not None}
    speaking = list({c.name: c for name, c in speakers.items() if name in spoken}.values())
    unfit: dict[str, list[Problem]] = {
        character.name: list(character.problems or _fixed_problems(character, known))
        for character in speaking
    }
    free = [c for c in speaking if c.engine is None and not c.problems]
    if engine is None and free and not usable:
        raise EngineError("no engine can speak on this machine", "run 'podgen doctor'")
    chosen, reason = _choose(engine, speaking, free, usable)
    for character in free:
        if chosen not in character.voices and {chosen, *character.voices} <= set(known):
            unfit[character.name].append(_no_voice(chosen, character))
    parts = {
        speaker: _part(show, character, character.engine or chosen)
        for speaker, character in speakers.items()
        if speaker in spoken and not unfit[character.name] and (character.engine or chosen) in known
    }
    people = {
        speaker: _part(show, replace(character, engine=None, voice=None, voices={}), RECORDED)
        for speaker, character in speakers.items()
        if speaker in recorded and not character.problems
    }
    for name, character in speakers.items():
        if name in recorded:
            unfit.setdefault(character.name, list(character.problems))
    problems += [problem for found in unfit.values() for problem in found]
    second_best = engine is None and bool(free) and chosen != usable[0]
    casting = Casting(chosen, reason, parts, voices.files, second_best, people)
    return casting, in_order(problems)


def read_voices(path: Path) -> tuple[Voices, list[Problem]]:
    """Read a voices file as far as it can be read, and what is wrong with it."""
    try:
        source = read_source(path, "voices file")
    except ScriptError as error:
        return Voices(files=(path,)), list(error.problems)
    if not isinstance(source.value, dict):
        what = f"a voices file cannot be {shown(source.value)}"
        return Voices(files=(path,)), [Problem(what, "write 'characters:'", source.place())]
    context = Context(path.parent, {path: None})
    form = fill(VoicesForm, source.value, source, (), context)
    if form is None:
        return Voices(files=(path,)), context.problems
    characters = read_characters(form.characters or {}, source, ("characters",), context)
    settings = read_engine_settings(form.engines, source, ("engines",))
    places = {name: source.place(("engines", name), key=True) for name in settings}
    return Voices(characters, settings, places, tuple(context.files)), context.problems


def _read_voices(path: Path | None, problems: list[Problem]) -> Voices:
    if path is None:
        return Voices()
    voices, found = read_voices(path)
    problems += found
    return voices


def _over(base: Character, entry: Character) -> Character:
    """A character of the voices file with the show's entry laid over it."""
    voices = dict(base.voices)
    for engine, voice in entry.voices.items():
        under = voices.get(engine)
        if under is None:
            voices[engine] = voice
        else:
            name = voice.name or under.name
            voices[engine] = Voice(name, _style_over(under.style, voice.style), voice.place)
    fixed, place, own = base.engine, base.engine_place, base.voice
    if entry.engine is not None:
        fixed, place, own = entry.engine, entry.engine_place, entry.voice
    elif entry.voices:
        fixed, place, own = None, None, None
    return Character(
        name=base.name,
        place=entry.place,
        style=_style_over(base.style, entry.style),
        aliases=tuple(dict.fromkeys((*base.aliases, *entry.aliases))),
        engine=fixed,
        engine_place=place,
        voice=own,
        voices=voices,
        problems=base.problems + entry.problems,
    )


def _style_over(base: Style, over: Style) -> Style:
    said = {f.name: getattr(over, f.name) for f in fields(Style)}
    said = {name: value for name, value in said.items() if value is not None}
    said["lexicon"] = base.lexicon | over.lexicon
    said["settings"] = {**base.settings, **over.settings}
    return replace(base, **said)


def _unknown_engines(
    characters: Iterable[Character],
    places: Mapping[str, Place],
    asked: str | None,
    known: Sequence[str],
) -> list[Problem]:
    named: list[tuple[str, Place | None]] = [(name, place) for name, place in places.items()]
    for character in characters:
        named += [(engine, voice.place) for engine, voice in character.voices.items()]
        if character.engine is not None:
            named.append((character.engine, character.engine_place))
    if asked is not None:
        named.append((asked, None))
    usual = f"use {', '.join(known)}"
    return [
        Problem(f"unknown engine '{name}'", did_you_mean(name, known) or usual, place)
        for name, place in named
        if name not in known
    ]


def _names(characters: Iterable[Character], problems: list[Problem]) -> dict[str, Character]:
    """Every name and alias with its character."""
    characters = list(characters)
    names = {character.name: character for character in characters}
    for character in characters:
        for alias in character.aliases:
            other = names.setdefault(alias, character)
            if other is not character:
                what = f"alias '{alias}' of {character.name} is already {other.name}'s"
                if other.name == alias:
                    what = f"alias '{alias}' of {character.name} is itself a character"
                problems.append(Problem(what, "give another alias", character.place))
    return names


def _speakers(
    show: Show, names: Mapping[str, Character], problems: list[Problem]
) -> dict[str, Character]:
    """The speakers that have a character; the others are problems, at their first turn."""
    first: dict[str, Turn] = {}
    counts: dict[str, int] = {}
    for turn in show.turns:
        first.setdefault(turn.speaker, turn)
        counts[turn.speaker] = counts.get(turn.speaker, 0) + 1
    found: dict[str, Character] = {}
    for speaker, turn in first.items():
        if speaker in names:
            found[speaker] = names[speaker]
            continue
        where = f"in {show.voices_path}" if show.voices_path else "under cast:"
        remedy = did_you_mean(speaker, [*names, *RESERVED]) or f"add it {where}"
        times = f" ({counts[speaker]} turns)" if counts[speaker] > 1 else ""
        problems.append(Problem(f"unknown character '{speaker}'{times}", remedy, turn.place))
    return found


def _fixed_problems(character: Character, known: Sequence[str]) -> list[Problem]:
    """What a character that fixes its engine, or any of its voices, lacks."""
    engine = character.engine
    if engine is not None and character.voice is None and engine not in character.voices:
        if engine not in known or character.style.ref_audio is not None:
            return []
        return [_no_voice(engine, character)]
    return [
        Problem(f"no voice for {name} under {character.name}", "name one, or a blend", voice.place)
        for name, voice in character.voices.items()
        if engine in (None, name) and not voice.name and not _cloned(character, voice)
    ]


def _cloned(character: Character, voice: Voice) -> bool:
    return (voice.style.ref_audio or character.style.ref_audio) is not None


def _no_voice(engine: str, character: Character) -> Problem:
    what = f"no voice for {engine} under {character.name}"
    return Problem(what, f"add voices: {{{engine}: VOICE}}", character.place)


def _choose(
    asked: str | None,
    speaking: Sequence[Character],
    free: Sequence[Character],
    usable: Sequence[str],
) -> tuple[str, str]:
    """The engine for characters that fix none, and a sentence that says why."""
    if asked is not None:
        return asked, f"{asked} was asked for."
    if not free:
        fixed = list(dict.fromkeys(c.engine for c in speaking if c.engine))
        if not fixed:
            return next(iter(usable), ""), "every turn is a recording."
        return fixed[0], f"every speaking character names its engine: {', '.join(fixed)}."
    passed: list[str] = []
    for engine in usable:
        lacking = [character.name for character in free if engine not in character.voices]
        if not lacking:
            why = f"{engine} is the best engine this machine can run"
            if passed:
                why += f" that has a voice for every speaking character ({'; '.join(passed)})"
            return engine, why + "."
        passed.append(f"{engine} has none for {', '.join(lacking)}")
    best = max(usable, key=lambda engine: sum(engine in character.voices for character in free))
    return best, f"no engine that this machine can run has a voice for every character: {passed}."


def _part(show: Show, character: Character, engine: str) -> Part:
    voice = character.voice if character.engine else None
    voice = voice or character.voices.get(engine) or Voice("", Style(), character.place)
    style = _style_over(character.style, voice.style)
    defaults = show.defaults

    def first(*values: float | None) -> float:
        return next(value for value in values if value is not None)

    return Part(
        character=character.name,
        engine=engine,
        voice=voice.name,
        gain=first(style.gain, defaults.gain, 0.0),
        pan=first(style.pan, defaults.pan, 0.0),
        highpass=style.highpass,
        eq=style.eq or (),
        speed=first(style.speed, defaults.speed, 1.0),
        language=style.language or show.language,
        lexicon=style.lexicon,
        ref_audio=style.ref_audio,
        ref_text=style.ref_text,
        instructions=style.instructions,
        consent=style.consent,
        settings=style.settings,
        place=voice.place,
    )
