"""The command line. Each command parses, calls one function and prints what it returns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from podgen import __version__

app = typer.Typer(
    name="podgen",
    help="Render a YAML script of character turns into a levelled, mastered podcast episode.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cache_app = typer.Typer(help="Look after the store of rendered clips.", no_args_is_help=True)
app.add_typer(cache_app, name="cache")
bench_app = typer.Typer(help="Measure engines on this machine.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")

Script = Annotated[
    Path, typer.Argument(metavar="SHOW.yaml", help="The script.", show_default=False)
]
EngineName = Annotated[
    str | None,
    typer.Option(
        "--engine",
        "-e",
        help="Cast on this engine every character that names none of its own.",
        metavar="NAME",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value a line.")]
StoreRoot = Annotated[
    Path | None,
    typer.Option(
        "--store", help="Where clips are kept.", envvar="PODGEN_STORE", show_default=False
    ),
]


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
    model: Annotated[
        Path | None,
        typer.Option(help="Folder or file of the engine's model.", metavar="PATH"),
    ] = None,
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
        model=model,
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
    model: Annotated[
        Path | None,
        typer.Option(help="Folder or file of the engine's model.", metavar="PATH"),
    ] = None,
    json: Json = False,
) -> None:
    """Check the script, its cast and its files; renders nothing."""
    from podgen.listings import show_plan
    from podgen.render.plan import check as run

    show_plan(run(script, engine=engine, model=model), spoken=spoken, json=json)


@app.command()
def takes(
    script: Script,
    turn: Annotated[str, typer.Argument(metavar="ID", help="The turn.")],
    pick: Annotated[
        int | None, typer.Option(help="Use this take.", min=1, max=99, metavar="N")
    ] = None,
    engine: EngineName = None,
    store: StoreRoot = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Folder or file of the engine's model.", metavar="PATH"),
    ] = None,
    json: Json = False,
) -> None:
    """List a turn's takes, or pick the one to use."""
    from podgen.listings import show_takes
    from podgen.render.editing import list_takes, pick_take

    if pick is not None:
        pick_take(script, turn, pick, engine=engine, store=store, model=model)
    show_takes(list_takes(script, turn, engine=engine, store=store, model=model), json=json)


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
    """Say what this machine can run, and what it lacks."""
    from podgen.doctor import diagnose
    from podgen.listings import show_diagnosis

    show_diagnosis(diagnose(), json=json)


@cache_app.command("ls")
def cache_ls(store: StoreRoot = None, json: Json = False) -> None:
    """Say how many clips the store holds and how large it is."""
    from podgen.listings import show_store
    from podgen.render.store import Store

    show_store(Store(store), json=json)


@cache_app.command("prune")
def cache_prune(
    unused_days: Annotated[
        float | None, typer.Option(help="Remove what was not used for this many days.", min=0)
    ] = None,
    keep_gigabytes: Annotated[
        float | None, typer.Option(help="Remove the longest unused until this much is left.", min=0)
    ] = None,
    store: StoreRoot = None,
) -> None:
    """Remove clips, longest unused first; what was used within the hour stays."""
    from podgen.console import size_text
    from podgen.render.store import Store

    if unused_days is None and keep_gigabytes is None:
        raise typer.BadParameter("say --unused-days or --keep-gigabytes")
    freed = Store(store).prune(
        unused_for=None if unused_days is None else unused_days * 86400,
        keep_bytes=None if keep_gigabytes is None else int(keep_gigabytes * 1e9),
    )
    typer.echo(f"freed {size_text(freed)}")


@cache_app.command("verify")
def cache_verify(store: StoreRoot = None) -> None:
    """Check every clip's digest; corrupt ones are removed and will be rendered again."""
    from podgen.listings import show_verification
    from podgen.render.store import Store

    show_verification(Store(store))


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
