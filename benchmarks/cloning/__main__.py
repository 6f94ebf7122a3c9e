"""Encoders recovered for a codec whose own encoder was thrown away, by each recipe.

A small codec of the published architecture is trained end to end on Kokoro's voices; its decoder is
frozen and its encoder set aside. Each recipe then trains an encoder on the same speech with as many
steps, and clips of held-out speakers saying held-out texts go through each as it would be served.

    python -m benchmarks.cloning --preset two-cores --out benchmarks/out/cloning

Everything is kept in --out, and a run that was interrupted goes on there. With `podgen[proof]`
installed, the words that Whisper hears are counted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import soundfile
import soxr
import torch
from torch import Tensor

from benchmarks.cloning.codec import Size, train_codec
from benchmarks.cloning.speech import HELD_OUT, make_speech
from benchmarks.results import machine
from benchmarks.words import errors, plain
from podgen.engines.voxtral.cloning.codec import Codec, open_encoder
from podgen.engines.voxtral.cloning.optimise import optimise
from podgen.engines.voxtral.cloning.speaker import SpeakerEncoder
from podgen.engines.voxtral.model.config import SPECIAL_CODES
from podgen.engines.voxtral.model.encoder import CodecEncoder
from podgen.engines.voxtral.training.data import Data
from podgen.engines.voxtral.training.measure import Encode, measure
from podgen.engines.voxtral.training.pairs import write_shard
from podgen.engines.voxtral.training.recipe import read_recipe
from podgen.engines.voxtral.training.trainer import ENCODER, Trainer
from podgen.proof import weights
from podgen.proof.hearing import Hearing

RECIPES = ("v1", "v2", "v3", "ours")
PRESETS = 8
"""Training speakers whose codes are given with their sound, as the model's own voices' are."""


@dataclass(frozen=True)
class Plan:
    """How large everything is. `critics` are channels of the discriminators, 0 for none."""

    size: Size
    sentences: int
    steps: int
    clips: int
    seconds: float
    critics: int
    optimise: int
    tests: int


PLANS = {
    # Some minutes of one core: shows that it runs, and little else.
    "minutes": Plan(Size(96, 192, 4, 128, 16, 400, 4, 0.8), 4, 160, 4, 0.8, 0, 60, 1),
    "two-cores": Plan(Size(128, 256, 4, 256, 32, 3000, 6, 1.2), 16, 1500, 6, 1.2, 4, 400, 2),
    "gpu": Plan(Size(512, 2048, 8, 2048, 128, 40000, 16, 4.0), 64, 20000, 16, 4.0, 32, 1500, 4),
}


def run(plan: Plan, out: Path, speech: Path, ear: Hearing | None) -> dict[str, dict[str, Any]]:
    """Everything, one after the other; the table by row."""
    files = make_speech(speech, plan.sentences)
    codec = train_codec(out / "codec", speech / "train", plan.size)
    encoder, args = codec.encoder, codec.params.codec
    assert encoder is not None
    pairs = make_pairs(codec, files["train"], out / "pairs")
    voices = SpeakerEncoder()
    clips = [read(path) for path in files["test"] if int(path.stem) < plan.tests]
    texts = [HELD_OUT[int(path.stem)] for path in files["test"] if int(path.stem) < plan.tests]
    known = served(codec, encoder)
    rows: dict[str, dict[str, Any]] = {}

    def tell(name: str, encode: Encode, seconds: float) -> None:
        found, made = measure(codec, encode, clips, voices, known)
        rows[name] = {**asdict(found), "cpu_s": seconds}
        if ear is not None:
            rows[name]["wer"] = words(ear, made, texts)
        for number, sound in enumerate(made):
            path = out / "sounds" / f"{number}-{name.replace(' ', '-')}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, sound.clamp(-1, 1).numpy(), args.sampling_rate)
        print(name, rows[name], flush=True)
        (out / "table.json").write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1))

    tell("the true encoder", known, 0.0)
    for name in RECIPES:
        begun = process_time()
        path = recovered(name, plan, codec, [speech / "train", pairs], out / name, voices)
        tell(
            name,
            served(codec, open_encoder(path, codec.params, torch.device("cpu"), torch.float32)),
            process_time() - begun,
        )
    begun = process_time()
    tell(
        "optimised from nothing",
        by_steps(plan.optimise, codec, voices, None),
        process_time() - begun,
    )
    ours = open_encoder(out / "ours" / ENCODER, codec.params, torch.device("cpu"), torch.float32)
    begun = process_time()
    tell(
        "ours, then optimised",
        by_steps(plan.optimise, codec, voices, served(codec, ours)),
        process_time() - begun,
    )
    return rows


def recovered(
    name: str, plan: Plan, codec: Codec, data: list[Path], folder: Path, voices: SpeakerEncoder
) -> Path:
    """The encoder of a recipe, trained unless it is there."""
    if (folder / ENCODER).exists():
        return folder / ENCODER
    values = {
        "steps": plan.steps,
        "clips": plan.clips,
        "seconds": plan.seconds,
        "warmup": plan.steps // 20,
        "rate": 1e-3,
        "dtype": "float32",
        "discriminator_channels": max(1, plan.critics),
        "discriminator_start": plan.steps // 2 if plan.critics else plan.steps,
        "save_every": 100,
        "validate_every": 10**9,
        "held_out": 0.0,
    }
    recipe = read_recipe(name).with_values(values)
    if recipe.ema:
        recipe = replace(recipe, ema=0.99)
    found = Data(data if recipe.pairs else data[:1], codec.params.codec, 0.0)
    trainer = Trainer(recipe, codec, found, folder, voices)
    begun = perf_counter()

    def tell(progress: Any) -> None:
        if progress.step % 50 == 0:
            losses = ", ".join(f"{key} {value:.3f}" for key, value in progress.losses.items())
            rate = progress.step / (perf_counter() - begun)
            print(f"{name} {progress.step}/{plan.steps}: {losses}; {rate:.2f}/s", flush=True)

    return trainer.run(tell)


def served(codec: Codec, encoder: CodecEncoder) -> Encode:
    """An encoder as it is served: one clip at a time, one tanh, in the quantiser."""
    return lambda clip: codec.decoder.codebooks.values(encoder.encode([clip])[0])


def by_steps(steps: int, codec: Codec, voices: SpeakerEncoder, start: Encode | None) -> Encode:
    """Optimisation of each clip's codes."""

    def encode(clip: Tensor) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            sound = clip.clone()
            first = None if start is None else start(sound) + SPECIAL_CODES
            found = optimise(codec, sound, steps=steps, start=first, voices=voices)
        return found.codes - SPECIAL_CODES

    return encode


@torch.inference_mode()
def make_pairs(codec: Codec, files: list[Path], folder: Path) -> Path:
    """Codes of some training speakers with the decoder's sound of them."""
    path = folder / "pairs-00000.safetensors"
    if not path.exists():
        speakers = sorted({file.parent.name for file in files})[:PRESETS]
        codes = [codec.encode(read(file)) for file in files if file.parent.name in speakers]
        folder.mkdir(parents=True, exist_ok=True)
        write_shard(path, codes, [codec.decoder.decode(each) for each in codes])
    return folder


def read(path: Path) -> Tensor:
    return torch.from_numpy(soundfile.read(path, dtype="float32")[0])


def words(ear: Hearing, sounds: list[Tensor], texts: list[str]) -> float:
    """Word errors in percent, as Whisper hears them."""
    wrong = count = 0
    for sound, text in zip(sounds, texts, strict=True):
        [reading, *_] = ear.hear(soxr.resample(sound.numpy(), 24000, 16000), "en")
        said = plain(text).split()
        wrong += errors(said, plain(" ".join(word.text for word in reading)).split())
        count += len(said)
    return 100 * wrong / count


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The rows as Markdown."""
    shown: dict[str, Callable[[dict[str, Any]], str]] = {
        "mel": lambda row: f"{row['mel']:.3f}",
        "STFT": lambda row: f"{row['stft']:.3f}",
        "speaker cosine": lambda row: f"{row['speaker']:.3f}",
        "same codes": lambda row: f"{row['same']:.1%}",
        "distinct codes": lambda row: f"{row['codes']:.1f}",
        "levels": lambda row: f"{row['lowest']:.0f} to {row['highest']:.0f}",
        "word errors": lambda row: f"{row['wer']:.0f}%" if "wer" in row else "",
    }
    lines = ["| | " + " | ".join(shown) + " |", "|---" * (len(shown) + 1) + "|"]
    for name, row in rows.items():
        lines.append(f"| {name} | " + " | ".join(show(row) for show in shown.values()) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=PLANS, default="two-cores")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out/cloning"))
    parser.add_argument("--speech", type=Path, help="where the speech is kept; else in --out")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    ear = Hearing(weights.whisper(), threads=given.threads) if weights.installed() else None
    kept = given.speech or given.out / "speech"
    print(table(run(PLANS[given.preset], given.out / given.preset, kept, ear)))
