"""Encoders recovered for a codec whose own encoder was thrown away, by each recipe.

A small codec of the published architecture is trained end to end on Kokoro's voices; its decoder is
frozen and its encoder set aside. Each recipe then trains an encoder on the same speech with as many
steps, and clips of held-out speakers saying held-out texts go through each as it would be served.

    python -m benchmarks.cloning --preset two-cores --out benchmarks/out/cloning

Everything is kept in --out, and a run that was interrupted goes on there. It needs `podgen[proof]`,
whose Whisper the public attempt's recipes hold semantic codes to, and by which words are counted.
--human names a folder of clips of people; what becomes of them by each encoder stands in two
columns of its own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from time import process_time
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
from podgen.engines.voxtral.training.listening import Listener
from podgen.engines.voxtral.training.measure import Encode, measure
from podgen.engines.voxtral.training.pairs import write_shard
from podgen.engines.voxtral.training.recipe import read_recipe
from podgen.engines.voxtral.training.trainer import ENCODER, Trainer
from podgen.engines.voxtral.training.whisper import Whisper
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
    # A quarter of an hour of one core, with speech made: shows that it runs, and little else.
    "minutes": Plan(Size(96, 192, 4, 256, 32, 700, 4, 1.28), 8, 150, 4, 1.28, 0, 60, 1),
    "two-cores": Plan(Size(96, 192, 4, 256, 32, 10000, 4, 1.28), 8, 1500, 4, 1.28, 0, 400, 1),
    "gpu": Plan(Size(512, 2048, 8, 2048, 128, 40000, 16, 4.0), 64, 20000, 16, 4.0, 32, 1500, 4),
}


def run(
    plan: Plan,
    out: Path,
    speech: Path,
    people: Path | None,
    only: str | None,
    device: torch.device,
) -> dict[str, dict[str, Any]]:
    """Everything, one after the other; the table by row. Or the training of one recipe alone."""
    ear = Hearing(weights.whisper(), threads=torch.get_num_threads())
    files = make_speech(speech, plan.sentences)
    codec = train_codec(out / "codec", speech / "train", plan.size, device)
    encoder, args = codec.encoder, codec.params.codec
    assert encoder is not None
    pairs = make_pairs(codec, files["train"], out / "pairs")
    voices = SpeakerEncoder().to(device)
    data = [speech / "train", pairs]
    if only:
        recovered(only, plan, codec, data, out / only, voices)
        return {}
    clips = [read(path).to(device) for path in files["test"] if int(path.stem) < plan.tests]
    texts = [HELD_OUT[int(path.stem)] for path in files["test"] if int(path.stem) < plan.tests]
    human = [read(path).to(device) for path in sorted(people.glob("*.wav"))] if people else []
    known = served(codec, encoder)
    kept = out / "table.json"
    rows: dict[str, dict[str, Any]] = {}
    if kept.exists():
        rows = json.loads(kept.read_text())["rows"]

    def tell(name: str, make: Callable[[], tuple[Encode, float]]) -> None:
        if name in rows:
            return
        encode, seconds = make()
        found, made = measure(codec, encode, clips, voices, known)
        rows[name] = {**asdict(found), "cpu_s": seconds, "wer": words(ear, made, texts)}
        if human and "optimised" not in name:
            theirs, _ = measure(codec, encode, human, voices)
            rows[name] |= {"human mel": theirs.mel, "human speaker": theirs.speaker}
        for number, sound in enumerate(made):
            path = out / "sounds" / f"{number}-{name.replace(' ', '-')}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, sound.clamp(-1, 1).numpy(), args.sampling_rate)
        print(name, rows[name], flush=True)
        kept.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1))

    tell("the true encoder", lambda: (known, 0.0))
    for name in RECIPES:
        tell(name, partial(recovered, name, plan, codec, data, out / name, voices))
    ours = open_encoder(out / "ours" / ENCODER, codec.params, device, torch.float32)
    steps, states = plan.optimise, out / "optimised"
    starts = {"optimised from nothing": None, "ours, then optimised": served(codec, ours)}
    for name, start in starts.items():
        tell(name, partial(by_steps, steps, codec, voices, start, clips, states / name))
    return rows


def recovered(
    name: str, plan: Plan, codec: Codec, data: list[Path], folder: Path, voices: SpeakerEncoder
) -> tuple[Encode, float]:
    """The encoder of a recipe as it is served, and the CPU seconds that its training took."""
    values = {
        "steps": plan.steps,
        "clips": plan.clips,
        "seconds": plan.seconds,
        "warmup": plan.steps // 20,
        "rate": 1.5e-3,
        "layer_scale": 0.7,
        "dtype": "float32",
        "discriminator_channels": max(1, plan.critics),
        "discriminator_start": plan.steps // 2 if plan.critics else plan.steps,
        "save_every": 25,
        "validate_every": 10**9,
        "held_out": 0.0,
    }
    recipe = read_recipe(name).with_values(values)
    if recipe.ema:
        recipe = replace(recipe, ema=1 - 4 / plan.steps)
    args = codec.params.codec
    listener = None
    if recipe.loss.asr:
        rate = args.sampling_rate / args.samples_per_frame
        model = Whisper(weights.whisper(), codec.decoder.codebooks.rows.device)
        listener = Listener(model, folder.parent / "heard", recipe.asr_heads, rate)
    found = Data(data if recipe.pairs else data[:1], args, 0.0, listener)
    trainer = Trainer(recipe, codec, found, folder, voices)
    spent = folder / "seconds"
    before = float(spent.read_text()) if spent.exists() else 0.0
    first, begun = trainer.step, process_time()
    sums: dict[str, float] = {}

    def tell(progress: Any) -> None:
        for key, value in progress.losses.items():
            sums[key] = sums.get(key, 0.0) + value / 25
        if progress.step % 25 == 0:
            losses = ", ".join(f"{key} {value:.3f}" for key, value in sums.items())
            sums.clear()
            spent.write_text(str(before + process_time() - begun))
            rate = (progress.step - first) / (process_time() - begun)
            print(
                f"{name} {progress.step}/{plan.steps}: {losses}; {rate:.2f} steps a second of CPU",
                flush=True,
            )

    path = trainer.run(tell)
    device = codec.decoder.codebooks.rows.device
    encoder = open_encoder(path, codec.params, device, torch.float32)
    return served(codec, encoder), float(spent.read_text())


def served(codec: Codec, encoder: CodecEncoder) -> Encode:
    """An encoder as it is served: one clip at a time, one tanh, in the quantiser."""
    return lambda clip: codec.decoder.codebooks.values(encoder.encode([clip])[0])


def by_steps(
    steps: int,
    codec: Codec,
    voices: SpeakerEncoder,
    start: Encode | None,
    clips: list[Tensor],
    folder: Path,
) -> tuple[Encode, float]:
    """Codes of each clip, optimised and given back in their order, and CPU seconds a clip."""
    folder.mkdir(parents=True, exist_ok=True)
    found, begun = [], process_time()
    for number, clip in enumerate(clips):
        first = None if start is None else start(clip) + SPECIAL_CODES
        state = folder / f"{number}.pt"
        done = optimise(codec, clip, steps=steps, start=first, voices=voices, state=state)
        print(f"{folder.name}, clip {number}: {done.loss:.3f} in {done.steps} steps", flush=True)
        found.append(done.codes - SPECIAL_CODES)
    each = iter(found)
    return (lambda clip: next(each)), (process_time() - begun) / len(clips)


@torch.inference_mode()
def make_pairs(codec: Codec, files: list[Path], folder: Path) -> Path:
    """Codes of some training speakers with the decoder's sound of them."""
    path = folder / "pairs-00000.safetensors"
    if not path.exists():
        speakers = sorted({file.parent.name for file in files})[:PRESETS]
        codes = [codec.encode(read(file)) for file in files if file.parent.name in speakers]
        folder.mkdir(parents=True, exist_ok=True)
        sounds = [codec.decoder.decode(each).cpu() for each in codes]
        write_shard(path, [each.cpu() for each in codes], sounds)
    return folder


def read(path: Path) -> Tensor:
    return torch.from_numpy(soundfile.read(path, dtype="float32")[0])


def words(ear: Hearing, sounds: list[Tensor], texts: list[str]) -> float:
    """Word errors in percent, as Whisper hears them."""
    wrong = count = 0
    for sound, text in zip(sounds, texts, strict=True):
        heard = ear.hear(soxr.resample(sound.numpy(), 24000, 16000), "en").words
        said = plain(text).split()
        wrong += errors(said, plain(" ".join(word.text for word in heard)).split())
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
        "word errors": lambda row: f"{row['wer']:.0f}%",
        "people: mel": lambda row: f"{row['human mel']:.3f}" if "human mel" in row else "",
        "people: cosine": lambda row: (
            f"{row['human speaker']:.3f}" if "human speaker" in row else ""
        ),
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
    parser.add_argument("--only", choices=RECIPES, help="train with this recipe, and no more")
    parser.add_argument("--human", type=Path, help="a folder of WAV files at 24 kHz")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    kept = given.speech or given.out / "speech"
    out = given.out / given.preset
    device = torch.device(given.device)
    print(table(run(PLANS[given.preset], out, kept, given.human, given.only, device)))
