"""Commands that look at the machine: what it can run, and how fast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from podgen.cli.options import Json

bench = typer.Typer(help="Measure engines on this machine.", no_args_is_help=True)


def doctor(json: Json = False) -> None:
    """Say what this machine can run, how fast, and what it lacks."""
    from podgen.cli.listings import show_diagnosis
    from podgen.doctor import diagnose

    show_diagnosis(diagnose(), json=json)


@bench.command("voxtral")
def bench_voxtral(
    device: Annotated[str, typer.Option(help="A torch device.")] = "cuda",
    batches: Annotated[str, typer.Option(help="Turns at once.")] = "1,8,16,32,64,128",
    quantised: Annotated[
        str, typer.Option(help="Kinds of weights besides bf16.")
    ] = "fp8,int8,int4",
    golden: Annotated[
        Path | None,
        typer.Option(help="Recorded outputs to check first.", metavar="DIR", exists=True),
    ] = None,
    load: Annotated[
        bool, typer.Option("--load", help="Write and load an 8 GB checkpoint too.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Append JSON lines to it.", metavar="FILE"),
    ] = None,
) -> None:
    """Measure Voxtral at full size with random weights; no files are needed."""
    from podgen.engines.voxtral.bench.results import measure

    measure(device, batches, quantised, golden=golden, load=load, out=output)
