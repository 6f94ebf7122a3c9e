"""From an order to sound: what goes to the batcher, and what comes back, piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from podgen.engines.base import Samples, Utterance
from podgen.engines.continuous import Delivery, Failed, Part
from podgen.engines.joins import Joiner
from podgen.serve.batcher import Batcher
from podgen.serve.refusal import from_engine
from podgen.serve.request import Order
from podgen.speech.encoding import StreamEncoder, pcm16, wav_header
from podgen.speech.pieces import Piece, slices

_AHEAD = 2
"""Sentences of one stream asked for at once: the next is under way while one is sent, and a
stream that nobody reads costs no more than that."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Some samples of an answer, in order."""

    samples: Samples
    sample_rate: int


class _Channel:
    """One utterance in the batcher, seen from the event loop."""

    def __init__(
        self, batcher: Batcher, utterance: Utterance, request: str, *, stream: bool, alone: bool
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[Delivery] = asyncio.Queue()
        self._batcher = batcher
        self._id = batcher.submit(
            utterance, self._deliver, in_parts=stream and alone, request=request, stream=stream
        )

    def _deliver(self, delivery: Delivery) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(self._arrived.put_nowait, delivery)

    async def parts(self) -> AsyncIterator[Part]:
        while True:
            delivery = await self._arrived.get()
            if isinstance(delivery, Failed):
                raise from_engine(delivery.error) from delivery.error
            yield delivery
            if delivery.last:
                return

    def cancel(self) -> None:
        self._batcher.cancel(self._id)


async def speak(
    batcher: Batcher, pieces: list[Piece], request: str, *, stream: bool
) -> AsyncGenerator[Sound, None]:
    """The pieces' sound in order; whoever stops listening frees what is not spoken yet.

    For a `stream`, a single piece's sound comes as it is made, where the engine can, and no more
    than `_AHEAD` pieces are under way; a whole answer's all wait their turn at once.

    Raises:
        RefusedError: the engine could not speak one of them.
    """
    ahead: deque[_Channel] = deque()
    asked = iter(pieces)
    alone = len(pieces) == 1
    joiner: Joiner | None = None

    def ask(most: int | None) -> None:
        for piece in islice(asked, most):
            ahead.append(_Channel(batcher, piece.utterance, request, stream=stream, alone=alone))

    try:
        ask(_AHEAD if stream else None)
        for index, piece in enumerate(pieces):
            channel = ahead[0]
            if alone:
                async for part in channel.parts():
                    yield Sound(part.samples, part.sample_rate)
                return
            parts = [part async for part in channel.parts()]
            ahead.popleft()
            ask(1)
            rate = parts[0].sample_rate
            joiner = joiner or Joiner(rate)
            samples = np.concatenate([part.samples for part in parts])
            last = index == len(pieces) - 1
            yield Sound(joiner.add(samples, piece.gap, last=last), rate)
    finally:
        for channel in ahead:
            channel.cancel()


async def encoded(sounds: AsyncIterator[Sound], order: Order) -> AsyncGenerator[bytes, None]:
    """A stream of sound as bytes of the order's format, as early as they are whole."""
    if order.format in ("wav", "pcm") and order.tempo == 1.0:
        begun = False
        async for sound in sounds:
            if order.format == "wav" and not begun:
                yield wav_header(sound.sample_rate)
            begun = True
            for samples in slices(sound.samples, sound.sample_rate):
                yield pcm16(samples)
        return
    async with contextlib.aclosing(_through_ffmpeg(sounds, order)) as blocks:
        async for block in blocks:
            yield block


async def _through_ffmpeg(
    sounds: AsyncIterator[Sound], order: Order
) -> AsyncGenerator[bytes, None]:
    loop = asyncio.get_running_loop()
    out: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()

    def emit(item: bytes | BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(out.put_nowait, item)

    first = await anext(sounds)
    encoder = StreamEncoder(first.sample_rate, order.format, order.tempo, emit)

    async def pump() -> None:
        try:
            encoder.write(first.samples)
            async for sound in sounds:
                encoder.write(sound.samples)
            encoder.finish()
        except Exception as error:
            out.put_nowait(error)

    pumping = asyncio.create_task(pump())
    try:
        while (item := await out.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        encoder.abort()
        pumping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pumping
