"""Pairs for training: the model itself speaks, and its codes go down with their sound.

Supervision without a limit and without an error: these are the very codes that the language model
means, and the very sound that the decoder makes of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from podgen.engines.base import Utterance
from podgen.engines.voxtral.batch.decoding import Generated
from podgen.engines.voxtral.batch.job import generate
from podgen.engines.voxtral.batch.loaded import Loaded, load
from podgen.engines.voxtral.batch.speaking import Spoken
from podgen.engines.voxtral.batch.work import Work
from podgen.engines.voxtral.model.config import MAX_POSITIONS, SPECIAL_CODES
from podgen.engines.voxtral.model.files import voice_files
from podgen.engines.voxtral.settings import Settings
from podgen.engines.voxtral.text import pace
from podgen.engines.voxtral.text.pieces import cut
from podgen.errors import EngineError, MachineError, ScriptError
from podgen.files import make_folder, whole_file

SHARD_CLIPS = 256
"""Utterances in a shard: about half an hour, 90 MB."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard on disk, and seconds of sound in it."""

    path: Path
    utterances: int
    seconds: float


def make_pairs(
    settings: Settings,
    texts: Path,
    out: Path,
    *,
    shards: int,
    tell: Callable[[Shard], None] = lambda shard: None,
) -> None:
    """Have the model speak lines of a file in all its voices in turn, until there are `shards`.

    Shards that are there already stay; so what was interrupted goes on. Readings that end badly
    are left out.

    Raises:
        ScriptError: the file has no text.
        EngineError: a file of the model is wrong.
        MachineError: the model, the device or the disk space is lacking.
    """
    if settings.model is None:
        raise MachineError(
            "pairs need the model's folder", "name it with --model or PODGEN_VOXTRAL_MODEL"
        )
    try:
        lines = [line.strip() for line in texts.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"{texts} cannot be read ({error})", "give a text file") from None
    lines = [line for line in lines if line]
    if not lines:
        raise ScriptError(f"{texts} has no text", "give one with a text a line")
    make_folder(out)
    loaded: Loaded | None = None
    voices = list(voice_files(settings.model))
    for number in range(shards):
        path = out / f"pairs-{number:05}.safetensors"
        if path.exists():
            continue
        loaded = loaded or load(settings)
        tell(_shard(loaded, lines, voices, number, path))


def _shard(
    loaded: Loaded, lines: Sequence[str], voices: Sequence[str], number: int, path: Path
) -> Shard:
    asked = []
    for at in range(SHARD_CLIPS):
        which = number * SHARD_CLIPS + at
        text = lines[which // len(voices) % len(lines)]
        utterance = Utterance(str(which), text, voices[which % len(voices)], seed=which)
        pieces = cut(text, loaded.settings.split)[:1]
        asked.append(Spoken(str(at), utterance, False, 24000, pieces))
    turns = [loaded.turn(one, 0, 0) for one in asked]
    texts = {turn.id: one.pieces[0].text for turn, one in zip(turns, asked, strict=True)}
    model = loaded.models[0]
    longest = max(model.voice_rows(t.voice) + 3 + len(t.ids) + t.limit for t in turns)
    slots = min(loaded.most_slots(), len(turns))
    how = loaded.batching(slots, min(MAX_POSITIONS, -(-longest // 64) * 64))
    work = Work(turns)
    left = len(turns)
    codes: list[Tensor] = []
    sounds: list[Tensor] = []
    for result in generate(loaded.models, work, how):
        left -= 1
        if not left:
            work.close()
        if not isinstance(result, Generated):
            continue
        if pace.fault(texts[result.turn.id], result.frames, result.ended) is None:
            codes.append(result.codes.cpu())
            sounds.append(torch.from_numpy(result.samples))
    if not codes:
        raise EngineError("every reading ended badly", "give other texts")
    return write_shard(path, codes, sounds)


def write_shard(path: Path, codes: Sequence[Tensor], sounds: Sequence[Tensor]) -> Shard:
    """Write utterances' codes [frames, codebooks], specials' offset included, and samples.

    Raises:
        MachineError: the disk is full or cannot be written.
    """
    frames = [len(each) for each in codes]
    whole = torch.cat(list(sounds)).float().clamp(-1, 1)
    tensors = {
        "codes": (torch.cat(list(codes)) - SPECIAL_CODES).short().contiguous(),
        "audio": (whole * 32767).round().short().contiguous(),
    }
    data = save(tensors, metadata={"frames": json.dumps(frames)})
    with whole_file(path) as temporary:
        temporary.write_bytes(data)
    return Shard(path, len(frames), sum(frames) / pace.FRAME_RATE)
