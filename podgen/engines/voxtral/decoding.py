"""Finished turns to samples, on a stream of its own while the batch goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from podgen.engines.base import Samples
from podgen.engines.voxtral.codec import CodecDecoder
from podgen.engines.voxtral.slots import Turn


@dataclass(frozen=True, slots=True)
class Generated:
    """A turn as generated.

    Attributes:
        frames: how many there are, END_AUDIO's not among them.
        ended: whether END_AUDIO came, rather than the frame limit.
    """

    turn: Turn
    frames: int
    ended: bool
    codes: Tensor
    samples: Samples


@dataclass(frozen=True, slots=True)
class _Pending:
    turn: Turn
    ended: bool
    codes: Tensor
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
        self._stream = new_stream(device) if device.type == "cuda" else None
        self._pending: list[_Pending] = []

    @property
    def turns(self) -> list[Turn]:
        """Turns whose samples are not there yet."""
        return [pending.turn for pending in self._pending]

    def submit(self, turn: Turn, codes: Tensor, ended: bool) -> None:
        """Decode codes [frames, codebooks] that the current stream has made or will make."""
        if self._stream is None:
            host = self._codec.decode(codes).float().cpu()
            self._pending.append(_Pending(turn, ended, codes, host, None))
            return
        self._stream.wait_stream(torch.cuda.current_stream(codes.device))
        with torch.cuda.stream(self._stream):
            samples = self._codec.decode(codes).float()
            host = torch.empty(samples.shape, pin_memory=True)
            host.copy_(samples, non_blocking=True)
            event = self._stream.record_event()
        codes.record_stream(self._stream)
        self._pending.append(_Pending(turn, ended, codes, host, event))

    def ready(self, *, wait: bool = False) -> list[Generated]:
        """Turns whose samples have arrived, each once; with `wait`, all that were submitted."""
        done: list[Generated] = []
        rest: list[_Pending] = []
        for pending in self._pending:
            event = pending.event
            if wait and event is not None:
                event.synchronize()
            if event is None or event.query():
                samples = np.array(pending.host.numpy(), dtype=np.float32)
                codes = pending.codes
                done.append(Generated(pending.turn, len(codes), pending.ended, codes, samples))
            else:
                rest.append(pending)
        self._pending = rest
        return done
