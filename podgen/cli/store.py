"""Commands that look after the store of rendered clips."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from podgen.cli.options import Json, StoreRoot

app = typer.Typer(help="Look after the store of rendered clips.", no_args_is_help=True)


@app.command("ls")
def cache_ls(store: StoreRoot = None, json: Json = False) -> None:
    """Say how many clips the store holds and how large it is."""
    from podgen.cli.listings import show_store
    from podgen.render.store import Store

    show_store(Store(store), json=json)


@app.command("prune")
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
    from podgen.files import size_text
    from podgen.render.store import Store

    if unused_days is None and keep_gigabytes is None:
        raise typer.BadParameter("say --unused-days or --keep-gigabytes")
    if math.inf in (unused_days, keep_gigabytes):
        raise typer.BadParameter("give a number")
    freed = Store(store).prune(
        unused_for=None if unused_days is None else unused_days * 86400,
        keep_bytes=None if keep_gigabytes is None else int(keep_gigabytes * 1e9),
    )
    typer.echo(f"freed {size_text(freed)}")


@app.command("verify")
def cache_verify(store: StoreRoot = None) -> None:
    """Check every clip's digest; corrupt ones are removed and will be rendered again."""
    from podgen.cli.listings import show_verification
    from podgen.render.store import Store

    show_verification(Store(store))
