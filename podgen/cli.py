"""The command line. Each command parses, calls one function and prints what it returns."""

from __future__ import annotations

from collections.abc import Sequence
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

Model = Annotated[
    Path | None, typer.Option(help="Folder or file of the engine's model.", metavar="PATH")
]

Device = Annotated[
    str | None, typer.Option(help="Voxtral: the device, such as cuda:0 or cpu.", metavar="NAME")
]

Setting = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A setting of the engine, as under engines: in voices.yaml; repeatable.",
        metavar="NAME=VALUE",
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
        settings=_settings(model, device, cuda_graphs=cuda_graphs),
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

    plan = run(script, engine=engine, settings=_settings(model), to_speak=False)
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

    settings = _settings(model, device)
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


@app.command()
def speak(
    text: Annotated[
        str | None, typer.Argument(help="What to say; standard input if left out.")
    ] = None,
    voice: Annotated[str | None, typer.Option("--voice", help="Whose voice.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A .wav, .flac or .mp3 file.", metavar="FILE"),
    ] = None,
    play: Annotated[bool, typer.Option("--play", help="Through the loudspeaker.")] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="As WAV to standard output, as it is spoken.")
    ] = False,
    list_voices: Annotated[
        bool, typer.Option("--list-voices", help="List the voices and end.")
    ] = False,
    engine: Annotated[
        str | None, typer.Option("--engine", "-e", help="On this engine.", metavar="NAME")
    ] = None,
    model: Model = None,
    device: Device = None,
    setting: Setting = None,
    url: Annotated[
        list[str] | None,
        typer.Option(help="Remote: a server's address; repeatable.", metavar="URL"),
    ] = None,
    language: Annotated[str | None, typer.Option(help="The text's language.")] = None,
    speed: Annotated[float, typer.Option(help="Rate of speech.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Another seed is another reading.", min=0)] = 0,
    max_tokens: Annotated[
        int | None, typer.Option(help="The most an engine may generate.", min=1)
    ] = None,
) -> None:
    """Say one text with any engine: into a file, a stream, or the loudspeaker."""
    from podgen import speak as speaking

    settings = _settings(model, device, setting)
    if url:
        engine, settings = engine or "remote", {**settings, **speaking.at_servers(url)}
    if list_voices:
        from podgen.listings import show_voices
        from podgen.voices import list_voices as listed

        speaking.require_engine(engine, settings)
        show_voices(listed(engine, settings), json=False)
        return
    if [output is not None, play, stream].count(True) != 1:
        raise typer.BadParameter("say one of --output FILE, --play, --stream")
    request = speaking.Request(
        text=speaking.read_text(text),
        voice=voice,
        engine=engine,
        settings=settings,
        language=language,
        seed=seed,
        speed=speed,
        max_tokens=max_tokens,
    )
    if output is not None:
        spoken = speaking.to_file(request, output)
    elif play:
        spoken = speaking.play(request)
    else:
        spoken = speaking.to_stream(request, speaking.raw_stdout())
    typer.echo(f"{spoken.seconds:.1f} s by {spoken.voice} on {spoken.engine}", err=True)


@app.command()
def serve(
    engine: Annotated[
        str | None, typer.Option("--engine", "-e", help="The engine to serve.", metavar="NAME")
    ] = None,
    model: Model = None,
    device: Device = None,
    setting: Setting = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 lets the system choose.", min=0, max=65535)] = 8000,
    api_key: Annotated[
        str | None,
        typer.Option(help="What clients must send.", envvar="PODGEN_API_KEY", show_default=False),
    ] = None,
    queue: Annotated[int, typer.Option(help="Requests open at once.", min=1)] = 64,
    batch: Annotated[int, typer.Option(help="Utterances spoken at once.", min=1)] = 32,
    characters: Annotated[int, typer.Option(help="The longest text.", min=1)] = 4096,
    body: Annotated[int, typer.Option(help="The largest request in bytes.", min=1024)] = 1 << 20,
    log_text: Annotated[
        bool, typer.Option("--log-text", help="Write what is spoken into the log.")
    ] = False,
) -> None:
    """Serve an engine to clients of OpenAI's speech endpoint."""
    from podgen.serve import require

    require()
    from podgen.serve.run import serve as run
    from podgen.serve.state import Limits

    run(
        engine,
        host=host,
        port=port,
        model=str(model) if model else None,
        settings=_settings(None, device, setting),
        api_key=api_key,
        limits=Limits(queue=queue, batch=batch, characters=characters, body=body),
        log_text=log_text,
    )


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
    from podgen.engines.voxtral.results import measure

    measure(device, batches, quantised, golden=golden, load=load, out=output)


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


def _settings(
    model: Path | None,
    device: str | None = None,
    given: Sequence[str] | None = None,
    *,
    cuda_graphs: bool = True,
) -> dict[str, object]:
    """The engine's settings: those of `--set`, and those that have an option of their own."""
    settings: dict[str, object] = {}
    for setting in given or ():
        import yaml

        name, equals, value = setting.partition("=")
        try:
            settings[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            equals = ""
        if not equals:
            raise typer.BadParameter(f"--set {setting}: write NAME=VALUE")
    if model is not None:
        settings["model"] = str(model)
    if device is not None:
        settings["device"] = device
    if not cuda_graphs:
        settings["cuda_graphs"] = False
    return settings
