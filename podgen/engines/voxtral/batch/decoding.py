"""Finished turns, and parts of unfinished ones, to samples: on a stream of its own while the
batch goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from podgen.engines.base import Samples
from podgen.engines.voxtral.batch.slots import Turn
from podgen.engines.voxtral.model.codec import CodecDecoder


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next samples of a turn that is heard while it is generated."""

    turn: Turn
    samples: Samples


@dataclass(frozen=True, slots=True)
class Generated:
    """A turn as generated.

    Attributes:
        frames: how many there are, END_AUDIO's not among them.
        ended: whether END_AUDIO came, rather than the frame limit.
        codes: [frames, codebooks]; of a turn that came in chunks, the last of them with the
            context they were decoded in.
        samples: those that did not come in chunks.
    """

    turn: Turn
    frames: int
    ended: bool
    codes: Tensor
    samples: Samples


@dataclass(frozen=True, slots=True)
class Cut:
    """Frames to be decoded.

    Attributes:
        codes: [frames, codebooks], of which the first `context` were decoded before.
        frames: all that the turn has so far.
        ended: as of `Generated`; None where more will come.
    """

    turn: Turn
    codes: Tensor
    context: int
    frames: int
    ended: bool | None


@dataclass(frozen=True, slots=True)
class _Pending:
    cut: Cut
    host: Tensor
    event: Any


def new_stream(device: torch.device) -> Any:
    """A stream of a CUDA device; torch leaves its class untyped."""
    make: Any = torch.cuda.Stream
    return make(device)


class Decoding:
    """The codec's queue.

    Args:
        codec: the decoder.
        device: where it runs; only CUDA devices run it beside the caller's work.
    """

    def __init__(self, codec: CodecDecoder, device: torch.device) -> None:
        self._codec = codec
        self._device = device
        self._stream = new_stream(device) if device.type == "cuda" else None
        self._pending: list[_Pending] = []

    @property
    def cuts(self) -> list[Cut]:
        """Those whose samples are not there yet."""
        return [pending.cut for pending in self._pending]

    def mark(self) -> Any:
        """A point in the current stream, before which all codes of a later `submit` were made."""
        if self._stream is None:
            return None
        return torch.cuda.current_stream(self._device).record_event()

    def submit(self, cut: Cut, made: Any) -> None:
        """Decode codes that were made before a `mark`."""
        if self._stream is None:
            host = self._codec.decode(cut.codes, context=cut.context).float().cpu()
            self._pending.append(_Pending(cut, host, None))
            return
        self._stream.wait_event(made)
        with torch.cuda.stream(self._stream):
            samples = self._codec.decode(cut.codes, context=cut.context).float()
            host = torch.empty(samples.shape, pin_memory=True)
            host.copy_(samples, non_blocking=True)
            event = self._stream.record_event()
        cut.codes.record_stream(self._stream)
        self._pending.append(_Pending(cut, host, event))

    def ready(self, *, wait: bool = False) -> list[Chunk | Generated]:
        """What has arrived, each once and in order; with `wait`, all that was submitted."""
        done: list[Chunk | Generated] = []
        while self._pending:
            event = self._pending[0].event
            if event is not None:
                if wait:
                    event.synchronize()
                elif not event.query():
                    break
            pending = self._pending.pop(0)
            cut = pending.cut
            samples = np.array(pending.host.numpy(), dtype=np.float32)
            if cut.ended is None:
                done.append(Chunk(cut.turn, samples))
            else:
                done.append(Generated(cut.turn, cut.frames, cut.ended, cut.codes, samples))
        return done
