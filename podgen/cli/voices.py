"""Commands on voices: listed, heard, cloned from recordings; and on the encoder that clones."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from podgen.cli.options import Device, EngineName, Json, Model, read_settings

voices = typer.Typer(
    help="List the voices of this machine's engines, hear some of them, or clone one.",
    invoke_without_command=True,
)
encoder = typer.Typer(help="Put a codec encoder into a checkpoint.", no_args_is_help=True)

EncoderFile = Annotated[
    Path | None,
    typer.Option(help="A codec encoder, where the weights lack it.", metavar="FILE"),
]


class Method(StrEnum):
    """How codes are found."""

    AUTO = "auto"
    ENCODE = "encode"
    OPTIMISE = "optimise"


@voices.callback()
def list_or_hear(
    context: typer.Context,
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
    if context.invoked_subcommand is not None:
        return
    from podgen.cli.printing.voices import show_samples, show_voices
    from podgen.speech.voices import list_voices, speak_samples

    if text is not None and not sample:
        raise typer.BadParameter("--text needs --sample VOICE, which speaks it")
    if sample:
        show_samples(speak_samples(sample, engine=engine, text=text, folder=output), json=json)
    else:
        show_voices(list_voices(engine), json=json)


@voices.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call the voice.")],
    recording: Annotated[
        Path, typer.Argument(metavar="FILE", help="3 to 25 s of one person speaking.")
    ],
    consent: Annotated[
        str, typer.Option(help="Who agreed to be cloned, when and to what.", metavar="TEXT")
    ],
    method: Annotated[
        Method, typer.Option(help="auto encodes where there is an encoder.")
    ] = Method.AUTO,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the voice.", metavar="DIR")
    ] = Path("voices"),
    steps: Annotated[int, typer.Option(help="With optimise: most steps.", min=1)] = 1500,
    model: Model = None,
    encoder: EncoderFile = None,
    device: Device = None,
    json: Json = False,
) -> None:
    """Clone a voice for Voxtral from a recording, by its speaker's leave."""
    from podgen.cli.printing.voices import show_enrolled, watch_steps
    from podgen.engines.voxtral.cloning.enrol import Enrolment, enrol
    from podgen.engines.voxtral.settings import read_settings as voxtral_settings

    given = read_settings(model, device)
    settings = voxtral_settings({**given, "encoder": str(encoder)} if encoder else given)
    asked = Enrolment(name, recording, consent, method.value, output, steps)
    with watch_steps(json=json) as tell:
        enrolled = enrol(asked, settings, tell)
    show_enrolled(enrolled, json=json)


@encoder.command("inject")
def inject(
    model: Annotated[Path, typer.Option(help="The downloaded folder.", metavar="DIR")],
    encoder: Annotated[Path, typer.Option(help="The encoder's tensors.", metavar="FILE")],
    into: Annotated[Path, typer.Option(help="A new folder.", metavar="DIR")],
    voice: Annotated[
        list[Path] | None,
        typer.Option(help="A voice to put in as well; repeatable.", metavar="FILE"),
    ] = None,
) -> None:
    """Write a checkpoint in the published layout with an encoder in it; the original stays."""
    from podgen.engines.voxtral.cloning.inject import inject as run

    print(run(model, encoder, into, voice or ()))
