"""From a scene to files: deliverables, stems, transcripts, chapters, clips, the report."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from podgen.audio.master import Mastered, master
from podgen.audio.mix import write_stems
from podgen.audio.samples import BLOCK_SECONDS, pieces
from podgen.files import make_folder, staging, whole_file
from podgen.publish.chapters import chapters_json, close_chapters, ffmetadata, picture_names
from podgen.publish.episode import ChapterMark, Episode, SpokenTurn, SpokenWord
from podgen.publish.item import item_xml
from podgen.publish.levels import write_levels
from podgen.publish.notes import notes_html, notes_markdown
from podgen.publish.tags import tag
from podgen.publish.transcript import karaoke as with_word_times
from podgen.publish.transcript import srt, text, transcript_json, vtt
from podgen.render.assemble import Assembly
from podgen.render.dress import Dressed, trim_of
from podgen.render.outputs import Outputs
from podgen.render.parallel import in_threads
from podgen.render.plan import Plan
from podgen.render.proving import Proved, written_times
from podgen.render.release import publish, written
from podgen.render.report import Report, write_json
from podgen.render.report_page import write_html
from podgen.render.reporting import make_report
from podgen.render.turns import PlannedTurn
from podgen.show import model
from podgen.text.markdown import plain

Tell = Callable[[str, float], None]
"""Gets a step's name and how much of it is done, 0 to 1, from any thread."""


COMPANIONS: Mapping[str, Callable[[Episode], str]] = {
    "transcript.vtt": vtt,
    "transcript.srt": srt,
    "transcript.json": transcript_json,
    "transcript.txt": text,
    "chapters.json": chapters_json,
    "notes.md": notes_markdown,
    "notes.html": notes_html,
    "item.xml": item_xml,
}
"""Texts that go with an episode, by file name."""
KARAOKE = "karaoke.vtt"
"""Beside those where it is asked for and known when words are said."""
REPORT = "report.json"


def deliver(
    plan: Plan,
    assembly: Assembly,
    dressed: Sequence[Dressed],
    outputs: Outputs,
    *,
    spoken: Collection[str],
    warnings: Sequence[str],
    tell: Tell,
    preview: Path | None = None,
    proved: Sequence[Proved] = (),
) -> tuple[Report, Mastered]:
    """Write everything an episode consists of, so that all of it appears together.

    `spoken` names the turns that were not in the store, `preview` is a file that the report is to
    lead to, `proved` has the turns that were heard. If a deliverable is not what was asked, all
    goes to `outputs.rejected`, where the report says what is wrong.

    Raises:
        MachineError: ffmpeg failed, the disk is full, a file cannot be written.
    """
    episode = episode_of(plan, assembly, proved)
    notes: dict[str, None] = {}

    def finish(path: Path, form: str) -> None:
        notes.update(dict.fromkeys(f"{form}: {note}" for note in tag(path, form, episode)))

    with staging(outputs.main.parent) as stage:
        made = outputs.within(stage / "made")
        make_folder(made.folder)
        chapters = stage / "chapters.txt"
        chapters.write_text(ffmetadata(episode), encoding="utf-8")
        mastered = master(
            assembly.scene,
            plan.preset,
            made.paths,
            chapters=chapters if episode.chapters else None,
            finish=finish,
            progress=tell,
            serial=episode.serial,
        )
        for file in mastered.deliverables:
            write_levels(file.path, file.verdict, episode)
        rejected = any(file.verdict.failures for file in mastered.deliverables)
        place = outputs.rejected if rejected else outputs
        mastered = replace(
            mastered,
            deliverables=tuple(
                replace(file, path=place.paths[file.verdict.form], size=file.path.stat().st_size)
                for file in mastered.deliverables
            ),
        )
        stems: list[Path] = []
        if plan.show.stems:
            tell("stems", 0.0)
            stems = write_stems(assembly.scene, made.folder / "stems")
            tell("stems", 1.0)
        write_companions(episode, made.folder)
        karaoke = _write_karaoke(plan, episode, made.folder)
        there = written(place.folder)
        clips = write_clips(dressed, made.folder / "clips", place.folder / "clips", there)
        report = make_report(
            plan,
            assembly,
            mastered,
            episode,
            folder=place.folder,
            spoken=spoken,
            clips=clips,
            warnings=[*warnings, *notes],
            proved=proved,
            beside=[
                *(place.folder / name for name in COMPANIONS),
                *(place.folder / path.name for path in karaoke),
                *(place.folder / "stems" / path.name for path in stems),
                *([preview] if preview else []),
            ],
        )
        write_json(report, made.folder / REPORT)
        write_html(report, made.report_page)
        publish(made, place, kept=clips.values(), superseded=None if rejected else outputs.rejected)
    return report, mastered


def episode_of(plan: Plan, assembly: Assembly, proved: Sequence[Proved] = ()) -> Episode:
    """The episode as its companions see it, with word times of the turns that were heard."""
    show, timeline = plan.show, assembly.timeline
    heard = {one.turn.id: one for one in proved}
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
        date=show.date or "",
        language=show.language,
        cover=show.cover,
        duration=timeline.total / timeline.rate,
        sample_rate=timeline.rate,
        turns=tuple(
            SpokenTurn(
                clip.id,
                clip.speaker,
                plain(turns[clip.id].turn.text),
                clip.start,
                clip.end,
                recorded=turns[clip.id].turn.recording is not None,
                words=_placed(heard.get(clip.id), clip.start, clip.end, timeline.rate),
            )
            for clip in timeline.speech
        ),
        chapters=close_chapters(marks, timeline.total),
        synthetic=any(turn.turn.recording is None for turn in plan.turns),
    )


def _placed(one: Proved | None, start: int, end: int, rate: int) -> tuple[SpokenWord, ...]:
    """The words of a turn that lies from `start` to `end`, in samples of the timeline."""
    if one is None:
        return ()
    trimmed = trim_of(one.turn, one.take)

    def at(seconds: float) -> int:
        return min(end, max(start, start + round((seconds - trimmed) * rate)))

    words = written_times(one.turn, one.evidence)
    return tuple(SpokenWord(word, at(first), at(last)) for word, first, last in words)


def write_companions(episode: Episode, folder: Path) -> None:
    """Write transcripts, chapters with their pictures, and the feed item."""
    for name, content in COMPANIONS.items():
        (folder / name).write_text(content(episode), encoding="utf-8")
    for picture, name in picture_names(mark.image for mark in episode.chapters).items():
        shutil.copyfile(picture, folder / name)


def _write_karaoke(plan: Plan, episode: Episode, folder: Path) -> list[Path]:
    """The transcript with word times, if it was asked for and there are any."""
    timed = with_word_times(episode) if plan.show.karaoke else ""
    if not timed:
        return []
    (folder / KARAOKE).write_text(timed, encoding="utf-8")
    return [folder / KARAOKE]


def write_clips(
    dressed: Sequence[Dressed], folder: Path, place: Path, there: Collection[Path]
) -> dict[str, Path]:
    """Write each turn's take as 16-bit FLAC for the report to play; the paths by turn, in `place`.

    They go to `folder`, but for those that are among `there`.
    """
    import soundfile

    folder.mkdir()
    known = {path.name for path in there if path.parent == place.resolve()}

    def write(clip: Dressed) -> Path:
        name = clip_name(clip.turn)
        if name not in known:
            # A take is read no more once it is dressed, so it may be damaged unnoticed.
            source = clip.take if clip.take.intact() else clip.clip
            with source.samples() as samples, whole_file(folder / name) as temporary:
                size = BLOCK_SECONDS * source.sample_rate
                peak = max(1.0, *(float(np.abs(p).max()) for p in pieces(samples, size)))
                form = {"subtype": "PCM_16", "format": "FLAC"}
                with soundfile.SoundFile(temporary, "w", source.sample_rate, 1, **form) as file:
                    for piece in pieces(samples, size):
                        file.write(piece / peak)
        return place / name

    ids = [clip.turn.id for clip in dressed]
    return dict(zip(ids, in_threads(write, dressed), strict=True))


def clip_name(turn: PlannedTurn) -> str:
    """The file name of a turn's take beside the report."""
    name = re.sub(r"[^\w-]+", "_", turn.id)[:60]
    return f"{name}.{turn.key[:8]}.flac"
