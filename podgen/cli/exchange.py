"""Commands that take scripts in and hand episodes out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from podgen.cli.options import Device, EngineName, Json, Model, Script, StoreRoot, read_settings


def import_(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Dialogue as text or Markdown, Fountain, SSML, WebVTT, SRT, a transcript, .docx.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The script to write.", metavar="SHOW.yaml")
    ],
    cast: Annotated[
        list[str] | None,
        typer.Option(help="A speaker's voice; or ENGINE/VOICE; repeatable.", metavar="NAME=VOICE"),
    ] = None,
    engine: EngineName = None,
    language: Annotated[
        str | None, typer.Option(help="The language spoken; else the source's.", metavar="TAG")
    ] = None,
    narrator: Annotated[
        str | None, typer.Option(help="Who says what nobody is named for.", metavar="NAME")
    ] = None,
    json: Json = False,
) -> None:
    """Write a script from a file of another form, or bring it up to a file that was changed."""
    from podgen.cli.printing.exchange import show_import
    from podgen.proposal.importing import import_script

    show_import(
        import_script(
            source,
            output,
            cast=cast or (),
            engine=engine,
            language=language,
            narrator=narrator,
        ),
        source,
        json=json,
    )


class To(StrEnum):
    """What `podgen export` writes."""

    REAPER = "reaper"
    OTIO = "otio"
    AUDACITY = "audacity"
    FFMPEG = "ffmpeg"


def export(
    script: Script,
    to: Annotated[To, typer.Option(help="For which editor.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The folder; by default dist/SHOW-EDITOR.", metavar="DIR"
        ),
    ] = None,
    engine: EngineName = None,
    store: StoreRoot = None,
    model: Model = None,
    device: Device = None,
    json: Json = False,
) -> None:
    """Write the show as an editor's project, or as a script of plain ffmpeg, with its sounds."""
    from podgen.cli.printing.exchange import show_export
    from podgen.cli.season import watching
    from podgen.render.exporting import export as run

    with watching(json=json) as watch:
        done = run(
            script,
            to.value,
            watch,
            output=output,
            engine=engine,
            store=store,
            settings=read_settings(model, device),
        )
    show_export(done, json=json)


def feed(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where episodes were rendered, such as dist.")
    ],
    url: Annotated[
        str, typer.Option(help="The address at which the folder is hosted.", metavar="BASE")
    ],
    date: Annotated[
        datetime | None,
        typer.Option(help="When episodes that are new in the feed come out; now.", metavar="DATE"),
    ] = None,
    json: Json = False,
) -> None:
    """Write the folder's podcast feed and a static site; uploads nothing."""
    from podgen.cli.printing.exchange import show_podcast
    from podgen.publish.podcast import publish_podcast

    when = (date or datetime.now()).astimezone().replace(microsecond=0)
    show_podcast(publish_podcast(folder, url, when), json=json)


def clip(
    script: Script,
    turns: Annotated[
        str, typer.Argument(metavar="ID..ID", help="The first turn and the last, or one turn.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="A sound file; or an .mp4, with captions over the cover."
        ),
    ],
    engine: EngineName = None,
    store: StoreRoot = None,
    model: Model = None,
    device: Device = None,
    json: Json = False,
) -> None:
    """Write a few turns as a file of their own: a teaser to hear, or to see."""
    from podgen.cli.printing.exchange import show_clip
    from podgen.cli.season import watching
    from podgen.render.clipping import clip as run

    settings = read_settings(model, device)
    with watching(json=json) as watch:
        done = run(script, turns, output, watch, engine=engine, store=store, settings=settings)
    show_clip(done, json=json)
