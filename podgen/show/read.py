"""From a script's file to a Show, with every problem found in one reading."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from podgen.errors import Place, Problem, ScriptError
from podgen.show.characters import read_characters, read_engine_settings
from podgen.show.failing import shown
from podgen.show.forms import DefaultsForm, MasteringForm, ScriptForm
from podgen.show.items import Items
from podgen.show.model import Defaults, Mastering, Show, Turn
from podgen.show.problems import fill
from podgen.show.references import Context
from podgen.show.source import Source, read_source
from podgen.show.timing import check_timing
from podgen.text.lexicon import Lexicon

VOICES_FILE = "voices.yaml"
_LEVELS_UP = 3


class Reading(NamedTuple):
    """A show as far as it could be read, and all that is wrong with it, in the file's order."""

    show: Show
    problems: list[Problem]


def load_show(path: Path | str) -> Show:
    """Read and check a script.

    Raises:
        ScriptError: with every problem found.
    """
    show, problems = read_show(path)
    if problems:
        raise ScriptError(problems)
    return show


def read_show(path: Path | str, text: str | None = None) -> Reading:
    """Read a script, leaving out what is wrong, so that casting can be checked all the same.

    `text` is what is in the file, or will be, where that is known.

    Raises:
        ScriptError: if the file cannot be read at all or is no script.
    """
    path = Path(path)
    source = read_source(path, "script", text)
    if not isinstance(source.value, dict):
        what = f"a script cannot be {shown(source.value)}"
        remedy = "write 'title: ...' and 'turns:' with a list of turns"
        raise ScriptError(Problem(what, remedy, source.place()))
    context = Context(path.parent, {path: None})
    form = fill(ScriptForm, source.value, source, (), context)
    if form is None:
        raise ScriptError(in_order(context.problems))
    show = _show(path, form, source, context)
    return Reading(show, in_order(context.problems))


def in_order(problems: list[Problem]) -> list[Problem]:
    """Problems by file and place, each once."""

    def key(problem: Problem) -> tuple[str, int, int]:
        place = problem.place or Place("")
        return place.file, place.line or 0, place.column or 0

    return sorted(dict.fromkeys(problems), key=key)


def _show(path: Path, form: ScriptForm, source: Source, context: Context) -> Show:
    reader = Items(source, context)
    items = reader.read(form.turns)
    if not any(isinstance(item, Turn) for _, item in items) and not context.problems:
        place = source.place(("turns",), key=True)
        context.problems.append(Problem("nobody says anything", "add '- NAME: text'", place))
    check_timing(items, reader.given_ids(), source, context)
    characters = read_characters(form.cast or {}, source, ("cast",), context)
    voices_path = form.voices or find_voices(path)
    if voices_path is not None:
        context.files[voices_path] = None
    return Show(
        path=path,
        title=form.title or path.stem,
        items=tuple(item for _, item in items),
        files=tuple(context.files),
        show=form.show,
        number=form.number,
        description=form.description,
        author=form.author,
        date=form.date,
        language=form.language or "en",
        cover=form.cover,
        cover_place=source.place(("cover",)),
        lexicon=form.lexicon or Lexicon(),
        defaults=_defaults(form.defaults),
        mastering=_mastering(form.mastering, source),
        deliverables=tuple(dict.fromkeys(form.deliverables or ("mp3",))),
        stems=bool(form.stems),
        karaoke=bool(form.karaoke),
        room_tone=True if form.room_tone is None else form.room_tone,
        room_tone_place=source.place(("room_tone",)),
        engine_settings=read_engine_settings(form.engines, source, ("engines",)),
        engine_places={
            name: source.place(("engines", name), key=True) for name in form.engines or ()
        },
        cast=characters,
        voices_path=voices_path,
    )


def _defaults(form: DefaultsForm | None) -> Defaults:
    if form is None:
        return Defaults()
    return Defaults(**{key: value for key, value in form if value is not None})


def _mastering(form: MasteringForm | None, source: Source) -> Mastering:
    if form is None:
        return Mastering()
    place = source.place(("mastering",), key=True)
    return Mastering(place=place, **{key: value for key, value in form if value is not None})


def find_voices(path: Path) -> Path | None:
    """voices.yaml beside a script, in up to three folders above, or in the current folder."""
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 - resolve() would follow links
    candidates = [path.parent, *list(folder.parents)[:_LEVELS_UP], Path()]
    return next((c / VOICES_FILE for c in candidates if (c / VOICES_FILE).is_file()), None)
