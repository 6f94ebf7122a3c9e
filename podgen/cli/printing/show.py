"""What the commands on a show print."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from podgen.cli.console import clock, print_json, table, turns_text

if TYPE_CHECKING:
    from pathlib import Path

    from podgen.proof import Verdict
    from podgen.proof.finished import Passage
    from podgen.render.editing import TakeInfo
    from podgen.render.filling import Filled
    from podgen.render.plan import Plan
    from podgen.render.proving import Proved


def show_plan(plan: Plan, *, spoken: bool, json: bool) -> None:
    """A checked script: its size, cast and, where asked, its turns as they will be spoken."""
    seconds = sum(turn.estimate for turn in plan.turns)
    frames = _frames(plan)
    if json:
        print_json(
            {
                "event": "checked",
                "turns": len(plan.turns),
                "seconds": round(seconds, 1),
                "frames": frames,
                "engine": plan.casting.engine,
                "why": plan.casting.reason,
                "warnings": list(plan.warnings),
            }
        )
    for turn in plan.turns if spoken else ():
        text = turn.utterance.text
        if json:
            print_json(
                {"event": "turn", "turn": turn.id, "speaker": turn.part.character, "spoken": text}
            )
        else:
            print(f"{turn.id}  {turn.part.character}: {text}")
    if not json:
        for warning in plan.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        length = f"about {clock(seconds)} of speech{f', {frames} frames,' if frames else ''}"
        engines = ", ".join(plan.engines)
        print(
            f"{plan.show.path}: {turns_text(len(plan.turns))}, {length} on {engines}. "
            f"{plan.casting.reason}"
        )


def _frames(plan: Plan) -> int:
    """How many frames are to be generated, roughly, by the engines that generate frames."""
    rates = {name: engine.capabilities().frame_rate for name, engine in plan.engines.items()}
    return round(sum(turn.estimate * (rates[turn.part.engine] or 0.0) for turn in plan.turns))


def show_takes(takes: Sequence[TakeInfo], *, json: bool) -> None:
    """A turn's takes; the one in use is marked."""
    if json:
        for take in takes:
            print_json({**asdict(take), "path": str(take.path) if take.path else None})
        return
    rows = [
        (
            "*" if take.chosen else "",
            take.take,
            take.seed,
            f"{take.seconds:.2f} s" if take.seconds is not None else "not rendered",
            take.path or "",
        )
        for take in takes
    ]
    table(("used", "take", "seed", "length", "file"), rows)


def show_proofs(proved: Sequence[Proved], missing: Sequence[str], *, json: bool) -> None:
    """Each take's verdict; without JSON those that are good only by their number."""
    from podgen.render.proving import describe

    if json:
        for one in proved:
            print_json({"event": "proof", **one.to_json()})
        for turn in missing:
            print_json({"event": "proof", "turn": turn, "verdict": None})
        return
    counts = Counter(one.verdict.grade for one in proved)
    for one in proved:
        if one.verdict.grade != "good":
            for line in describe(one):
                print(f"{one.verdict.grade}: {one.turn.part.character} {one.turn.id}: {line}")
    if missing:
        print(f"not rendered, so not heard: {', '.join(missing)}")
    told = ", ".join(f"{counts[grade]} {grade}" for grade in ("good", "doubtful", "bad"))
    print(f"{turns_text(len(proved))} heard: {told}")


def show_filled(script: Path, filled: Sequence[Filled], *, json: bool) -> None:
    """Texts that were written into a script, with their lines."""
    written = [one for one in filled if one.text]
    for one in written:
        if json:
            print_json({"event": "filled", **asdict(one)})
        else:
            print(f"{script}:{one.line}: {one.speaker}: {one.text}")
    if not json:
        rest = "; read them over" if written else "" if filled else ": every recording has one"
        print(f"{len(written)} {'text' if len(written) == 1 else 'texts'} written{rest}")


def show_passages(passages: Sequence[tuple[Passage, Verdict]], *, json: bool) -> None:
    """Verdicts on the passages of a recording."""
    from podgen.render.proving import told

    for passage, verdict in passages:
        if json:
            print_json({"event": "proof", **asdict(passage), **verdict.to_json()})
            continue
        for finding in verdict.findings:
            at = f"{passage.speaker} {clock(passage.start)}".strip()
            print(f"{verdict.grade}: {at}: {told(finding)}")
    if not json:
        counts = Counter(verdict.grade for _, verdict in passages)
        grades = ", ".join(f"{counts[grade]} {grade}" for grade in ("good", "doubtful", "bad"))
        print(f"{len(passages)} passages heard: {grades}")
