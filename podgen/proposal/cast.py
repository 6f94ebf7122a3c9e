"""A first cast: voices that differ, by language and what names suggest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podgen.engines import REGISTRY, create
from podgen.engines.base import VoiceInfo
from podgen.errors import ScriptError
from podgen.show.importers.names import suggested
from podgen.show.problems import did_you_mean

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


def voices_of(engine: str | None) -> dict[str, list[VoiceInfo]]:
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


def decided(cast: Sequence[str], voices: Voices, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """What `--cast` says: by speaker, engine and voice.

    Raises:
        ScriptError: one of them names no speaker, or no voice.
    """
    chosen: dict[str, dict[str, str]] = {}
    speakers = {name.casefold(): name for name in names}
    for written in cast:
        name, equals, voice = (part.strip() for part in written.partition("="))
        speaker = speakers.get(name.casefold())
        if not equals or not voice or speaker is None:
            remedy = did_you_mean(name, names) or f"speakers: {', '.join(names)}"
            what = f"--cast {written}: " + ("no such speaker" if equals else "write NAME=VOICE")
            raise ScriptError(what, remedy)
        engine, slash, own = voice.partition("/")
        if slash and engine in REGISTRY:
            chosen[speaker] = {engine: own, ENGINE: engine}
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
        chosen[speaker] = found
    return chosen


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


def _speaks(info: VoiceInfo, language: str) -> bool:
    return info.language.split("-")[0].lower() == language.split("-")[0].lower()
