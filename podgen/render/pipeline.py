"""The render job: plan, speak, dress, assemble, preview, master, publish, report; in this order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from podgen.audio.master import Mastered, preview
from podgen.errors import EngineError, Problem, ResultError, ScriptError
from podgen.files import make_folder, sweep, whole_file
from podgen.render.assemble import Assembly, assemble, prepare_pieces
from podgen.render.deliver import deliver
from podgen.render.depfile import write_depfile
from podgen.render.dress import Dressed, Gathered, dress_all, dress_take, gather
from podgen.render.editing import choose, next_take, take_of
from podgen.render.events import (
    Delivered,
    Finished,
    Kept,
    Planned,
    Previewed,
    Spoke,
    Step,
    Warned,
    Watch,
)
from podgen.render.outputs import Outputs, outputs_of
from podgen.render.plan import Plan, PlannedTurn, check
from podgen.render.report import Report
from podgen.render.room import room_period
from podgen.render.speak import speak
from podgen.render.store import Store
from podgen.render.takes import lock_path
from podgen.render.targets import check_targets
from podgen.show.read import in_order

CONTEXT_SECONDS = 5.0
"""A preview holds this much of the episode on either side of its turn."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a render was asked to do; None and False stand for "not said"."""

    script: Path
    output: Path | None = None
    engine: str | None = None
    turn: str | None = None
    take: int | None = None
    new_take: bool = False
    depfile: Path | None = None
    store: Path | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    """Settings of `engine`, over those of the show and the voices file."""


def render(job: Job, watch: Watch) -> Report:
    """Do a job, telling `watch` what happens.

    Whatever ends it early, finished clips stay in the store and no half file stays anywhere.

    Raises:
        ScriptError: the script is wrong; all that can be known before speaking is said before.
        EngineError: an engine cannot speak here, or a turn failed.
        MachineError: ffmpeg, disk space or a permission is missing.
        ResultError: the episode was made but is not what was asked; the report says how.
    """
    plan = check(job.script, engine=job.engine, settings=job.settings)
    try:
        return _render(job, plan, Store(job.store), watch)
    finally:
        for engine in plan.engines.values():
            engine.close()


def _write_depfile(path: Path, plan: Plan, outputs: Outputs) -> None:
    """Every file that the episode is made from; the lock file even before it exists."""
    lock = lock_path(plan.show.path)
    files = [*plan.show.files, *plan.casting.files]
    if lock.exists():
        write_depfile(path, outputs.main, [*files, lock])
    else:
        write_depfile(path, outputs.main, files, possible=[lock])


def _render(job: Job, plan: Plan, store: Store, watch: Watch) -> Report:
    outputs = outputs_of(plan.show, job.output)
    check_targets(plan, outputs, job.depfile)
    make_folder(outputs.main.parent)  # before hours of speaking, not after
    sweep(outputs.main.parent)
    store.sweep()
    plan = _with_take(job, plan, store)
    gathered = gather(plan, store)
    warnings = [
        *plan.warnings,
        *(
            f"the stored clip of turn {turn} was corrupt; it is made again"
            for turn in gathered.corrupt
        ),
    ]
    for warning in warnings:
        watch(Warned(warning))
    watch(planned(plan, gathered))
    pieces, room = prepare_pieces(plan, store), room_period(plan, store)
    for piece in pieces:
        if piece.mended:
            warnings.append(
                f"the stored clip of {piece.item.file.name} was corrupt; it is made again"
            )
            watch(Warned(warnings[-1]))
    dressed = all_dressed(plan, gathered, store, job.turn, watch)
    if job.turn and (job.take or job.new_take):
        choose(plan, plan.turn(job.turn))
    assembly = assemble(plan, dressed, pieces, store, room)
    for warning in assembly.warnings:
        watch(Warned(warning))
    if job.turn:
        watch(_preview(plan, assembly, outputs, job.turn))
    report, mastered = deliver(
        plan,
        assembly,
        dressed,
        outputs,
        spoken={turn.id for turn in gathered.missing},
        warnings=[*warnings, *assembly.warnings],
        tell=_steps(watch),
        preview=outputs.preview if job.turn else None,
    )
    for note in report.warnings[len(warnings) + len(assembly.warnings) :]:
        watch(Warned(note))
    for file in mastered.deliverables:
        verdict = file.verdict
        watch(Delivered(file.path, verdict.seconds, verdict.loudness, verdict.true_peak))
    _refuse_bad_result(mastered, outputs, plan)
    if job.depfile:
        _write_depfile(job.depfile, plan, outputs)
    watch(Finished(outputs.report_page, len(plan.turns), len(gathered.missing)))
    return report


def _with_take(job: Job, plan: Plan, store: Store) -> Plan:
    """The plan with the take that the job asks for."""
    if job.turn is None:
        if job.take is not None or job.new_take:
            raise ScriptError("--take and --new-take need --turn", "say which turn")
        return plan
    if job.take is not None and job.new_take:
        raise ScriptError("--take and --new-take exclude each other", "give one of them")
    if not job.new_take and job.take is None:
        plan.turn(job.turn)
        return plan
    take = next_take(plan, job.turn, store) if job.new_take else job.take
    assert take is not None
    wanted = take_of(plan, job.turn, take)
    turns = tuple(wanted if turn.id == wanted.id else turn for turn in plan.turns)
    return replace(plan, turns=turns)


def planned(plan: Plan, gathered: Gathered) -> Planned:
    """What is to be spoken, as an event."""
    wanted = {turn.key: turn for turn in gathered.missing}
    return Planned(
        turns=len(plan.turns),
        missing=len(wanted),
        seconds=sum(turn.estimate for turn in wanted.values()),
        engine=", ".join(plan.engines),
        why=plan.casting.reason,
    )


def all_dressed(
    plan: Plan, gathered: Gathered, store: Store, first: str | None, watch: Watch
) -> list[Dressed]:
    """Every turn's dressed clip in the order of the show; speaks `first` before the others.

    Raises:
        EngineError: turns failed; the others are in the store.
    """
    rate = plan.preset.sample_rate
    dressed = {clip.turn.id: clip for clip in gathered.ready}
    for clip in dress_all(store, gathered.undressed, rate):
        dressed[clip.turn.id] = clip
    sharing: dict[str, list[PlannedTurn]] = {}
    for turn in gathered.missing:
        sharing.setdefault(turn.key, []).append(turn)
    wanted = [turns[0] for turns in sharing.values()]
    urgent = [turn for turn in wanted if any(same.id == first for same in sharing[turn.key])]
    others = [turn for turn in wanted if turn not in urgent]
    problems: list[Problem] = []
    try:
        done = 0
        for batch in (urgent, others):
            try:
                for turn, take in speak(plan, batch, store, watch):
                    for same in sharing[turn.key]:
                        dressed[same.id] = dress_take(store, same, take, rate)
                    done += 1
                    who, seconds = turn.part.character, take.seconds
                    watch(Spoke(turn.id, who, turn.take, seconds, done, len(wanted)))
            except EngineError as error:
                problems += error.problems
        if problems:
            raise EngineError(in_order(problems))
    except BaseException:
        watch(Kept(len(dressed), len(plan.turns)))
        raise
    return [dressed[turn.id] for turn in plan.turns]


def _preview(plan: Plan, assembly: Assembly, outputs: Outputs, turn: str) -> Previewed:
    """Write the turn in its context; the events say where in the episode it is."""
    timeline = assembly.timeline
    clip = next(clip for clip in timeline.speech if clip.id == turn)
    context = round(CONTEXT_SECONDS * timeline.rate)
    start = max(0, clip.start - context)
    end = min(timeline.total, clip.end + context)
    with whole_file(outputs.preview) as path:
        preview(assembly.scene, plan.preset, path, start, end)
    return Previewed(outputs.preview, start / timeline.rate, end / timeline.rate)


def _steps(watch: Watch) -> Callable[[str, float], None]:
    """Tells of steps in whole per cent, so that a log stays readable."""
    told: dict[str, int] = {}

    def tell(step: str, done: float) -> None:
        percent = int(done * 100)
        if told.get(step) != percent:
            told[step] = percent
            watch(Step(step, percent / 100))

    return tell


def _refuse_bad_result(mastered: Mastered, outputs: Outputs, plan: Plan) -> None:
    places = {turn.id: turn.turn.place for turn in plan.turns}
    page = outputs.rejected.report_page
    problems = [
        Problem(
            what=f"{file.path}: {failure.what}{_at(failure.seconds)}",
            remedy=f"see {page}",
            place=places.get(failure.turn) if failure.turn else None,
            turn=failure.turn,
        )
        for file in mastered.deliverables
        for failure in file.verdict.failures
    ]
    if problems:
        raise ResultError(problems)


def _at(seconds: float | None) -> str:
    return "" if seconds is None else f" at {seconds:.1f} s"
