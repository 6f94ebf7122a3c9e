"""Cast entries, of a script or of a voices file, as characters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from podgen.errors import Problem
from podgen.show.failing import shown
from podgen.show.forms import BandForm, CharacterForm, VoiceForm
from podgen.show.kinds import RESERVED
from podgen.show.model import Band, Character, Settings, Style, Voice
from podgen.show.problems import fill
from podgen.show.references import Context
from podgen.show.source import Source, Step
from podgen.text.lexicon import Lexicon


def read_characters(
    entries: dict[str, object], source: Source, path: tuple[Step, ...], context: Context
) -> dict[str, Character]:
    """The characters at `path`, as far as they can be read; problems go to the context."""
    found: dict[str, Character] = {}
    for name, entry in entries.items():
        at = (*path, name)
        place = source.place(at, key=True)
        if not name.strip():
            context.problems.append(Problem("an empty character name", "name it", place))
            continue
        said = len(context.problems)
        aliases = entry.get("aliases") if isinstance(entry, dict) else None
        for called in (name, *(aliases if isinstance(aliases, list) else ())):
            if called in RESERVED:
                what = f"nobody can be called '{called}', which begins an item of another kind"
                context.problems.append(Problem(what, "use capitals or another name", place))
        form = None
        if isinstance(entry, dict):
            form = fill(CharacterForm, entry, source, at, context)
        else:
            voice = entry if isinstance(entry, str) else "VOICE"
            remedy = f"write '{name}: {{voices: {{ENGINE: {voice}}}}}'"
            what = f"{name} cannot be {shown(entry)}"
            context.problems.append(Problem(what, remedy, source.place(at)))
        known_as = " ".join(name.split())
        character = Character(known_as, place, Style())
        if form is not None:
            character = _character(known_as, form, source, at)
        found[known_as] = dataclasses.replace(character, problems=tuple(context.problems[said:]))
    return found


def read_engine_settings(
    engines: Mapping[str, object] | None, source: Source, path: tuple[Step, ...]
) -> dict[str, Settings]:
    """Each engine's settings with plain numbers and true/false as such."""
    return {name: settings_at(source, (*path, name)) for name in engines or {}}


def settings_at(source: Source, path: tuple[Step, ...]) -> Settings:
    """The free-form settings at `path`."""
    found = source.typed(path)
    return found if isinstance(found, dict) else {}


def _character(name: str, form: CharacterForm, source: Source, at: tuple[Step, ...]) -> Character:
    style = _style(form, source, at)
    place = source.place(at, key=True)
    voices = {
        engine: Voice(
            voice.voice or voice.blend or "",
            _style(voice, source, (*at, "voices", engine)),
            source.place((*at, "voices", engine), key=True),
        )
        for engine, voice in (form.voices or {}).items()
    }
    own = form.voice or form.blend
    key = "voice" if form.voice else "blend"
    return Character(
        name=name,
        place=place,
        style=style,
        aliases=tuple(form.aliases or ()),
        engine=form.engine,
        engine_place=source.place((*at, "engine")) if form.engine else None,
        voice=Voice(own, Style(), source.place((*at, key))) if own else None,
        voices=voices,
    )


def _style(form: VoiceForm, source: Source, at: tuple[Step, ...]) -> Style:
    eq = form.eq
    return Style(
        gain=form.gain,
        pan=form.pan,
        highpass=form.highpass,
        eq=None if eq is None else tuple(_band(band) for band in eq),
        speed=form.speed,
        language=form.language,
        lexicon=form.lexicon or Lexicon(),
        ref_audio=form.ref_audio,
        ref_text=form.ref_text,
        instructions=form.instructions,
        consent=form.consent,
        settings=settings_at(source, (*at, "settings")) if form.settings else {},
    )


def _band(form: BandForm) -> Band:
    return Band(form.freq, form.gain, form.q or 1.0, form.type or "peak")
