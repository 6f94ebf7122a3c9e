"""The takes chosen for a show: a lock file beside the script, made to be read and diffed.

`pilot.yaml` keeps its choices in `pilot.lock.yaml`: per turn and engine the take's number and the
seed that made it. A take is nothing but a seed, so the file is all that another machine needs to
render the same reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from podgen.errors import Place, Problem, ScriptError
from podgen.files import write_text

SEED_STRIDE = 1000
"""Takes of one turn are this far apart, so that an engine which retries a bad draw with the next
seed does not land on the next take."""

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


def load_choices(script: Path) -> dict[str, dict[str, Choice]]:
    """The choices kept beside `script`; empty where there is no lock file.

    Raises:
        ScriptError: the lock file cannot be understood.
    """
    import yaml

    path = lock_path(script)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    try:
        document = yaml.safe_load(text) or {}
        return {
            str(turn): {
                str(engine): Choice(
                    take=_positive(entry["take"]),
                    seed=int(entry["seed"]),
                    text=str(entry.get("text", "")),
                )
                for engine, entry in engines.items()
            }
            for turn, engines in (document.get("turns") or {}).items()
        }
    except yaml.YAMLError as error:
        raise _unreadable(path, "it is not YAML") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, "an entry lacks its take and seed") from error


def save_choices(script: Path, choices: Choices) -> Path:
    """Write the choices beside `script`, sorted by turn; without any, no file is left. Its path."""
    import yaml

    path = lock_path(script)
    turns = {
        turn: {
            engine: {"take": choice.take, "seed": choice.seed, "text": choice.text}
            for engine, choice in sorted(engines.items())
        }
        for turn, engines in sorted(choices.items())
        if engines
    }
    if not turns:
        path.unlink(missing_ok=True)
        return path
    body = yaml.safe_dump({"turns": turns}, allow_unicode=True, sort_keys=False, width=100)
    write_text(path, _HEADER.format(script=script.name) + body)
    return path


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


def _positive(value: object) -> int:
    number = int(str(value))
    if number < 1:
        raise ValueError(value)
    return number


def _unreadable(path: Path, why: str) -> ScriptError:
    return ScriptError(
        Problem(f"cannot read the chosen takes: {why}", "mend or delete the file", Place(str(path)))
    )
