"""Commands that look after the store of rendered clips."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from podgen.cli.options import Json, StoreRoot

if TYPE_CHECKING:
    from podgen.render.store import Store

app = typer.Typer(help="Look after the store of rendered clips.", no_args_is_help=True)


@app.command("ls")
def cache_ls(store: StoreRoot = None, json: Json = False) -> None:
    """Say how many clips the store holds and how large it is."""
    from podgen.cli.printing.store import show_store

    show_store(_opened(store), json=json)


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

    if unused_days is None and keep_gigabytes is None:
        raise typer.BadParameter("say --unused-days or --keep-gigabytes")
    if not all(math.isfinite(value or 0) for value in (unused_days, keep_gigabytes)):
        raise typer.BadParameter("give a number")
    freed = _opened(store).prune(
        unused_for=None if unused_days is None else unused_days * 86400,
        keep_bytes=None if keep_gigabytes is None else int(keep_gigabytes * 1e9),
    )
    print(f"freed {size_text(freed)}")


@app.command("verify")
def cache_verify(store: StoreRoot = None) -> None:
    """Check every clip's digest; corrupt ones are removed and will be rendered again."""
    from podgen.cli.printing.store import show_verification

    show_verification(_opened(store))


def _opened(root: Path | None) -> Store:
    """The store at `root`, which must be there if it was named.

    Raises:
        ScriptError: it is not.
    """
    from podgen.errors import ScriptError
    from podgen.render.store import Store

    store = Store(root)
    if root is not None and not store.exists():
        raise ScriptError(f"no store at {root}", "check the path")
    return store
