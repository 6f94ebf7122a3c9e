"""One show on its way from a plan to an episode: what it lacks, what lands, what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace

from podgen.audio.master import Mastered, preview
from podgen.errors import PodgenError, Problem, ResultError, together
from podgen.files import whole_file
from podgen.render.assemble import Assembly, assemble, prepare_pieces
from podgen.render.deliver import deliver
from podgen.render.depfile import write_depfile
from podgen.render.dress import Dressed, dress_take, gather
from podgen.render.editing import choose
from podgen.render.events import (
    Delivered,
    Event,
    Finished,
    Kept,
    Planned,
    Previewed,
    Spoke,
    Step,
    Warned,
    Watch,
)
from podgen.render.outputs import Outputs
from podgen.render.plan import Plan
from podgen.render.proving import Proved
from podgen.render.report import Report
from podgen.render.retaking import Proofreader, Rule, proofread
from podgen.render.room import room_period
from podgen.render.store import Clip, Store
from podgen.render.takes import lock_path
from podgen.render.targets import Making
from podgen.render.turns import PlannedTurn
from podgen.show.read import in_order

CONTEXT_SECONDS = 5.0
"""A preview holds this much of the episode on either side of its turn."""


class Production:
    """A show under way. It lives in the main thread until `finish`, which any one thread may do.

    Args:
        making: the show and where it goes.
        store: where its clips are.
        dressing: what dresses takes as they land.
        watch: is told what happens, from any thread.
        edited: the turn that is previewed, if any.
        choosing: whether that turn's take is written to the lock file.
        reader: what hears its takes, if anything does.

    Attributes:
        missing: the turns that are not in the store, by key.
        own: those keys that are spoken for this show; others come with another show before it.
    """

    def __init__(
        self,
        making: Making,
        store: Store,
        dressing: Executor,
        watch: Watch,
        *,
        edited: str | None = None,
        choosing: bool = False,
        reader: Proofreader | None = None,
    ) -> None:
        self.plan: Plan = making.plan
        self.outputs: Outputs = making.outputs
        self.missing: dict[str, list[PlannedTurn]] = {}
        self.own: frozenset[str] = frozenset()
        self._making, self._store, self._dressing, self._watch = making, store, dressing, watch
        self._edited, self._choosing = edited, choosing
        self._reader = reader
        self._proved: list[Proved] = []
        self._dressed: dict[str, Future[Dressed]] = {}
        self._errors: list[PodgenError] = []
        self._warnings: list[str] = []
        self._landed: set[str] = set()
        self._rate = making.plan.preset.sample_rate

    def begin(self, awaited: set[str]) -> None:
        """Look up what there is, prepare music and effects, and dress what is not.

        `awaited` holds the keys that earlier shows have spoken; those of this one are added.

        Raises:
            ScriptError: a file is no audio.
            MachineError: the store cannot be written.
        """
        plan, store = self.plan, self._store
        gathered = gather(plan, store)
        for warning in plan.warnings:
            self._warn(warning)
        if plan.show.karaoke and self._reader is None:
            self._warn("`karaoke` has no effect: when words are said is known with --proof")
        for spoilt in gathered.corrupt:
            self._warn(f"the stored clip of turn {spoilt} was corrupt; it is made again")
        for missing in gathered.missing:
            self.missing.setdefault(missing.key, []).append(missing)
        self.own = frozenset(self.missing.keys() - awaited)
        awaited |= self.own
        self._tell(
            Planned(
                turns=len(plan.turns),
                missing=len(self.own),
                seconds=sum(self.missing[key][0].estimate for key in self.own),
                engine=", ".join(plan.engines),
                why=plan.casting.reason,
            )
        )
        self._pieces, self._room = prepare_pieces(plan, store), room_period(plan, store)
        for piece in self._pieces:
            if piece.mended:
                name = piece.item.file.name
                self._warn(f"the stored clip of {name} was corrupt; it is made again")
        if self._reader:
            self._reader.expect({turn.key for turn in plan.turns})
            for found in gathered.ready:
                self._reader.begin(found.turn, found.take)
        for clip in gathered.ready:
            self._dressed[clip.turn.id] = Future()
            self._dressed[clip.turn.id].set_result(clip)
        for turn, take in gathered.undressed:
            self._dress(turn, take)

    def land(self, key: str, take: Clip) -> None:
        """A take that it lacks is in the store."""
        turns = self.missing[key]
        for turn in turns:
            self._dress(turn, take)
        self._landed.add(key)
        if key in self.own:
            done, missing = len(self._landed & self.own), len(self.own)
            first = turns[0]
            spoke = Spoke(first.id, first.part.character, first.take, take.seconds, done, missing)
            self._tell(spoke)

    def proofread(self, rule: Rule) -> None:
        """Judge its takes, all of which are there, and speak bad ones again.

        Raises:
            MachineError: the ear lacks something, or the store cannot be written.
        """
        if self._reader is None or self._errors:
            return
        plan = self.plan
        dressed = [self._dressed[turn.id].result() for turn in plan.turns]
        fixed = {self._edited} if self._edited and self._choosing else set()
        try:
            proofs = proofread(
                plan, dressed, self._store, self._reader, rule, self._tell, fixed=fixed
            )
        except ResultError as error:
            self._errors.append(error)
            return
        self.plan, self._proved = proofs.plan, proofs.proved
        for clip in proofs.dressed:
            self._dressed[clip.turn.id] = Future()
            self._dressed[clip.turn.id].set_result(clip)
        for warning in proofs.warnings:
            self._warn(warning)

    def fail(self, key: str, error: PodgenError) -> None:
        """A take that it lacks will not come."""
        turn = self.missing[key][0]
        problems = [
            replace(problem, place=turn.turn.place, turn=turn.id) if problem.turn else problem
            for problem in error.problems
        ]
        self._errors.append(type(error)(problems))
        self._landed.add(key)

    @property
    def waits(self) -> bool:
        """Whether takes that it lacks are still to land or fail."""
        return self._landed != self.missing.keys()

    @property
    def kept(self) -> int:
        """How many of its turns are in the store."""
        return len(self._dressed)

    def assembled(self) -> tuple[list[Dressed], Assembly]:
        """Every turn's dressed clip in the order of the show, and all of it ready to be mixed.

        Raises:
            EngineError: a take that it lacks has failed.
            ScriptError: something is placed where nothing can be.
            MachineError: the store cannot be written.
        """
        plan = self.plan
        if self._errors:
            self._tell(Kept(self.kept, len(plan.turns)))
            error = together(self._errors)
            raise type(error)(in_order(list(error.problems)))
        dressed = [self._dressed[turn.id].result() for turn in plan.turns]
        if self._edited and self._choosing:
            choose(plan, plan.turn(self._edited))
        assembly = assemble(plan, dressed, self._pieces, self._store, self._room)
        for warning in assembly.warnings:
            self._warn(warning)
        return dressed, assembly

    def finish(self) -> Report:
        """Assemble, preview, master, verify, publish and report.

        Raises what `assembled` does, and:
            MachineError: ffmpeg failed, the disk is full, a file cannot be written.
            ResultError: the episode was made but is not what was asked; the report says how.
        """
        plan, outputs = self.plan, self.outputs
        dressed, assembly = self.assembled()
        if self._edited:
            self._tell(_preview(plan, assembly, outputs, self._edited))
        report, mastered = deliver(
            plan,
            assembly,
            dressed,
            outputs,
            spoken={turn.id for key in self.own for turn in self.missing[key]},
            warnings=self._warnings,
            tell=_steps(self._tell),
            preview=outputs.preview if self._edited else None,
            proved=self._proved,
        )
        for note in report.warnings[len(self._warnings) :]:
            self._tell(Warned(note))
        for file in mastered.deliverables:
            verdict = file.verdict
            self._tell(Delivered(file.path, verdict.seconds, verdict.loudness, verdict.true_peak))
        _refuse_bad_result(mastered, outputs, plan)
        if self._making.depfile:
            _write_depfile(self._making)
        spoken = sum(len(self.missing[key]) for key in self.own)
        self._tell(Finished(outputs.report_page, len(plan.turns), spoken))
        return report

    def _tell(self, event: Event) -> None:
        self._watch(replace(event, show=str(self.plan.show.path)))

    def _warn(self, warning: str) -> None:
        self._warnings.append(warning)
        self._tell(Warned(warning))

    def _dress(self, turn: PlannedTurn, take: Clip) -> None:
        if self._reader:
            self._reader.begin(turn, take)
        self._dressed[turn.id] = self._dressing.submit(
            dress_take, self._store, turn, take, self._rate
        )


def _write_depfile(making: Making) -> None:
    """Every file that the episode is made from; the lock file even before it exists."""
    assert making.depfile is not None
    plan, target = making.plan, making.outputs.main
    lock = lock_path(plan.show.path)
    files = [*plan.show.files, *plan.casting.files]
    if lock.exists():
        write_depfile(making.depfile, target, [*files, lock])
    else:
        write_depfile(making.depfile, target, files, possible=[lock])


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


def _steps(tell: Callable[[Event], None]) -> Callable[[str, float], None]:
    """Tells of steps in whole per cent, so that a log stays readable."""
    told: dict[str, int] = {}

    def step(name: str, done: float) -> None:
        percent = int(done * 100)
        if told.get(name) != percent:
            told[name] = percent
            tell(Step(name, percent / 100))

    return step


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
