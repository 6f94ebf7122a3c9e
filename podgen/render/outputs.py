"""Where a render's files go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from podgen.audio.encode import FORMATS
from podgen.errors import ScriptError
from podgen.show.model import Show

FOLDER = Path("dist")
NAME = "{name}"
"""Stands for a script's name in the path of what becomes of it."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The deliverables by format, the first of them the main one, and their companions' folder.

    `dist/pilot.mp3` has its report, transcripts, clips and stems in `dist/pilot/`.
    """

    paths: Mapping[str, Path]

    @property
    def main(self) -> Path:
        """The deliverable that the job is named after."""
        return next(iter(self.paths.values()))

    @property
    def folder(self) -> Path:
        """The companions' folder."""
        return self.main.with_suffix("")

    @property
    def report_page(self) -> Path:
        """The report for people."""
        return self.folder / "report.html"

    @property
    def rejected(self) -> Outputs:
        """Where a render goes that is not what was asked: the last good one stays as it was."""
        return Outputs(
            {
                form: path.with_name(f"{path.stem}.rejected{path.suffix}")
                for form, path in self.paths.items()
            }
        )

    def within(self, folder: Path) -> Outputs:
        """The same names in another folder."""
        return Outputs({form: folder / path.name for form, path in self.paths.items()})

    @property
    def preview(self) -> Path:
        """A changed turn in its context."""
        return self.main.with_name(f"{self.main.stem}.preview{self.main.suffix}")


def named(path: Path, script: Path) -> Path:
    """A path with the script's name, less its suffix, where it says so."""
    return Path(str(path).replace(NAME, script.stem))


def outputs_of(show: Show, output: Path | None) -> Outputs:
    """The files of a show.

    `output` names one of the show's deliverables and so all of them; if its format is none of
    them, it is made alone. `{name}` in it stands for the script's. Without it they are
    `dist/SCRIPT.*`.

    Raises:
        ScriptError: the output's suffix is no format.
    """
    if output is None:
        output = FOLDER / f"{NAME}.{show.deliverables[0]}"
    output = named(output, show.path)
    form = output.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise ScriptError(
            f"cannot tell the format of {output}", f"end its name in one of .{', .'.join(FORMATS)}"
        )
    others = show.deliverables if form in show.deliverables else ()
    forms = dict.fromkeys([form, *others])
    paths = {form: output.with_suffix(f".{form}") for form in forms}
    return Outputs({**paths, form: output})
