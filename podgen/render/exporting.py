"""A show handed to an editor, or to plain ffmpeg: spoken as far as it is not, laid out, written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from podgen.audio.mix import write_stems
from podgen.files import make_folder, remove, staging
from podgen.publish.editors import audacity, otio, reaper, shell
from podgen.publish.editors.arrangement import MEDIA, Arrangement, arrange
from podgen.publish.episode import Episode
from podgen.render.assemble import Assembly
from podgen.render.deliver import episode_of
from podgen.render.events import Watch
from podgen.render.pipeline import assembled
from podgen.render.plan import check
from podgen.render.store import Store

Target = Literal["reaper", "otio", "audacity", "ffmpeg"]


@dataclass(frozen=True, slots=True)
class Export:
    """What was written: the folder, and in it the file to open."""

    folder: Path
    project: Path


def export(
    script: Path,
    to: Target,
    watch: Watch,
    *,
    output: Path | None = None,
    engine: str | None = None,
    store: Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> Export:
    """Write a show as a project, with its sounds beside it; by default into `dist/SHOW-TO`.

    Raises:
        ScriptError: the script is wrong.
        EngineError: an engine cannot speak here, or a turn failed.
        MachineError: a package, disk space or a permission is missing.
    """
    plan = check(script, engine=engine, settings=settings)
    folder = output or Path("dist") / f"{script.stem}-{to}"
    try:
        assembly = assembled(plan, Store(store), watch)
    finally:
        for one in plan.engines.values():
            one.close()
    episode = episode_of(plan, assembly)
    make_folder(folder)
    with staging(folder) as stage:
        made = WRITERS[to](assembly, episode, stage)
        for path in list(stage.iterdir()):
            remove(folder / path.name)
            path.rename(folder / path.name)
    return Export(folder, folder / made)


def _arranged(
    name: str, text: Callable[[Arrangement], str]
) -> Callable[[Assembly, Episode, Path], str]:
    """A writer of one text beside the media."""

    def write(assembly: Assembly, episode: Episode, folder: Path) -> str:
        arrangement = arrange(assembly.scene, episode, folder)
        (folder / name).write_text(text(arrangement), encoding="utf-8")
        return name

    return write


def _audacity(assembly: Assembly, episode: Episode, folder: Path) -> str:
    stems = write_stems(assembly.scene, folder / MEDIA)
    stems.pop().unlink()  # their sum
    files = audacity.file_list([f"{MEDIA}/{path.name}" for path in stems])
    (folder / "episode.lof").write_text(files, encoding="utf-8")
    (folder / "labels.txt").write_text(audacity.labels(episode), encoding="utf-8")
    return "episode.lof"


WRITERS: dict[str, Callable[[Assembly, Episode, Path], str]] = {
    "reaper": _arranged("episode.rpp", reaper.project),
    "otio": _arranged("episode.otio", otio.timeline),
    "audacity": _audacity,
    "ffmpeg": _arranged("mix.sh", shell.script),
}
"""What writes each kind of project: it answers the name of the file to open."""
