"""What the commands on voices and training print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from podgen.cli.console import clock, print_json

if TYPE_CHECKING:
    from podgen.engines.voxtral.cloning.enrol import Enrolled
    from podgen.engines.voxtral.cloning.optimise import Step
    from podgen.engines.voxtral.training.pairs import Shard
    from podgen.engines.voxtral.training.trainer import Progress
    from podgen.speech.voices import EngineVoices, Sample


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


def show_samples(samples: Iterable[Sample], *, json: bool) -> None:
    """Samples as they land."""
    for sample in samples:
        if json:
            print_json({**asdict(sample), "path": str(sample.path)})
        else:
            print(f"{sample.path}  {sample.seconds:.1f} s")


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
