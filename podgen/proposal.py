"""A first cast for an imported script: voices that differ, by language and what names suggest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from podgen.casting import read_voices
from podgen.engines import REGISTRY, create
from podgen.engines.base import VoiceInfo
from podgen.errors import ScriptError
from podgen.files import write_text
from podgen.show.importers.draft import Draft, Left, Line
from podgen.show.importers.merge import (
    Changes,
    Script,
    base_path,
    ids_of,
    load_base,
    merge,
    save_base,
)
from podgen.show.importers.names import suggested
from podgen.show.importers.reading import read_source
from podgen.show.importers.script import fresh, key
from podgen.show.problems import did_you_mean
from podgen.show.read import find_voices, load_show

ENGINE = "engine"
"""Among what was decided: that the engine was named, too."""
Voices = Mapping[str, Sequence[VoiceInfo]]
"""Each engine's voices, best engine first."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A speaker's voices by engine, what the name suggested, and whether the user said so."""

    name: str
    voices: Mapping[str, str]
    gender: str
    decided: bool


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to. `changes` is None for a new script."""

    path: Path
    form: str
    turns: int
    cast: tuple[Proposed, ...]
    left: tuple[Left, ...]
    changes: Changes | None = None
    told: tuple[str, ...] = field(default=())


def import_script(
    source: Path,
    output: Path,
    *,
    cast: Sequence[str] = (),
    engine: str | None = None,
    language: str | None = None,
    narrator: str | None = None,
) -> Imported:
    """Write a source as a script, or bring the script that is there up to it.

    Args:
        source: a file of any form that `read_source` knows.
        output: the script; beside it, what was imported is kept for the next time.
        cast: `NAME=VOICE` or `NAME=ENGINE/VOICE`, over what is proposed.
        engine: propose voices of this engine alone; if it takes instructions, directions become
            them.
        language: the script's language, else the source's, else English.
        narrator: who says what nobody is named for.

    Raises:
        ScriptError: the source or the script cannot be read, or a `cast` names no voice.
        MachineError: a package is missing, or nothing can be written.
    """
    draft = read_source(source, narrator)
    if language:
        draft.head["language"] = language
    if engine and create(engine).capabilities().instructions:
        _instruct(draft)
    voices = _voices(engine)
    said = _decided(cast, voices, draft)
    spoken = draft.head.get("language", "en")
    told: list[str] = []
    if not output.exists():
        proposed = propose(_uncast(draft, output, said), spoken, voices, said)
        write_text(output, fresh(draft, [cast_line(one) for one in proposed], source.name))
        changes = None
    else:
        script = Script(output)
        show = load_show(output)
        known = set(_known(show.voices_path)) | set(show.cast)
        speakers = [name for name in draft.speakers if name in said or name not in known]
        taken = [(e, v.name) for c in show.cast.values() for e, v in c.voices.items()]
        proposed = propose(speakers, show.language, voices, said, taken)
        changes = merge(script, load_base(output), draft)
        text = script.text()
        text, kept = _with_cast(text, [one for one in proposed if one.name not in show.cast])
        told += kept
        told += [
            f"{one.name} is cast in {output.name} already: change it there"
            for one in proposed
            if one.name in show.cast and one.decided
        ]
        proposed = [one for one in proposed if one.name not in show.cast]
        write_text(output, text)
    unvoiced = [one.name for one in proposed if not one.voices]
    if unvoiced:
        told.append(f"no voice here speaks '{spoken}' for {', '.join(unvoiced)}: give --cast")
    write_text(base_path(output), save_base(draft, ids_of(output, draft)))
    left = tuple(sorted(draft.left, key=lambda one: one.line))
    return Imported(
        output, draft.form, len(draft.lines), tuple(proposed), left, changes, tuple(told)
    )


def propose(
    speakers: Sequence[str],
    language: str,
    voices: Voices,
    said: Mapping[str, Mapping[str, str]],
    taken: Sequence[tuple[str, str]] = (),
) -> list[Proposed]:
    """A voice of each engine for each speaker: of the language, as the name suggests, the least
    used first. Names that suggest nothing get the gender that is rarer so far.

    `said` has the voices that were decided, by speaker and engine; a speaker with one of a named
    engine gets no other. `taken` is `(engine, voice)` of those who have theirs.
    """
    genders = {name: suggested(name) for name in speakers}
    for name, chosen in said.items():
        info = next((i for e, v in chosen.items() for i in voices.get(e, ()) if i.name == v), None)
        if info is not None and name in genders:
            genders[name] = info.gender
    counts = Counter(gender for gender in genders.values() if gender)
    used = Counter([*taken, *((e, v) for c in said.values() for e, v in c.items())])
    proposed = []
    for name in speakers:
        gender = genders[name]
        if not gender:
            gender = "m" if counts["f"] > counts["m"] else "f"
            counts[gender] += 1
        found = dict(said.get(name, {}))
        for engine, infos in voices.items() if ENGINE not in found else ():
            fit = [info for info in infos if _speaks(info, language)]
            fit = [info for info in fit if info.gender in ("", gender)] or fit
            if fit and engine not in found:
                exact = [info for info in fit if info.language == language] or fit
                least = min(used[engine, info.name] for info in fit)
                best = next(
                    (info for info in (*exact, *fit) if used[engine, info.name] == least), fit[0]
                )
                found[engine] = best.name
                used[engine, best.name] += 1
        found.pop(ENGINE, None)
        proposed.append(Proposed(name, found, genders[name], name in said))
    return proposed


def cast_line(one: Proposed) -> str:
    """A character's entry under `cast:`."""
    named = ", ".join(
        f"{engine}: {voice if ':' not in voice else json.dumps(voice)}"
        for engine, voice in one.voices.items()
    )
    return f"{key(one.name)}: {{voices: {{{named}}}}}"


def _voices(engine: str | None) -> dict[str, list[VoiceInfo]]:
    """Voices to propose: without aliases of others, and such as are for a moment only."""
    found = {}
    for name in [engine] if engine else REGISTRY:
        infos = create(name).voices()
        found[name] = [
            info
            for info in infos
            if not any(word in info.description for word in ("alias of", "whispers"))
            and "santa" not in info.name
        ]
    return found


def _speaks(info: VoiceInfo, language: str) -> bool:
    return info.language.split("-")[0].lower() == language.split("-")[0].lower()


def _decided(cast: Sequence[str], voices: Voices, draft: Draft) -> dict[str, dict[str, str]]:
    """What `--cast` says: by speaker, engine and voice."""
    decided: dict[str, dict[str, str]] = {}
    speakers = {name.casefold(): name for name in draft.speakers}
    for written in cast:
        name, equals, voice = (part.strip() for part in written.partition("="))
        speaker = speakers.get(name.casefold())
        if not equals or not voice or speaker is None:
            remedy = did_you_mean(name, draft.speakers) or f"speakers: {', '.join(draft.speakers)}"
            what = f"--cast {written}: " + ("no such speaker" if equals else "write NAME=VOICE")
            raise ScriptError(what, remedy)
        engine, slash, own = voice.partition("/")
        if slash and engine in REGISTRY:
            decided[speaker] = {engine: own, ENGINE: engine}
            continue
        found = {
            engine: voice
            for engine, infos in voices.items()
            if any(part.partition(":")[0].strip() in {info.name for info in infos}
                   for part in voice.split("+"))
        }  # fmt: skip
        if not found:
            names = [info.name for infos in voices.values() for info in infos]
            remedy = did_you_mean(voice, names) or "'podgen voices' lists them; or ENGINE/VOICE"
            raise ScriptError(f"--cast {written}: no voice '{voice}'", remedy)
        decided[speaker] = found
    return decided


def _uncast(draft: Draft, output: Path, said: Mapping[str, object]) -> list[str]:
    """The speakers that the voices file which the script will find does not know."""
    known = _known(find_voices(output))
    return [name for name in draft.speakers if name in said or name not in known]


def _known(voices: Path | None) -> set[str]:
    if voices is None:
        return set()
    characters = read_voices(voices)[0].characters
    return {name for c in characters.values() for name in (c.name, *c.aliases)}


def _instruct(draft: Draft) -> None:
    for entry in draft.lines:
        if entry.directions and isinstance(entry, Line):
            entry.options["instructions"] = "; ".join(entry.directions)
            entry.directions = []


def _with_cast(text: str, proposed: Sequence[Proposed]) -> tuple[str, list[str]]:
    """The text of a script with further characters at the head of its cast."""
    if not proposed:
        return text, []
    lines = text.split("\n")
    new = [f"  {cast_line(one)}" for one in proposed]
    place = next(
        (n for n, line in enumerate(lines) if line.split("#")[0].rstrip() == "cast:"), None
    )
    if place is None:
        if any(line.startswith("cast:") for line in lines):
            names = ", ".join(one.name for one in proposed)
            return text, [f"cast is in brackets: add {names} to it"]
        place = next(n for n, line in enumerate(lines) if line.startswith("turns:")) - 1
        new = ["", "cast:", *new] if lines[place].strip() else ["cast:", *new, ""]
    else:
        following = next((line for line in lines[place + 1 :] if line.strip()), "  ")
        pad = " " * (len(following) - len(following.lstrip()))
        new = [pad + line.strip() for line in new]
    lines[place + 1 : place + 1] = new
    return "\n".join(lines), []
