"""The render job, for one show or a season of them: check all, speak all in one batch, and finish
each episode beside the speaking as soon as its last take has landed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from podgen.engines.workers import available_cpus
from podgen.errors import PodgenError, ScriptError, together
from podgen.files import make_folder, sweep
from podgen.proof import Ear
from podgen.render.assemble import Assembly
from podgen.render.editing import next_take, take_of
from podgen.render.events import Event, Failed, Kept, Season, Watch
from podgen.render.outputs import NAME, named, outputs_of
from podgen.render.plan import Plan, check
from podgen.render.production import Production
from podgen.render.report import Report
from podgen.render.retaking import Proofreader, Rule
from podgen.render.rig import Engines
from podgen.render.scripts import find_scripts
from podgen.render.speak import Wanted, speak
from podgen.render.store import Clip, Store
from podgen.render.targets import Making, check_targets

MOST_JOBS = 4
"""Unless said otherwise, so many episodes are finished at a time at most, each in its memory."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a render was asked to do; None and False stand for "not said".

    `scripts` are files, and folders of files. In `output` and `depfile`, `{name}` stands for a
    script's name; of several shows it tells their files apart. `jobs` is how many episodes are
    finished at a time, `fleet` the address of a cluster that speaks.
    """

    scripts: Sequence[Path]
    output: Path | None = None
    engine: str | None = None
    turn: str | None = None
    take: int | None = None
    new_take: bool = False
    depfile: Path | None = None
    store: Path | None = None
    jobs: int | None = None
    fleet: str | None = None
    proof: Rule | None = None
    """Whether takes are heard, and what becomes of turns without a good one."""
    ear: Path | None = None
    """Another Whisper model to hear with."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Settings of `engine`, over those of the show and the voices file."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one show of a season: its report, or why there is none."""

    script: Path
    output: Path
    report: Report | None
    error: PodgenError | None = None


def render(job: Job, watch: Watch) -> list[Outcome]:
    """Do a job, telling `watch` what happens; a show's outcome each, in the order of the scripts.

    Whatever ends it early, finished clips stay in the store and no half file stays anywhere. One
    of several shows that fails stops no other, and its outcome says why.

    Raises:
        ScriptError: a script is wrong; all that can be known before speaking is said before, of
            all of them.
        EngineError: an engine cannot speak here, or a turn of the only show failed.
        MachineError: ffmpeg, disk space or a permission is missing.
        ResultError: the only episode was made but is not what was asked; the report says how.
    """
    store = Store(job.store)
    with closing(Engines(job.fleet)) as engines:
        makings = _checked(job, find_scripts(job.scripts), engines, store)
        store.sweep()
        return _make(job, makings, store, watch)


def _checked(job: Job, scripts: Sequence[Path], engines: Engines, store: Store) -> list[Making]:
    """Every script planned, with what is to become of it."""
    for option, path in (("--output", job.output), ("--depfile", job.depfile)):
        if len(scripts) > 1 and path is not None and NAME not in str(path):
            what = f"{option} {path} is one file, and there are {len(scripts)} shows"
            raise ScriptError(what, f"say which by {NAME}: dist/{NAME}{path.suffix}")
    if len(scripts) > 1 and job.turn is not None:
        raise ScriptError("--turn is for one show", f"there are {len(scripts)}: say which")
    makings: list[Making] = []
    errors: list[PodgenError] = []
    for script in scripts:
        try:
            plan = check(script, engine=job.engine, settings=job.settings, shared=engines)
            outputs = outputs_of(plan.show, job.output)
        except PodgenError as error:
            errors.append(error)
        else:
            depfile = named(job.depfile, script) if job.depfile else None
            makings.append(Making(plan, outputs, depfile))
    try:
        check_targets(makings)
    except PodgenError as error:
        errors.append(error)
    if errors:
        raise together(errors)
    if len(makings) == 1:
        return [replace(makings[0], plan=_with_take(job, makings[0].plan, store))]
    return makings


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


def _make(job: Job, makings: Sequence[Making], store: Store, watch: Watch) -> list[Outcome]:
    finishing = _Finishing(job.jobs, makings, watch)
    reader = Proofreader(store, Ear(job.ear, threads=1), finishing.watch) if job.proof else None
    dressing = ThreadPoolExecutor(available_cpus(), thread_name_prefix="dressing")
    try:
        productions = [
            Production(
                making,
                store,
                dressing,
                finishing.watch,
                edited=job.turn,
                choosing=bool(job.take or job.new_take),
                reader=reader,
            )
            for making in makings
        ]
        if len(makings) > 1:
            watch(Season(len(makings)))
        for production in productions:  # before hours of speaking, not after
            make_folder(production.outputs.main.parent)
            sweep(production.outputs.main.parent)
        _begin(productions)
        if job.proof is None:
            _speak(productions, store, finishing.watch, job.turn, finishing.add)
        else:
            _speak(productions, store, finishing.watch, job.turn)
            for production in productions:  # bad takes are spoken again, by the same engines
                production.proofread(job.proof)
                finishing.add(production)
        return finishing.outcomes()
    finally:
        if reader:
            reader.close()
        finishing.close()
        dressing.shutdown(cancel_futures=True)


def assembled(plan: Plan, store: Store, watch: Watch) -> Assembly:
    """A show ready to be mixed, every turn of it spoken.

    Raises:
        ScriptError: a file of the show is no audio, or something is placed where nothing can be.
        EngineError: turns failed; the others are in the store.
        MachineError: the store cannot be written.
    """
    with ThreadPoolExecutor(available_cpus(), thread_name_prefix="dressing") as dressing:
        making = Making(plan, outputs_of(plan.show, None))
        production = Production(making, store, dressing, watch)
        production.begin(set())
        _speak([production], store, watch)
        return production.assembled()[1]


def _begin(productions: Sequence[Production]) -> None:
    awaited: set[str] = set()
    errors: list[PodgenError] = []
    for production in productions:
        try:
            production.begin(awaited)
        except PodgenError as error:
            errors.append(error)
    if errors:
        raise together(errors)


def _speak(
    productions: Sequence[Production],
    store: Store,
    watch: Watch,
    first: str | None = None,
    finish: Callable[[Production], None] = lambda production: None,
) -> None:
    """Speak all that is missing, the turn `first` before the others; `finish` is called with each
    show that waits for nothing more."""
    waiting = list(productions)
    sharing: dict[str, list[Production]] = {}
    for show in productions:
        for key in show.missing:
            sharing.setdefault(key, []).append(show)

    def hand_over() -> None:
        for show in [show for show in waiting if not show.waits]:
            waiting.remove(show)
            finish(show)

    def land(one: Wanted, result: Clip | PodgenError) -> None:
        for show in sharing[one.turn.key]:
            if isinstance(result, PodgenError):
                show.fail(one.turn.key, result)
            else:
                show.land(one.turn.key, result)

    hand_over()
    try:
        for batch in _batches(sharing, first, several=len(productions) > 1):
            for one, result in speak(batch, store, watch):
                land(one, result)
                hand_over()
    except BaseException:
        kept = sum(show.kept for show in waiting)
        if waiting:
            watch(Kept(kept, sum(len(show.plan.turns) for show in waiting)))
        raise


def _batches(
    sharing: Mapping[str, Sequence[Production]], first: str | None, *, several: bool
) -> list[list[Wanted]]:
    """The turns to be spoken, in the order of the shows; those equal to `first` before them."""
    urgent: list[Wanted] = []
    others: list[Wanted] = []
    for key, (show, *_) in sharing.items():
        same = show.missing[key]
        turn = same[0]
        # Two scripts of one name are refused, as they would become the same episode.
        name = f"{show.plan.show.path.stem}/{turn.id}" if several else turn.id
        wanted = Wanted(name, turn, show.plan.engines[turn.part.engine])
        (urgent if any(each.id == first for each in same) else others).append(wanted)
    return [batch for batch in (urgent, others) if batch]


class _Stopped(BaseException):
    """The job ends early: what is being finished is left."""


class _Finishing:
    """Finishes episodes: several in threads beside the speaking, a show alone in this one, where
    whatever ends the process reaches it at once."""

    def __init__(self, jobs: int | None, makings: Sequence[Making], watch: Watch) -> None:
        self._makings = makings
        self._watch = watch
        self._stopped = threading.Event()
        jobs = jobs or max(1, min(MOST_JOBS, available_cpus() // 2))
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="finishing")
        self._alone: Production | None = None
        self._done: dict[Path, Future[Outcome]] = {}

    def watch(self, event: Event) -> None:
        """Tells of what happens, unless all has been stopped: then it ends whoever tells."""
        if self._stopped.is_set():
            raise _Stopped
        self._watch(event)

    def add(self, production: Production) -> None:
        """Finish an episode, its takes being there or having failed."""
        if len(self._makings) == 1:
            self._alone = production
        else:
            script = production.plan.show.path
            self._done[script] = self._pool.submit(self._finish, production)

    def outcomes(self) -> list[Outcome]:
        """All of them, when the last one is there."""
        if self._alone is not None:
            script, output = self._alone.plan.show.path, self._alone.outputs.main
            return [Outcome(script, output, self._alone.finish())]
        futures = [self._done[making.plan.show.path] for making in self._makings]
        wait(futures)  # a bug in one show is raised when the others are done
        return [future.result() for future in futures]

    def close(self) -> None:
        """Leave what is not finished."""
        self._stopped.set()
        self._pool.shutdown(cancel_futures=True)

    def _finish(self, production: Production) -> Outcome:
        script, output = production.plan.show.path, production.outputs.main
        try:
            return Outcome(script, output, production.finish())
        except PodgenError as error:
            problems = tuple(map(str, error.problems))
            self.watch(Failed(error.exit_code, problems, show=str(script)))
            return Outcome(script, output, None, error)
