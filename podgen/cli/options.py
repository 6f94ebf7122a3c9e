"""Options that several commands share, and the engine's settings they amount to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

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

Ear = Annotated[
    Path | None,
    typer.Option(help="Another Whisper model to hear with, for CTranslate2.", metavar="DIR"),
]

Device = Annotated[
    str | None, typer.Option(help="Voxtral: the device, such as cuda:0 or cpu.", metavar="NAME")
]

Fleet = Annotated[
    str | None,
    typer.Option(
        help="Speak on a Ray cluster: auto for this machine's, or HOST:PORT.", metavar="ADDRESS"
    ),
]

Setting = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A setting of the engine, as under engines: in voices.yaml; repeatable.",
        metavar="NAME=VALUE",
    ),
]


def read_settings(
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
