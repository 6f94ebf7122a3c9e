"""Training as it is asked for at the command line, checked before anything begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist

from podgen.engines.voxtral.cloning.codec import Codec, open_codec
from podgen.engines.voxtral.cloning.presets import usual_codes
from podgen.engines.voxtral.cloning.speaker import SpeakerEncoder
from podgen.engines.voxtral.settings import Settings
from podgen.engines.voxtral.training.data import Data
from podgen.engines.voxtral.training.listening import Listener
from podgen.engines.voxtral.training.processes import join
from podgen.engines.voxtral.training.recipe import Recipe, read_recipe
from podgen.engines.voxtral.training.trainer import Progress, Trainer
from podgen.engines.voxtral.training.whisper import Whisper
from podgen.errors import MachineError


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        data: folders of speech, of pairs, or of both.
        out: where everything goes; a run that is there goes on.
        recipe: a name or a file.
        steps: in place of the recipe's.
        whisper: gives the folder of the speech recogniser, where the recipe holds codes to one.
    """

    data: Sequence[Path]
    out: Path
    recipe: str = "ours"
    steps: int | None = None
    whisper: Callable[[], Path] | None = None


def train(
    asked: Asked, settings: Settings, tell: Callable[[Progress], None] = lambda progress: None
) -> Path:
    """Train an encoder; the file that it was written to.

    Raises:
        ScriptError: recipe or data will not do.
        EngineError: a file of the model, of the data or of an earlier run is wrong.
        MachineError: a package, the device, its memory or the disk space is lacking.
    """
    recipe = read_recipe(asked.recipe)
    if asked.steps is not None:
        recipe = recipe.with_values({"steps": asked.steps})
    if settings.model is None:
        raise MachineError(
            "training needs the model's folder", "name it with --model or PODGEN_VOXTRAL_MODEL"
        )
    device = join() or _device(settings)
    try:
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        codec = open_codec(settings.model, device=device, dtype=dtype)
        listener = _listener(asked, recipe, codec, device)
        data = Data(asked.data, codec.params.codec, recipe.held_out, listener)
        voices = SpeakerEncoder().to(device) if recipe.loss.speaker and data.speech else None
        usual = usual_codes(codec, settings.model)
        trainer = Trainer(recipe, codec, data, asked.out, voices, usual)
        return trainer.run(tell)
    except torch.OutOfMemoryError:
        raise MachineError(
            f"{device} has too little memory for {recipe.clips} clips of {recipe.seconds:g} s",
            "take fewer clips and accumulate more; the last state stays",
        ) from None
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def _listener(asked: Asked, recipe: Recipe, codec: Codec, device: torch.device) -> Listener | None:
    if not recipe.loss.asr:
        return None
    if asked.whisper is None:
        raise MachineError("the recipe asks for Whisper", "name a model's folder with --whisper")
    args = codec.params.codec
    return Listener(
        Whisper(asked.whisper(), device),
        asked.out / "heard",
        recipe.asr_heads,
        args.sampling_rate / args.samples_per_frame,
    )


def _device(settings: Settings) -> torch.device:
    name = settings.device.split(",")[0]
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
