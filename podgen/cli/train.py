"""Commands that train the codec encoder that Voxtral's published weights lack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from podgen.cli.options import Device, Json, Model, read_settings

app = typer.Typer(
    help="Train the codec encoder that Voxtral's published weights lack.", no_args_is_help=True
)


@app.command("pairs")
def pairs(
    texts: Annotated[Path, typer.Argument(metavar="FILE", help="A text a line.")],
    out: Annotated[Path, typer.Option(help="Folder for the shards.", metavar="DIR")],
    shards: Annotated[int, typer.Option(help="Half an hour of sound each.", min=1)] = 100,
    model: Model = None,
    device: Device = None,
    json: Json = False,
) -> None:
    """Have the model speak in all its voices, and keep its codes with their sound."""
    from podgen.cli.printing.voices import show_shard
    from podgen.engines.voxtral.settings import read_settings as voxtral_settings
    from podgen.engines.voxtral.training.pairs import make_pairs

    settings = voxtral_settings(read_settings(model, device))
    make_pairs(settings, texts, out, shards=shards, tell=lambda shard: show_shard(shard, json=json))


@app.command("encoder")
def encoder(
    data: Annotated[
        list[Path],
        typer.Option(help="A folder of speech or of pairs; repeatable.", metavar="DIR"),
    ],
    out: Annotated[
        Path, typer.Option(help="Where state and encoder go; a run there goes on.", metavar="DIR")
    ],
    recipe: Annotated[
        str, typer.Option(help="ours, v1, v2, v3, or a file.", metavar="NAME")
    ] = "ours",
    steps: Annotated[int | None, typer.Option(help="In place of the recipe's.", min=1)] = None,
    whisper: Annotated[
        Path | None,
        typer.Option(
            help="For recipes with asr: a Whisper for CTranslate2; else podgen[proof]'s.",
            metavar="DIR",
        ),
    ] = None,
    model: Model = None,
    device: Device = None,
    json: Json = False,
) -> None:
    """Train an encoder against the frozen decoder; under torchrun on several GPUs."""
    from podgen.cli.printing.voices import show_training
    from podgen.engines.voxtral.settings import read_settings as voxtral_settings
    from podgen.engines.voxtral.training.run import Asked, train
    from podgen.proof import weights

    settings = voxtral_settings(read_settings(model, device))
    asked = Asked(data, out, recipe, steps, lambda: weights.whisper(whisper))
    print(train(asked, settings, lambda progress: show_training(progress, json=json)))
