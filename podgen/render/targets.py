"""Everything that a job may write or take away, held against everything that it reads."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podgen.audio.mix import EFFECTS, MUSIC, ROOM, stem_names
from podgen.errors import Problem, ScriptError, is_text
from podgen.publish.chapters import picture_names
from podgen.render.deliver import COMPANIONS, KARAOKE, REPORT, clip_name
from podgen.render.outputs import Outputs
from podgen.render.plan import Plan
from podgen.render.release import LIST, written
from podgen.render.takes import lock_path
from podgen.show import model


@dataclass(frozen=True, slots=True)
class Making:
    """A show, what it is to become, and the dependency file that is to be written, if any."""

    plan: Plan
    outputs: Outputs
    depfile: Path | None = None


def check_targets(makings: Sequence[Making]) -> None:
    """Refuse a job that would write over what it reads, over itself, or where it cannot.

    Raises:
        ScriptError: naming each file.
    """
    sources = {
        _real(path): path
        for making in makings
        for path in (*making.plan.show.files, *making.plan.casting.files)
    }
    problems = list(_same(makings)) or [*_clashes(makings, sources), *_losses(makings, sources)]
    if problems:
        raise ScriptError(list(dict.fromkeys(problems)))


def _same(makings: Sequence[Making]) -> Iterator[Problem]:
    """Shows that would become the same episode."""
    first: dict[Path, Path] = {}
    for making in makings:
        script, target = making.plan.show.path, making.outputs.main
        other = first.setdefault(_real(target), script)
        if other is not script:
            yield Problem(
                f"{other} and {script} would both become {target}",
                "give one of them another name, or render it by itself",
            )


def _clashes(makings: Sequence[Making], sources: Mapping[Path, Path]) -> Iterator[Problem]:
    """What would be written over something, or cannot be written."""
    taken: dict[Path, str] = {}
    told: set[tuple[Path | None, str]] = set()
    for making in makings:
        of = f" of {making.plan.show.path}" if len(makings) > 1 else ""
        taken[_real(lock_path(making.plan.show.path))] = f"the lock file{of}"
        for path, thing in _targets(making):
            what, real = thing + of, _real(path)
            if real in sources:
                yield Problem(
                    f"{sources[real]} belongs to the show and would be overwritten: it is {what}",
                    "give another --output, or keep that file elsewhere",
                )
            elif taken.setdefault(real, what) != what:
                yield Problem(f"{path} would be both {taken[real]} and {what}", "rename one")
            elif (obstacle := _obstacle(path)) and obstacle not in told:
                told.add(obstacle)  # a folder that is none stands in the way of many files
                yield Problem(f"{path} cannot be written: {obstacle[1]}", "give another name")


def _losses(makings: Sequence[Making], sources: Mapping[Path, Path]) -> Iterator[Problem]:
    """What would be taken away with an earlier render."""
    kept = {_real(path) for making in makings for path, _ in _targets(making)}
    kept |= {_real(lock_path(making.plan.show.path)) for making in makings}
    for making in makings:
        for place in (making.outputs, making.outputs.rejected):
            for path in written(place.folder):
                if path not in kept and path in sources:
                    yield Problem(
                        f"{sources[path]} belongs to the show and would be removed: an earlier "
                        "render wrote it",
                        "copy it to another place and use that",
                    )


def _targets(making: Making) -> Iterator[tuple[Path, str]]:
    """Every file that the job may write for a show, and what it is."""
    plan, outputs = making.plan, making.outputs
    yield from ((path, f"the {form} file") for form, path in outputs.paths.items())
    yield outputs.preview, "the preview of a turn"
    if making.depfile is not None:
        yield making.depfile, "the dependency file"
    chapters = [item.image for item in plan.show.items if isinstance(item, model.Chapter)]
    for place in (outputs, outputs.rejected):
        for form, path in place.paths.items():
            yield path, f"the {form} file"
        for name in (*COMPANIONS, REPORT, place.report_page.name, LIST):
            yield place.folder / name, f"the episode's {name}"
        for source, name in picture_names(chapters).items():
            yield place.folder / name, f"the copy of {source}"
        for turn in plan.turns:
            yield place.folder / "clips" / clip_name(turn), "a turn's clip"
        if plan.show.karaoke:
            yield place.folder / KARAOKE, f"the episode's {KARAOKE}"
        if plan.show.stems:
            speakers = dict.fromkeys(turn.part.character for turn in plan.turns)
            for name in stem_names([*speakers, EFFECTS, MUSIC, ROOM]):
                yield place.folder / "stems" / f"{name}.wav", f"the stem {name}"


def _obstacle(path: Path) -> tuple[Path | None, str] | None:
    """What stands where, so that no file can be put at `path`, as far as can be told without
    trying. Without a place it is the name itself."""
    if not is_text(str(path)):
        return None, "its name is not UTF-8"
    for at in (path, *path.parents):
        try:
            mode = at.stat().st_mode
        except FileNotFoundError:
            continue
        except NotADirectoryError:
            continue
        except OSError as error:
            return None, error.strerror or str(error)
        if at == path:
            return None if stat.S_ISREG(mode) else (at, "something else than a file is there")
        return None if stat.S_ISDIR(mode) else (at, f"{at} is no folder")
    return None


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
