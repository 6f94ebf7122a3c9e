"""Proof within a render: takes are heard while others are spoken, and bad ones are spoken again."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

from podgen.engines.workers import available_cpus
from podgen.errors import Problem, ResultError
from podgen.proof import Ear, Evidence
from podgen.render.dress import Dressed, dress_take
from podgen.render.editing import choose_all
from podgen.render.events import Heard, Hearing, Watch
from podgen.render.plan import Plan, at_take
from podgen.render.proving import AT_ONCE, Proved, hear, judge_all, problem
from podgen.render.sealed import CorruptError
from podgen.render.speak import Wanted, speak
from podgen.render.store import Clip, Store
from podgen.render.takes import MOST_TAKES
from podgen.render.turns import PlannedTurn

MOST_RETAKES = 3
"""A turn whose takes are all bad is spoken so many times more."""

Rule = Literal["warn", "strict"]
"""What becomes of a turn without a good take: a warning, or the end of the render."""


class Proofreader:
    """Hears takes in the background, each once, as they land in the store.

    Raises:
        MachineError: the ear lacks packages or weights.
    """

    def __init__(self, store: Store, ear: Ear, watch: Watch) -> None:
        ear.fingerprint()  # what is missing is told before anything is spoken
        self._store, self._ear, self._watch = store, ear, watch
        self._pool = ThreadPoolExecutor(min(AT_ONCE, available_cpus()), "hearing")
        self._heard: dict[str, Future[Evidence]] = {}
        self._expected: set[str] = set()
        self._counting, self._done = threading.Lock(), 0

    def expect(self, keys: Collection[str]) -> None:
        """Takes that will be heard, so that progress can be told."""
        self._expected |= set(keys)

    def begin(self, turn: PlannedTurn, take: Clip) -> None:
        """Hear a take in the background, unless that has begun."""
        if turn.key not in self._heard:
            hearing = self._pool.submit(hear, self._store, self._ear, turn, take)
            self._heard[turn.key] = hearing
            hearing.add_done_callback(self._tell)

    def evidence(self, turn: PlannedTurn, take: Clip) -> Evidence:
        """What is heard of a take, once it is.

        Raises:
            MachineError: the ear lacks packages or weights, or the store cannot be written.
        """
        self.begin(turn, take)
        return self._heard[turn.key].result()

    def _tell(self, hearing: Future[Evidence]) -> None:
        if hearing.cancelled():
            return
        with self._counting:
            self._done += 1
            self._watch(Hearing(self._done, max(self._done, len(self._expected))))

    def close(self) -> None:
        """Drop what has not begun."""
        self._pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Proofread:
    """A show after proof: the plan with the takes that are used, their clips and verdicts."""

    plan: Plan
    dressed: list[Dressed]
    proved: list[Proved]
    warnings: list[str]


def proofread(
    plan: Plan,
    dressed: Sequence[Dressed],
    store: Store,
    reader: Proofreader,
    rule: Rule,
    watch: Watch,
    *,
    fixed: Collection[str] = (),
) -> Proofread:
    """Judge every take; speak turns with a bad one again, and use the best of each.

    Takes that somebody chose are judged and stay, as do those of the turns `fixed`. Takes that are
    chosen here go into the lock file.

    Raises:
        ResultError: by the rule "strict", naming turn and words of each take that is still bad.
        MachineError: the ear lacks something, or the store cannot be written.
    """
    for clip in dressed:
        reader.begin(clip.turn, clip.take)
    heard = []
    for clip in dressed:
        heard.append((clip.turn, clip.take, reader.evidence(clip.turn, clip.take)))
    best = judge_all(heard)
    for one in best:
        watch(_told(one))
    tried: dict[str, int] = {}
    for _ in range(MOST_RETAKES):
        again = [
            at_take(plan, one.turn, tried.get(one.turn.id, one.turn.take) + 1)
            for one in best
            if one.verdict.grade == "bad"
            and one.turn.id not in fixed
            and _may_retake(plan, one.turn)
        ]
        again = [turn for turn in again if turn.take <= MOST_TAKES]
        tried |= {turn.id: turn.take for turn in again}
        places = {one.turn.id: at for at, one in enumerate(best)}
        for turn, take in _spoken(plan, again, store, reader, watch):
            at = places[turn.id]
            entries = [(one.turn, one.take, one.evidence) for one in best]
            entries[at] = turn, take, reader.evidence(turn, take)
            candidate = judge_all(entries)[at]
            watch(_told(candidate))
            if candidate.verdict.badness < best[at].verdict.badness:
                best[at] = candidate
    bad = [problem(one, plan) for one in best if one.verdict.grade == "bad"]
    changed = [
        one.turn for one, clip in zip(best, dressed, strict=True) if one.turn.key != clip.turn.key
    ]
    choices = choose_all(plan, changed) if changed else plan.choices
    if bad and rule == "strict":
        raise ResultError(bad)
    rate = plan.preset.sample_rate
    clips = [
        clip if one.turn.key == clip.turn.key else dress_take(store, one.turn, one.take, rate)
        for one, clip in zip(best, dressed, strict=True)
    ]
    turns = tuple(one.turn for one in best)
    return Proofread(
        replace(plan, turns=turns, choices=choices), clips, best, [_warning(each) for each in bad]
    )


def _warning(bad: Problem) -> str:
    return str(replace(bad, place=None))


def _may_retake(plan: Plan, turn: PlannedTurn) -> bool:
    """Whether another take can be had, and nobody chose this one."""
    engine = turn.part.engine
    if turn.turn.recording is not None or engine in plan.choices.get(turn.id, {}):
        return False
    return plan.engines[engine].capabilities().takes


def _spoken(
    plan: Plan, turns: Sequence[PlannedTurn], store: Store, reader: Proofreader, watch: Watch
) -> Iterator[tuple[PlannedTurn, Clip]]:
    """Takes of turns, from the store or spoken now; a turn that fails keeps what it has."""
    missing: dict[str, list[PlannedTurn]] = {}
    for turn in turns:
        try:
            take = store.get("takes", turn.key)
        except CorruptError:
            take = None
        if take is None or not take.intact():
            missing.setdefault(turn.key, []).append(turn)
        else:
            yield turn, take
    wanted = [
        Wanted(same.id, same, plan.engines[same.part.engine]) for same, *_ in missing.values()
    ]
    landed: list[tuple[PlannedTurn, Clip]] = []
    for one, result in speak(wanted, store, watch):
        if isinstance(result, Clip):
            reader.begin(one.turn, result)
            landed += [(same, result) for same in missing[one.turn.key]]
    yield from landed


def _told(one: Proved) -> Heard:
    verdict, who = one.verdict, one.turn.part.character
    return Heard(one.turn.id, who, one.turn.take, verdict.grade, verdict.heard)
