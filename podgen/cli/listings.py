"""What the listing commands print: a table for people, JSON lines on request."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from podgen.cli.console import clock, print_json, table, turns_text
from podgen.errors import EngineError, MachineError
from podgen.files import size_text

if TYPE_CHECKING:
    from pathlib import Path

    from podgen.doctor import Finding, Row
    from podgen.engines.voxtral.cloning.enrol import Enrolled
    from podgen.engines.voxtral.cloning.optimise import Step
    from podgen.engines.voxtral.training.pairs import Shard
    from podgen.engines.voxtral.training.trainer import Progress
    from podgen.proof import Verdict
    from podgen.proof.finished import Passage
    from podgen.proposal.importing import Imported
    from podgen.publish.podcast import Podcast
    from podgen.render.clipping import Excerpt
    from podgen.render.editing import TakeInfo
    from podgen.render.exporting import Export
    from podgen.render.filling import Filled
    from podgen.render.plan import Plan
    from podgen.render.proving import Proved
    from podgen.render.store import Store
    from podgen.speech.voices import EngineVoices, Sample


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


def show_import(imported: Imported, source: Path, *, json: bool) -> None:
    """An imported script: what was left, with its line; the cast proposed; what changed."""
    changes = imported.changes
    told = [*(changes.told if changes else ()), *imported.told]
    if json:
        for left in imported.left:
            print_json({"event": "left", "line": left.line, "what": left.what})
        print_json(
            {
                "event": "imported",
                "script": str(imported.path),
                "form": imported.form,
                "turns": imported.turns,
                "cast": {one.name: dict(one.voices) for one in imported.cast},
                "changes": None
                if changes is None
                else {
                    "changed": changes.changed,
                    "added": changes.added,
                    "removed": changes.removed,
                },
                "told": told,
            }
        )
        return
    for left in imported.left:
        print(f"{source}:{left.line}: {left.what}", file=sys.stderr)
    for line in told:
        print(f"{source}: {line}", file=sys.stderr)
    for one in imported.cast:
        why = (
            "as you said"
            if one.decided
            else {"f": "a woman's name", "m": "a man's name"}.get(
                one.gender, "the name suggests nothing"
            )
        )
        print(f"{one.name}: {', '.join(one.voices.values()) or 'no voice'} ({why})")
    made = f"{imported.path}: {turns_text(imported.turns)} from {imported.form}"
    if changes is not None:
        made += f"; {changes.changed} changed, {changes.added} new, {changes.removed} removed"
    print(made)


def show_podcast(podcast: Podcast, *, json: bool) -> None:
    """A feed: what it lacks, and what is new in it."""
    if json:
        print_json(
            {
                "event": "feed",
                "feed": str(podcast.feed),
                "episodes": podcast.episodes,
                "new": list(podcast.new),
                "warnings": list(podcast.told),
            }
        )
        return
    for line in podcast.told:
        print(f"warning: {line}", file=sys.stderr)
    new = f", new: {', '.join(podcast.new)}" if podcast.new else ""
    count = "1 episode" if podcast.episodes == 1 else f"{podcast.episodes} episodes"
    print(f"{podcast.feed}: {count}{new}")


def show_clip(excerpt: Excerpt, *, json: bool) -> None:
    """The excerpt that was written."""
    start, end = excerpt.start, excerpt.end
    if json:
        print_json(
            {"event": "clip", "path": str(excerpt.path), "start": start, "end": end},
        )
    else:
        print(f"{excerpt.path}: {end - start:.1f} s ({clock(start)} to {clock(end)})")


def show_export(export: Export, *, json: bool) -> None:
    """The project that was written."""
    if json:
        print_json({"event": "exported", "project": str(export.project)})
    else:
        print(export.project)


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


def show_voices(engines: Iterable[EngineVoices], *, json: bool) -> None:
    """Voices by engine."""
    for listed in engines:
        if json:
            for voice in listed.voices:
                print_json({"engine": listed.engine, "usable": listed.usable, **asdict(voice)})
            continue
        state = "" if listed.usable else " (not usable here)"
        print(f"{listed.engine}{state}: {listed.reason}")
        for voice in listed.voices:
            print(f"  {voice.name:<18} {voice.language:<6} {voice.gender:<2} {voice.description}")


@contextmanager
def watch_steps(*, json: bool) -> Iterator[Callable[[Step], None]]:
    """What tells of an optimisation: a bar on a terminal, else a line now and then."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(console=console, disable=json or not console.is_terminal) as progress:
        bar = progress.add_task("optimising", total=None, visible=False)

        def tell(step: Step) -> None:
            text = f"optimising, loss {step.best:.4f}"
            progress.update(
                bar, completed=step.number, total=step.most, description=text, visible=True
            )
            if json:
                print_json({"event": "step", **asdict(step)})
            elif not console.is_terminal and step.number % 100 == 0:
                print(f"step {step.number} of {step.most}: loss {step.best:.4f}", file=sys.stderr)

        yield tell


def show_enrolled(enrolled: Enrolled, *, json: bool) -> None:
    """A cloned voice and how to cast it."""
    made = enrolled.provenance
    if json:
        print_json(
            {
                "event": "enrolled",
                "path": str(enrolled.path),
                "rows": enrolled.rows,
                **asdict(made),
            }
        )
        return
    prepared = f" ({', '.join(made.prepared)})" if made.prepared else ""
    print(f"{enrolled.path}: {made.seconds:.1f} s of speech{prepared}, {enrolled.rows} rows")
    print(f"cast it in voices.yaml as  voxtral: {enrolled.path}")


def show_shard(shard: Shard, *, json: bool) -> None:
    """A shard of pairs that was made."""
    if json:
        print_json({"event": "shard", **asdict(shard), "path": str(shard.path)})
    else:
        print(f"{shard.path}: {shard.utterances} utterances, {clock(shard.seconds)}")


def show_training(progress: Progress, *, json: bool) -> None:
    """A step of training: each as JSON; for people every tenth, and what was validated."""
    if json:
        print_json({"event": "step", **asdict(progress)})
        return
    if progress.step % 10 == 0 or progress.step == progress.steps:
        losses = ", ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
        print(f"step {progress.step} of {progress.steps}, {progress.seconds:.2f} s: {losses}")
    if progress.measured is not None:
        found = {name: v for name, v in asdict(progress.measured).items() if v is not None}
        print("held-out: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()))


def show_samples(samples: Iterable[Sample], *, json: bool) -> None:
    """Samples as they land."""
    for sample in samples:
        if json:
            print_json({**asdict(sample), "path": str(sample.path)})
        else:
            print(f"{sample.path}  {sample.seconds:.1f} s")


def show_diagnosis(findings: Iterable[Finding], *, json: bool) -> None:
    """The doctor's findings.

    Raises:
        MachineError: podgen cannot render here.
    """
    missing = []
    for finding in findings:
        if json:
            print_json(asdict(finding))
        else:
            print(f"{_mark(finding.good)}  {finding.what:<16} {finding.detail}", flush=True)
            if finding.speed:
                print(f"    {'':<16} {finding.speed}", flush=True)
        if finding.needed and not finding.good:
            missing.append(finding.what)
    if missing:
        raise MachineError(f"cannot render here: {', '.join(missing)}", "see the lines above")


def show_proof(findings: Iterable[Finding], *, json: bool) -> None:
    """What each device computes.

    Raises:
        MachineError: something on one of them is not as it must be.
    """
    wrong = []
    for finding in findings:
        if json:
            print_json({"event": "device", **asdict(finding)})
        else:
            print(f"{_mark(finding.good)}  {finding.what:<16} {finding.detail}", flush=True)
        if not finding.good:
            wrong.append(finding.what)
    if wrong:
        raise MachineError(f"not as the reference: {', '.join(wrong)}", "use another device")


def show_presets(rows: Iterable[Row], *, json: bool) -> None:
    """What each preset made of its sentence, as a table to paste into a report.

    Raises:
        EngineError: one of them did not speak as it should.
    """
    wrong = []
    if not json:
        print(f"\n{_versions()}\n")
        print("| voice | language | ends | seconds | characters/s | LUFS | words | wrong |")
        print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        if json:
            print_json({"event": "preset", **asdict(row)})
        else:
            figures = [_figure(value) for value in (row.seconds, row.pace, row.loudness)]
            cells = [row.voice, row.language, "yes" if row.ends else "no", *figures]
            cells += [row.words or "not heard", "; ".join(row.faults) or "-"]
            print(f"| {' | '.join(cells)} |", flush=True)
        if row.faults:
            wrong.append(row.voice)
    if wrong:
        raise EngineError(f"{', '.join(wrong)} did not speak as they should", "see the table")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _versions() -> str:
    from datetime import UTC, datetime

    import torch

    from podgen import __version__

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    where = ", ".join(gpus) or f"{platform.system()} {platform.machine()}, no CUDA GPU"
    return f"podgen {__version__}, torch {torch.__version__}, {where}, {datetime.now(UTC):%Y-%m-%d}"


def _mark(good: bool) -> str:
    return "ok" if good else "--"


def show_store(store: Store, *, json: bool) -> None:
    """The store's size by kind of clip."""
    sizes: dict[str, list[int]] = {}
    for entry in store.entries():
        sizes.setdefault(entry.kind, []).append(entry.size)
    if json:
        for kind, each in sorted(sizes.items()):
            print_json({"kind": kind, "clips": len(each), "bytes": sum(each)})
        return
    print(store.root)
    table(
        ("kind", "clips", "size"),
        [(kind, len(each), size_text(sum(each))) for kind, each in sorted(sizes.items())],
    )


def show_verification(store: Store) -> None:
    """Corrupt clips, removed as they are found."""
    total = 0
    corrupt = 0
    for entry, intact in store.verify():
        total += 1
        if not intact:
            corrupt += 1
            store.discard(entry.kind, entry.key)
            print(f"corrupt, removed: {entry.kind} {entry.key}")
    print(f"{total} clips, {corrupt} corrupt")
