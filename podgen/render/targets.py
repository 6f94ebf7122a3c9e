"""Everything that a job may write or take away, held against everything that it reads."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from podgen.audio.mix import EFFECTS, MUSIC, ROOM, stem_names
from podgen.errors import Problem, ScriptError, is_text
from podgen.publish.chapters import picture_names
from podgen.render.deliver import COMPANIONS, REPORT, clip_name
from podgen.render.outputs import Outputs
from podgen.render.plan import Plan
from podgen.render.release import LIST, written
from podgen.render.takes import lock_path
from podgen.show import model


def check_targets(plan: Plan, outputs: Outputs, depfile: Path | None = None) -> None:
    """Refuse a job that would write over what it reads, over itself, or where it cannot.

    Raises:
        ScriptError: naming each file.
    """
    problems: list[Problem] = []
    sources = {_real(path): path for path in (*plan.show.files, *plan.casting.files)}
    taken: dict[Path, str] = {_real(lock_path(plan.show.path)): "the lock file"}
    for path, what in _targets(plan, outputs, depfile):
        real = _real(path)
        if real in sources:
            problems.append(
                Problem(
                    f"{sources[real]} belongs to the show and would be overwritten: it is {what}",
                    "give another --output, or keep that file elsewhere",
                )
            )
        elif taken.setdefault(real, what) != what:
            problems.append(Problem(f"{path} would be both {taken[real]} and {what}", "rename one"))
        elif obstacle := _obstacle(path):
            problems.append(Problem(f"{path} cannot be written: {obstacle}", "give another name"))
    for place in (outputs, outputs.rejected):
        for path in written(place.folder):
            if path not in taken and path in sources:
                problems.append(
                    Problem(
                        f"{sources[path]} belongs to the show and would be removed: an earlier "
                        "render wrote it",
                        "copy it to another place and use that",
                    )
                )
    if problems:
        raise ScriptError(list(dict.fromkeys(problems)))


def _targets(plan: Plan, outputs: Outputs, depfile: Path | None) -> Iterator[tuple[Path, str]]:
    """Every file that the job may write, and what it is."""
    yield outputs.preview, "the preview of a turn"
    if depfile is not None:
        yield depfile, "the dependency file"
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
        if plan.show.stems:
            speakers = dict.fromkeys(turn.part.character for turn in plan.turns)
            for name in stem_names([*speakers, EFFECTS, MUSIC, ROOM]):
                yield place.folder / "stems" / f"{name}.wav", f"the stem {name}"


def _obstacle(path: Path) -> str:
    """Why no file can be put at `path`, as far as can be told without trying."""
    if not is_text(str(path)):
        return "its name is not UTF-8"
    for at in (path, *path.parents):
        try:
            mode = at.stat().st_mode
        except FileNotFoundError:
            continue
        except NotADirectoryError:
            continue
        except OSError as error:
            return error.strerror or str(error)
        if at == path:
            return "" if stat.S_ISREG(mode) else "something else than a file is there"
        if not stat.S_ISDIR(mode):
            return f"{at} is no folder"
        return ""
    return ""


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
