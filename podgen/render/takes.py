"""The takes chosen for a show: a lock file beside the script, made to be read and diffed.

`pilot.yaml` keeps its choices in `pilot.lock.yaml`: per turn and engine the take's number and the
seed that made it. A take is nothing but a seed, so the file is all that another machine needs to
render the same reading.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from podgen.engines import REGISTRY
from podgen.errors import Problem, ScriptError
from podgen.files import whole_file
from podgen.show.failing import Says
from podgen.show.forms import Form
from podgen.show.problems import did_you_mean, fill
from podgen.show.read import in_order
from podgen.show.references import Context
from podgen.show.source import read_source

if TYPE_CHECKING:
    from ruamel.yaml import YAML

MOST_TAKES = 99
"""Takes of a turn are numbered up to this."""

SEED_STRIDE = 1000
"""Takes of one turn are this far apart, so that an engine which retries a bad draw with the next
seed does not land on the next take."""
_HIGHEST_SEED = 2**32 - 1 + MOST_TAKES * SEED_STRIDE

_HEADER = """\
# Takes chosen for {script}, per turn and engine; every other turn uses take 1.
# Written by 'podgen takes --pick' and 'podgen render --take'. Keep it with the script.
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """The take chosen for a turn on one engine; `text` is an excerpt for the reader of the file."""

    take: int
    seed: int
    text: str


Choices = Mapping[str, Mapping[str, Choice]]
"""turn id -> engine -> choice"""


def seed_of(base: int, take: int) -> int:
    """The seed of a turn's take; take 1 is spoken with the turn's own seed."""
    return base + (take - 1) * SEED_STRIDE


def lock_path(script: Path) -> Path:
    """Where a script's choices are kept."""
    return script.with_suffix(".lock.yaml")


class _Entry(Form):
    take: Annotated[int, Field(ge=1, le=MOST_TAKES), Says(f"a whole number, 1 to {MOST_TAKES}")]
    seed: Annotated[int, Field(ge=0, le=_HIGHEST_SEED), Says(f"a whole number to {_HIGHEST_SEED}")]
    text: str | None = None


class _File(Form):
    turns: dict[str, dict[str, _Entry]]


def load_choices(script: Path) -> dict[str, dict[str, Choice]]:
    """The choices kept beside `script`; empty where there is no lock file.

    Raises:
        ScriptError: the lock file holds anything else than choices; every problem is in it.
    """
    path = lock_path(script)
    try:
        source = read_source(path, "lock file")
    except ScriptError:
        if path.exists():
            raise
        return {}
    context = Context(path.parent)
    if isinstance(source.value, dict):
        form = fill(_File, source.value, source, (), context)
    else:
        context.problems.append(Problem("no lock file", "write 'turns:'", source.place()))
    if not context.problems and form is not None:
        for turn, engines in form.turns.items():
            for name in engines.keys() - REGISTRY.keys():
                remedy = did_you_mean(name, REGISTRY) or f"engines are {', '.join(REGISTRY)}"
                place = source.place(("turns", turn, name), key=True)
                context.problems.append(Problem(f"unknown engine '{name}'", remedy, place, turn))
    if context.problems or form is None:
        raise ScriptError(in_order(context.problems))
    return {
        turn: {
            name: Choice(entry.take, entry.seed, entry.text or "")
            for name, entry in engines.items()
        }
        for turn, engines in form.turns.items()
    }


def save_choices(script: Path, choices: Choices) -> Path:
    """Write the choices beside `script`; the file's path.

    Comments and order of a file that is there stay. New turns come where they belong in a sorted
    file. Without any choice, no file is left but for somebody's comments.
    """
    path = lock_path(script)
    wanted = {turn: engines for turn, engines in choices.items() if engines}
    yaml = _round_trip()
    header = _HEADER.format(script=script.name)
    text = path.read_text(encoding="utf-8") if path.exists() else f"{header}turns: {{}}\n"
    document = yaml.load(text)
    turns = document["turns"]
    turns.fa.set_block_style()
    for turn in [turn for turn in turns if turn not in wanted]:
        del turns[turn]
    for turn, engines in sorted(wanted.items()):
        if turn not in turns:
            later = (at for at, other in enumerate(turns) if other > turn)
            turns.insert(next(later, len(turns)), turn, {})
        _write_turn(turns[turn], engines)
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    if not wanted and set(comments) <= set(header.splitlines()):
        path.unlink(missing_ok=True)
        return path
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    return path


def _write_turn(there: MutableMapping[str, Any], engines: Mapping[str, Choice]) -> None:
    for name in [name for name in there if name not in engines]:
        del there[name]
    for name, choice in sorted(engines.items()):
        entry: dict[str, Any] = {"take": choice.take, "seed": choice.seed}
        if choice.text or "text" in there.get(name, {}):
            entry["text"] = choice.text
        there.setdefault(name, {}).update(entry)


def _round_trip() -> YAML:
    from ruamel.yaml import YAML

    yaml = YAML()  # keeps comments, order and quotes
    yaml.allow_unicode = True
    yaml.preserve_quotes = True
    yaml.width = 100
    return yaml


def with_choice(choices: Choices, turn: str, engine: str, choice: Choice) -> Choices:
    """The choices with one more; take 1 is the default and so is not kept."""
    changed = {name: dict(engines) for name, engines in choices.items()}
    mine = changed.setdefault(turn, {})
    if choice.take == 1:
        mine.pop(engine, None)
    else:
        mine[engine] = choice
    return changed


def excerpt(text: str, length: int = 60) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
