"""From a scene to files: deliverables, stems, transcripts, chapters, clips, the report."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from podgen.audio.master import Mastered, master
from podgen.audio.mix import write_stems
from podgen.files import sweep, whole_file, write_text
from podgen.publish.chapters import chapters_json, close_chapters, ffmetadata
from podgen.publish.episode import ChapterMark, Episode, SpokenTurn
from podgen.publish.item import item_xml
from podgen.publish.tags import tag
from podgen.publish.transcript import srt, text, transcript_json, vtt
from podgen.render.assemble import Assembly
from podgen.render.dress import Dressed
from podgen.render.outputs import Outputs
from podgen.render.parallel import in_threads
from podgen.render.plan import Plan
from podgen.render.report import Report, write_json
from podgen.render.report_page import write_html
from podgen.render.reporting import make_report
from podgen.show import model
from podgen.text.markdown import plain

Tell = Callable[[str, float], None]
"""Gets a step's name and how much of it is done, 0 to 1, from any thread."""


def deliver(
    plan: Plan,
    assembly: Assembly,
    dressed: Sequence[Dressed],
    outputs: Outputs,
    *,
    spoken: Collection[str],
    warnings: Sequence[str],
    tell: Tell,
) -> tuple[Report, Mastered]:
    """Write everything an episode consists of, into folders that are there.

    `spoken` names the turns that were not in the store. A deliverable that is not what was asked
    is written beside its name with `.rejected` in it, and the report says what is wrong.

    Raises:
        MachineError: ffmpeg failed, the disk is full, a file cannot be written.
    """
    episode = episode_of(plan, assembly)
    sweep(outputs.main.parent)
    notes: dict[str, None] = {}

    def finish(path: Path, form: str) -> None:
        notes.update(dict.fromkeys(f"{form}: {note}" for note in tag(path, form, episode)))

    with tempfile.TemporaryDirectory(prefix="podgen-") as folder:
        chapters = Path(folder) / "chapters.txt"
        chapters.write_text(ffmetadata(episode), encoding="utf-8")
        mastered = master(
            assembly.scene,
            plan.preset,
            outputs.paths,
            chapters=chapters if episode.chapters else None,
            finish=finish,
            progress=tell,
        )
    delivered = {file.path for file in mastered.deliverables}
    _remove_others([_rejected(path) for path in outputs.paths.values()], delivered)
    stems: list[Path] = []
    if plan.show.stems:
        tell("stems", 0.0)
        stems = write_stems(assembly.scene, outputs.folder / "stems")
        tell("stems", 1.0)
    _remove_others(_earlier_stems(outputs.folder), stems)
    write_companions(episode, outputs.folder)
    clips = write_clips(dressed, outputs.folder / "clips")
    report = make_report(
        plan,
        assembly,
        mastered,
        episode,
        folder=outputs.folder,
        spoken=spoken,
        clips=clips,
        warnings=[*warnings, *notes],
    )
    report = replace(report, stems=tuple(f"stems/{path.name}" for path in stems))
    with whole_file(outputs.folder / "report.json") as path:
        write_json(report, path)
    with whole_file(outputs.report_page) as path:
        write_html(report, path)
    return report, mastered


def episode_of(plan: Plan, assembly: Assembly) -> Episode:
    """The episode as its companions see it."""
    show, timeline = plan.show, assembly.timeline
    turns = {turn.id: turn for turn in plan.turns}
    marks = [
        ChapterMark(chapter.title, mark.start, mark.start, chapter.url, chapter.image)
        for chapter, mark in zip(
            (item for item in show.items if isinstance(item, model.Chapter)),
            timeline.chapters,
            strict=True,
        )
    ]
    return Episode(
        title=show.title,
        show=show.show or "",
        number=show.number,
        description=show.description or "",
        author=show.author or "",
        language=show.language,
        cover=show.cover,
        duration=timeline.total / timeline.rate,
        sample_rate=timeline.rate,
        turns=tuple(
            SpokenTurn(clip.id, clip.speaker, plain(turns[clip.id].turn.text), clip.start, clip.end)
            for clip in timeline.speech
        ),
        chapters=close_chapters(marks, timeline.total),
    )


def write_companions(episode: Episode, folder: Path) -> None:
    """Write transcripts, chapters with their pictures, and the feed item."""
    for name, content in {
        "transcript.vtt": vtt(episode),
        "transcript.srt": srt(episode),
        "transcript.json": transcript_json(episode),
        "transcript.txt": text(episode),
        "chapters.json": chapters_json(episode),
        "item.xml": item_xml(episode),
    }.items():
        write_text(folder / name, content)
    for picture in {mark.image for mark in episode.chapters if mark.image}:
        with whole_file(folder / picture.name) as temporary:
            shutil.copyfile(picture, temporary)


def write_clips(dressed: Sequence[Dressed], folder: Path) -> dict[str, Path]:
    """Write each turn's take as 16-bit FLAC for the report to play; the paths by turn.

    A clip that is there already is left; those of turns and takes no longer used are removed.
    """
    import soundfile

    def write(clip: Dressed) -> Path:
        name = re.sub(r"[^\w-]+", "_", clip.turn.id)[:60]
        path = folder / f"{name}.{clip.turn.key[:8]}.flac"
        if not path.exists():
            # A take is read no more once it is dressed, so it may be damaged unnoticed.
            source = clip.take if clip.take.intact() else clip.clip
            samples = source.read()
            peak = max(1.0, float(np.abs(samples).max()))
            with whole_file(path) as temporary:
                soundfile.write(
                    temporary, samples / peak, source.sample_rate, "PCM_16", format="FLAC"
                )
        return path

    ids = [clip.turn.id for clip in dressed]
    paths = dict(zip(ids, in_threads(write, dressed), strict=True))
    made_here = (path for path in folder.glob("*.flac") if _CLIP_NAME.fullmatch(path.name))
    _remove_others(made_here, paths.values())
    return paths


_CLIP_NAME = re.compile(r".+\.[0-9a-f]{8}\.flac")


def _remove_others(found: Iterable[Path], kept: Iterable[Path]) -> None:
    """Remove what an earlier render left."""
    for stale in set(found) - set(kept):
        stale.unlink(missing_ok=True)


def _rejected(path: Path) -> Path:
    """Where the master puts a deliverable that is not what was asked."""
    return path.with_name(f"{path.stem}.rejected{path.suffix}")


def _earlier_stems(folder: Path) -> list[Path]:
    """The stems that the last render into this folder wrote, by its report."""
    try:
        names = json.loads((folder / "report.json").read_bytes())["stems"]
        return [folder / "stems" / Path(name).name for name in names]
    except (OSError, ValueError, KeyError, TypeError):
        return []
