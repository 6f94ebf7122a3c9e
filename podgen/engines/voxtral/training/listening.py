"""What a frozen Whisper hears in the speech, for semantic codes to be held to (arXiv 2603.25551).

The vectors that say what each token is stay as they are while the encoder learns, so a file is
heard once and what was heard is kept beside the run.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file, save
from torch import Tensor

from podgen.engines.voxtral.training.whisper import FRAME_RATE, RATE, SECONDS, Heard, Whisper
from podgen.errors import EngineError
from podgen.files import make_folder, whole_file

_LEAST = 0.5  # of a token's attention that must lie within a clip for the token to be the clip's
_MEDIAN = 7  # frames


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is said in a clip: hidden states [tokens, width], and where each was said, as shares of
    the clip's frames [tokens, frames]."""

    states: Tensor
    shares: Tensor


class Listener:
    """Hears files and keeps what it heard.

    Args:
        model: hears.
        folder: where it is kept.
        heads: whose attention says where a token is: all of the last layer, or those that follow
            the sound in time, of whose attention each frame's is shared out among the tokens and
            smoothed by a median.
        frame_rate: of the codec, a divisor of 50.

    Attributes:
        width: of the states.
    """

    def __init__(self, model: Whisper, folder: Path, heads: str, frame_rate: float) -> None:
        self._model, self._folder, self._heads = model, folder, heads
        self.width = model.width
        self._frames = round(FRAME_RATE / frame_rate)
        make_folder(folder)

    def within(self, path: Path, start: float, frames: int) -> Tokens:
        """The tokens of a clip of so many frames that begins `start` seconds into a file.

        Raises:
            EngineError: the file can be read no more, or what is kept of it is damaged.
        """
        states, shares = [], []
        for number, heard in enumerate(self._of(path)):
            where = self._where(heard)
            first = round((start - number * SECONDS) * FRAME_RATE)
            count = frames * self._frames
            inside = where[:, max(0, first) : max(0, first + count)]
            inside = F.pad(inside, (max(0, -first), 0))[:, :count]
            inside = F.pad(inside, (0, count - inside.shape[1]))
            kept = inside.sum(1) >= _LEAST * where.sum(1).clamp_min(1e-6)
            each = inside[kept].view(-1, frames, self._frames).sum(2)
            states.append(heard.states[kept])
            shares.append(each / each.sum(1, keepdim=True).clamp_min(1e-6))
        return Tokens(torch.cat(states), torch.cat(shares))

    def _where(self, heard: Heard) -> Tensor:
        if self._heads == "last" or not len(heard.states):
            return heard.last
        shared = heard.aligned / heard.aligned.sum(0, keepdim=True).clamp_min(1e-6)
        around = F.pad(shared[None], (_MEDIAN // 2, _MEDIAN // 2), mode="replicate")[0]
        smooth: Tensor = around.unfold(1, _MEDIAN, 1).median(-1).values
        return smooth

    def _of(self, path: Path) -> list[Heard]:
        stat = path.stat()
        named = f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}"
        kept = self._folder / f"{hashlib.sha256(named.encode()).hexdigest()[:32]}.safetensors"
        if not kept.exists():
            heard = [self._model.hear(wave) for wave in _windows(path)]
            tensors = {
                f"{name}.{number}": getattr(one, name).half().contiguous()
                for number, one in enumerate(heard)
                for name in ("states", "last", "aligned")
            }
            with whole_file(kept) as temporary:
                temporary.write_bytes(save(tensors))
        stored = load_file(kept)
        return [
            Heard(*(stored[f"{name}.{n}"].float() for name in ("states", "last", "aligned")))
            for n in range(len(stored) // 3)
        ]


def _windows(path: Path) -> list[Tensor]:
    """A file at 16 kHz, mono, in parts that are heard at once."""
    import soundfile
    import soxr

    try:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise EngineError(f"{path} can be read no more ({error})", "take it out") from error
    mono = torch.from_numpy(soxr.resample(sound.mean(axis=1), rate, RATE))
    return list(torch.split(mono, round(SECONDS * RATE)))


def distance(semantic: Tensor, tokens: list[Tokens], head: torch.nn.Module) -> Tensor:
    """One minus the cosine between hidden states and what is heard of the codes at their places.

    Args:
        semantic: rows of the codebook [clips, frames, semantic].
        tokens: of each clip.
        head: from a row's width to the states'.
    """
    pooled = [each.shares.to(row) @ row for each, row in zip(tokens, semantic, strict=True)]
    made: Tensor = head(torch.cat(pooled))
    if not len(made):
        return made.sum()
    states = torch.cat([each.states for each in tokens]).to(made)
    alike: Tensor = F.cosine_similarity(made, states, dim=-1).mean()
    return 1 - alike
