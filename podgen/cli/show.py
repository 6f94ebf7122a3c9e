"""Commands on a show: begin, check, render, its takes, its schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from podgen.cli.options import (
    Device,
    Ear,
    EngineName,
    Fleet,
    Json,
    Model,
    Script,
    StoreRoot,
    read_settings,
)


def render(
    scripts: Annotated[
        list[Path],
        typer.Argument(
            metavar="SHOW.yaml...",
            help="The script; or several, or folders of them, to be rendered together.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The episode's file, with {name} for the script's; by default dist/{name}.mp3.",
            metavar="FILE",
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
    proof: Annotated[
        bool,
        typer.Option("--proof", help="Hear every take; speak bad ones again, warn of the rest."),
    ] = False,
    proof_strict: Annotated[
        bool,
        typer.Option("--proof-strict", help="The same, and end without an episode over a bad one."),
    ] = False,
    ear: Ear = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Episodes mastered at a time, beside the speaking.", min=1, max=64, metavar="N"
        ),
    ] = None,
    fleet: Fleet = None,
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
    from podgen.cli.season import show_season, watching
    from podgen.render.pipeline import Job
    from podgen.render.pipeline import render as run

    job = Job(
        scripts=scripts,
        output=output,
        engine=engine,
        turn=turn,
        take=take,
        new_take=new_take,
        depfile=depfile,
        proof="strict" if proof_strict else "warn" if proof else None,
        ear=ear,
        jobs=jobs,
        fleet=fleet,
        store=store,
        settings=read_settings(model, device, cuda_graphs=cuda_graphs),
    )
    with watching(json=json) as watch:
        outcomes = run(job, watch)
    show_season(outcomes, json=json)


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
    from podgen.cli.printing.show import show_plan
    from podgen.render.outputs import outputs_of
    from podgen.render.plan import check as run
    from podgen.render.targets import Making, check_targets

    plan = run(script, engine=engine, settings=read_settings(model), to_speak=False)
    check_targets([Making(plan, outputs_of(plan.show, None))])
    show_plan(plan, spoken=spoken, json=json)


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
    from podgen.cli.printing.show import show_takes
    from podgen.render.editing import list_takes, pick_take

    settings = read_settings(model, device)
    if pick is not None:
        pick_take(script, turn, pick, engine=engine, store=store, settings=settings)
    show_takes(list_takes(script, turn, engine=engine, store=store, settings=settings), json=json)


def proof(
    script: Annotated[
        Path | None, typer.Argument(metavar="SHOW.yaml", help="The script.", show_default=False)
    ] = None,
    turn: Annotated[
        str | None, typer.Option(help="This turn only, held against the others.", metavar="ID")
    ] = None,
    engine: EngineName = None,
    audio: Annotated[
        Path | None,
        typer.Option(help="Any recording instead of a show, with its transcript.", metavar="FILE"),
    ] = None,
    transcript: Annotated[
        Path | None, typer.Option(help="Of the recording: .vtt, .srt or .json.", metavar="FILE")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of the recording, as a BCP 47 tag.", metavar="TAG")
    ] = None,
    fill: Annotated[
        bool,
        typer.Option("--fill", help="Write what is heard in recordings without text as theirs."),
    ] = False,
    ear: Ear = None,
    store: StoreRoot = None,
    model: Model = None,
    json: Json = False,
) -> None:
    """Hear every rendered take: was each word said, in the right voice, in clean sound?"""
    from podgen.cli.printing.show import show_filled, show_passages, show_proofs
    from podgen.render.proving import prove, prove_file, refuse_bad, refuse_bad_passages

    if fill:
        from podgen.render.filling import fill as run
        from podgen.render.filling import refuse_unheard

        others = (turn, engine, audio, transcript, language, model)
        if script is None or any(option is not None for option in others):
            raise typer.BadParameter("--fill goes with a show, and with --ear and --json alone")
        filled = run(script, ear)
        show_filled(script, filled, json=json)
        refuse_unheard(script, filled)
        return

    if audio is not None and transcript is not None and script is None:
        passages = prove_file(audio, transcript, language, ear)
        show_passages(passages, json=json)
        refuse_bad_passages(audio, passages)
        return
    if script is None or audio is not None or transcript is not None or language is not None:
        raise typer.BadParameter("give a show, or --audio with --transcript")
    proved, missing = prove(
        script,
        engine=engine,
        turn=turn,
        store=store,
        model=ear,
        settings=read_settings(model),
    )
    show_proofs(proved, missing, json=json)
    refuse_bad(proved)


def edit(
    script: Script,
    engine: EngineName = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where the episode is rendered to.", metavar="FILE"),
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(help="Instead of the one that this script had last.", min=0, max=65535),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
    store: StoreRoot = None,
    model: Model = None,
    device: Device = None,
) -> None:
    """Edit the episode in a browser: change a turn and hear it in its context."""
    from podgen.edit import require

    require()
    from podgen.edit.options import Options
    from podgen.edit.run import edit as run

    settings = read_settings(model, device)
    run(Options(script, engine, settings, store, output), host=host, port=port, browser=browser)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to begin.")] = Path(),
) -> None:
    """Write a small show and its voices to begin with; never overwrites a file."""
    from podgen.show.starter import write_starter

    for path in write_starter(folder):
        print(path)


def schema(
    voices: Annotated[bool, typer.Option("--voices", help="The schema of voices.yaml.")] = False,
) -> None:
    """Print the JSON Schema of a script, for completion in editors."""
    from podgen.show.schema import schema_text

    print(schema_text(voices=voices))
