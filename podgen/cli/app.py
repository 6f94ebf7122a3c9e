"""The command line. Each command parses, calls one function and prints what it returns."""

from __future__ import annotations

from typing import Annotated

import typer

from podgen import __version__
from podgen.cli import exchange, machine, show, speech, store, train, voices

app = typer.Typer(
    name="podgen",
    help="Render a YAML script of character turns into a levelled, mastered podcast episode.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    show.render,
    show.check,
    show.takes,
    show.proof,
    show.edit,
    speech.speak,
    speech.serve,
    speech.fetch,
    show.init,
    show.schema,
    machine.doctor,
):
    app.command()(command)
app.command("import")(exchange.import_)
app.command()(exchange.export)
app.command()(exchange.feed)
app.command()(exchange.clip)
app.add_typer(voices.voices, name="voices")
app.add_typer(voices.encoder, name="encoder")
app.add_typer(train.app, name="train")
app.add_typer(store.app, name="cache")
app.add_typer(machine.bench, name="bench")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"podgen {__version__}")
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
