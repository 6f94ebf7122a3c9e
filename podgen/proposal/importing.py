"""A source of another form, written as a script or brought into the one that is there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from podgen.casting import read_voices
from podgen.engines import create
from podgen.files import rewrite, write_text
from podgen.proposal.cast import Proposed, decided, propose, voices_of
from podgen.show.importers.draft import Draft, Left, Line
from podgen.show.importers.last import base_path, load_base, save_base
from podgen.show.importers.merge import Changes, ids_of, merge, read_script
from podgen.show.importers.reading import read_source
from podgen.show.importers.script import fresh, key
from podgen.show.read import find_voices, load_show
from podgen.show.writing.head import with_entry


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
    voices = voices_of(engine)
    said = decided(cast, voices, draft.speakers)
    spoken = draft.head.get("language", "en")
    told: list[str] = []
    if not output.exists():
        proposed = propose(_uncast(draft, output, said), spoken, voices, said)
        write_text(output, fresh(draft, [_cast_line(one) for one in proposed], source.name))
        changes = None
    else:
        show = load_show(output)
        known = set(_known(show.voices_path)) | set(show.cast)
        speakers = [name for name in draft.speakers if name in said or name not in known]
        taken = [(e, v.name) for c in show.cast.values() for e, v in c.voices.items()]
        proposed = propose(speakers, show.language, voices, said, taken)
        document, changes = merge(read_script(output), load_base(output), draft)
        told += [
            f"{one.name} is cast in {output.name} already: change it there"
            for one in proposed
            if one.name in show.cast and one.decided
        ]
        proposed = [one for one in proposed if one.name not in show.cast]
        text = document.text
        for one in proposed:
            text = with_entry(text, "cast", one.name, {"voices": dict(one.voices)})
        rewrite(output, text)
    unvoiced = [one.name for one in proposed if not one.voices]
    if unvoiced:
        told.append(f"no voice here speaks '{spoken}' for {', '.join(unvoiced)}: give --cast")
    write_text(base_path(output), save_base(draft, ids_of(output, draft)))
    left = tuple(sorted(draft.left, key=lambda one: one.line))
    return Imported(
        output, draft.form, len(draft.lines), tuple(proposed), left, changes, tuple(told)
    )


def _cast_line(one: Proposed) -> str:
    """A character's entry under `cast:`."""
    named = ", ".join(
        f"{engine}: {voice if ':' not in voice else json.dumps(voice)}"
        for engine, voice in one.voices.items()
    )
    return f"{key(one.name)}: {{voices: {{{named}}}}}"


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
