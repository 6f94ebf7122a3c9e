"""What is trained on: folders of speech, and shards of pairs of codes and sound.

A batch is a function of seed, step and process alone, so that a run that was killed goes on with
the very clips that it would have had.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from podgen.engines.voxtral.model.config import CodecArgs
from podgen.engines.voxtral.training.listening import Listener, Tokens
from podgen.errors import EngineError, ScriptError

SHARD = "pairs-*.safetensors"
SOUND = (".wav", ".flac", ".ogg", ".mp3", ".opus")


@dataclass(frozen=True, slots=True)
class Clip:
    """A sound file and whose voice it is: the name of its folder."""

    path: Path
    speaker: str
    frames: int
    rate: int


@dataclass(frozen=True, slots=True)
class Pair:
    """An utterance in a shard: where its samples and frames lie."""

    shard: Path
    sample: int
    samples: int
    frame: int
    frames: int


@dataclass(frozen=True, slots=True)
class Speech:
    """A batch of speech: waves [clips, samples] with noughts after each, their lengths, and what
    is said in each where a listener was given."""

    waves: Tensor
    lengths: list[int]
    tokens: list[Tokens] | None = None


@dataclass(frozen=True, slots=True)
class Pairs:
    """A batch of pairs: see `Speech`; values [clips, frames, codebooks] with a mask."""

    waves: Tensor
    lengths: list[int]
    values: Tensor
    mask: Tensor


class Data:
    """All that lies under some folders.

    Args:
        folders: searched through.
        args: the codec's sizes.
        held_out: share of the speakers, at least one of two and more, kept for validation.
        listener: hears what is said, where a recipe asks for it.

    Raises:
        ScriptError: there is neither speech nor a pair.
        EngineError: a file is no sound, or a shard is damaged or of another model.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        args: CodecArgs,
        held_out: float,
        listener: Listener | None = None,
    ) -> None:
        self._args, self.listener = args, listener
        clips: list[Clip] = []
        self.pairs: list[Pair] = []
        for folder in folders:
            if not folder.is_dir():
                raise ScriptError(f"no folder {folder}", "name folders of speech or of pairs")
            clips += _clips(folder)
            for shard in sorted(folder.rglob(SHARD)):
                self.pairs += _pairs(shard, args)
        if not clips and not self.pairs:
            named = ", ".join(map(str, folders))
            raise ScriptError(f"neither speech nor pairs in {named}", "name folders of sound files")
        speakers = sorted({clip.speaker for clip in clips})
        count = max(1, round(held_out * len(speakers))) if len(speakers) > 1 and held_out else 0
        apart = np.random.default_rng(0).permutation(speakers)[:count]
        self.validation = [clip for clip in clips if clip.speaker in apart]
        self.speech = [clip for clip in clips if clip.speaker not in apart]
        by_speaker: dict[str, list[Clip]] = {}
        for clip in self.speech:
            by_speaker.setdefault(clip.speaker, []).append(clip)
        self._speakers = list(by_speaker.values())

    def speech_batch(self, clips: int, seconds: float, key: Sequence[int]) -> Speech:
        """Clips of speakers drawn alike, from anywhere in their files."""
        draw = np.random.default_rng([*key, 1])
        count = round(seconds * self._args.sampling_rate)
        waves, tokens = [], []
        for _ in range(clips):
            of = self._speakers[draw.integers(len(self._speakers))]
            clip, where = of[draw.integers(len(of))], draw.random()
            waves.append(_read(clip, count, self._args, where))
            if self.listener is not None:
                start = _place(clip, count, self._args, where)[0] / clip.rate
                frames = -(-count // self._args.samples_per_frame)
                tokens.append(self.listener.within(clip.path, start, frames))
        lengths = [len(wave) for wave in waves]
        return Speech(_padded(waves, count), lengths, tokens if self.listener else None)

    def pair_batch(self, clips: int, seconds: float, key: Sequence[int]) -> Pairs:
        """Pairs cut at frames."""
        draw = np.random.default_rng([*key, 2])
        step = self._args.samples_per_frame
        most = max(1, round(seconds * self._args.sampling_rate) // step)
        waves, values = [], []
        for _ in range(clips):
            pair = self.pairs[draw.integers(len(self.pairs))]
            count = min(most, pair.frames)
            at = int(draw.integers(pair.frames - count + 1))
            with safe_open(pair.shard, framework="pt") as file:
                first = pair.sample + at * step
                sound = file.get_slice("audio")[first : first + count * step]
                codes = file.get_slice("codes")[pair.frame + at : pair.frame + at + count]
            waves.append(sound.float() / 32767)
            values.append(codes.long())
        padded = torch.zeros(clips, most, values[0].shape[1], dtype=torch.long)
        mask = torch.zeros(clips, most, dtype=torch.bool)
        for row, each in enumerate(values):
            padded[row, : len(each)] = each
            mask[row, : len(each)] = True
        return Pairs(_padded(waves, most * step), [len(w) for w in waves], padded, mask)


def whole_clip(clip: Clip, args: CodecArgs, seconds: float) -> Tensor:
    """A file from its beginning, at most so long."""
    return _read(clip, round(seconds * args.sampling_rate), args, 0.0)


def _padded(waves: Sequence[Tensor], count: int) -> Tensor:
    made = torch.zeros(len(waves), count)
    for row, wave in enumerate(waves):
        made[row, : len(wave)] = wave
    return made


def _clips(folder: Path) -> list[Clip]:
    import soundfile

    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SOUND:
            continue
        try:
            info = soundfile.info(path)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            raise EngineError(f"{path} is no sound that can be read", "take it out") from error
        if info.frames:
            found.append(Clip(path, path.parent.name, info.frames, info.samplerate))
    return found


def _place(clip: Clip, count: int, args: CodecArgs, where: float) -> tuple[int, int]:
    """Where in the file a part begins, and its samples at the file's rate."""
    wanted = min(clip.frames, -(-count * clip.rate // args.sampling_rate))
    return int(where * (clip.frames - wanted)), wanted


def _read(clip: Clip, count: int, args: CodecArgs, where: float) -> Tensor:
    """At most `count` samples at the codec's rate, from a place between start (0) and end (1)."""
    import soundfile
    import soxr

    start, wanted = _place(clip, count, args, where)
    try:
        sound, _ = soundfile.read(clip.path, wanted, start, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise EngineError(f"{clip.path} can be read no more ({error})", "take it out") from error
    mono = sound.mean(axis=1)
    if clip.rate != args.sampling_rate:
        mono = soxr.resample(mono, clip.rate, args.sampling_rate, quality="HQ")
    return torch.from_numpy(np.ascontiguousarray(mono[:count], dtype=np.float32))


def _pairs(shard: Path, args: CodecArgs) -> list[Pair]:
    try:
        with safe_open(shard, framework="pt") as file:
            notes = file.metadata() or {}
            frames: list[int] = json.loads(notes["frames"])
            codes, audio = (file.get_slice(name).get_shape() for name in ("codes", "audio"))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise EngineError(f"{shard} is no shard of pairs ({error})", "make it anew") from None
    step = args.samples_per_frame
    if codes != [sum(frames), 1 + args.acoustic_dim] or audio != [sum(frames) * step]:
        raise EngineError(f"{shard} is of another model", "make pairs with this one")
    found, at = [], 0
    for count in frames:
        found.append(Pair(shard, at * step, count * step, at, count))
        at += count
    return found
