"""Commands that look at the machine: what it can run, and how fast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from podgen.cli.options import Device, Json, Setting, read_settings

bench = typer.Typer(help="Measure engines on this machine.", no_args_is_help=True)


def doctor(
    prove: Annotated[
        bool,
        typer.Option(
            "--prove", help="Hold Voxtral on every device against the reference's outputs."
        ),
    ] = False,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", help="With --prove: have this checkpoint's presets speak.", metavar="DIR"
        ),
    ] = None,
    device: Device = None,
    setting: Setting = None,
    fleet: Annotated[
        str | None,
        typer.Option(help="Look at a Ray cluster: auto, or HOST:PORT.", metavar="ADDRESS"),
    ] = None,
    json: Json = False,
) -> None:
    """Say what this machine can run, how fast, and what it lacks; or each node of a fleet."""
    from podgen.cli.printing import machine as printing
    from podgen.doctor import diagnose, diagnose_fleet, prove_devices, prove_model

    if not prove:
        if model or device or setting:
            raise typer.BadParameter("--model, --device and --set go with --prove")
        printing.show_diagnosis(diagnose_fleet(fleet) if fleet else diagnose(), json=json)
        return
    printing.show_proof(prove_devices(), json=json)
    if model:
        printing.show_presets(prove_model(read_settings(model, device, setting)), json=json)


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
