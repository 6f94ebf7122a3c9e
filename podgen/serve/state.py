"""What the routes share, and what is counted and logged of each request."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from podgen.engines.base import Engine, Utterance
from podgen.engines.continuous import Delivery, Failed, Part
from podgen.serve.admission import Admission
from podgen.serve.batcher import Batcher
from podgen.serve.metrics import Metrics
from podgen.serve.refusal import BAD_REQUEST, RefusedError, from_engine
from podgen.serve.request import Desk, Order
from podgen.serve.speaking import Sound

log = logging.getLogger("podgen.serve")

_WARM_UP = "Hello."
FRAMES_PER_SECOND = 12.5
"""What an engine without frames is taken to make in usage."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server bears: requests open at once, utterances the engine speaks at once,
    characters of one input, bytes of one body."""

    queue: int = 64
    batch: int = 32
    characters: int = 4096
    body: int = 1 << 20


class State:
    """What the routes share. `admission.closing` is set when the process is told to end."""

    def __init__(
        self,
        engine: Engine,
        model: str,
        limits: Limits,
        log_text: bool,
        *,
        lenient: bool = False,
    ) -> None:
        self.engine = engine
        self.desk = Desk(engine, model, limits.characters, lenient)
        self._told: set[str] = set()
        self.batcher = Batcher(engine, most=limits.batch)
        self.admission = Admission(limits.queue)
        self.metrics = Metrics(lambda: self.batcher.depth, lambda: self.admission.active)
        self.log_text = log_text
        self.created = int(time.time())
        self.fault = "the engine is loading"
        """Why the engine cannot speak yet; empty when it can."""

    def tell_passed_over(self, order: Order) -> None:
        """Write once for each field that requests are answered without it."""
        for field_name in set(order.passed_over) - self._told:
            self._told.add(field_name)
            what = f"{self.engine.name} cannot follow {field_name}; requests are answered without"
            log.warning(json.dumps({"event": "lenient", "field": field_name, "what": what}))

    def warm_up(self) -> None:
        """Have the engine load by speaking a word; requests may come meanwhile."""
        voices = self.engine.voices()
        if not voices:
            self.fault = ""
            return
        word = Utterance("warm-up", _WARM_UP, voices[0].name, voices[0].language)
        self.batcher.submit(word, self._warmed)

    def _warmed(self, delivery: Delivery) -> None:
        if isinstance(delivery, Part) and not delivery.last:
            return
        self.fault = ""
        # A reading that went wrong has shown that the engine is there.
        if isinstance(delivery, Failed) and from_engine(delivery.error).status != BAD_REQUEST:
            self.fault = str(delivery.error)
            log.error(json.dumps({"event": "engine", "error": self.fault}))


@dataclass(slots=True)
class Account:
    """One request's figures, from its acceptance on."""

    state: State
    order: Order
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    started: float = field(default_factory=time.monotonic)
    first: float | None = None
    seconds: float = 0.0
    outcome: str | None = None

    async def heard(self, sounds: AsyncIterator[Sound]) -> AsyncIterator[Sound]:
        """The same sounds, counted."""
        async for sound in sounds:
            if self.first is None:
                self.first = time.monotonic() - self.started
                self.state.metrics.first_audio.observe(self.first)
            self.seconds += len(sound.samples) / sound.sample_rate
            yield sound

    def usage(self) -> dict[str, int]:
        """OpenAI's counts, of what there is here: characters in, frames of sound out."""
        frames = self.state.engine.capabilities().frame_rate or FRAMES_PER_SECOND
        given, made = len(self.order.utterance.text), round(self.seconds * frames)
        return {"input_tokens": given, "output_tokens": made, "total_tokens": given + made}

    def __enter__(self) -> Account:
        return self

    def __exit__(
        self, _kind: object, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close("200")
        elif isinstance(error, RefusedError):
            self.close(str(error.status))
        else:
            self.close("500" if isinstance(error, Exception) else "gone")

    def close(self, outcome: str = "gone") -> None:
        """Give the slot back and write the line; what has been said first stands."""
        if self.outcome is not None:
            return
        self.outcome = outcome
        if outcome == "200":
            self.state.fault = ""
        took = time.monotonic() - self.started
        self.state.admission.leave(took)
        metrics = self.state.metrics
        metrics.requests.labels(self.outcome).inc()
        metrics.seconds.observe(took)
        metrics.audio.inc(self.seconds)
        metrics.characters.inc(len(self.order.utterance.text))
        line: dict[str, Any] = {
            "event": "speech",
            "id": self.id,
            "outcome": self.outcome,
            "voice": self.order.utterance.voice,
            "format": self.order.format,
            "delivery": self.order.delivery,
            "characters": len(self.order.utterance.text),
            "audio_seconds": round(self.seconds, 3),
            "first_audio_seconds": None if self.first is None else round(self.first, 4),
            "seconds": round(took, 4),
        }
        if self.state.log_text:
            line["text"] = self.order.utterance.text
        log.info(json.dumps(line, ensure_ascii=False))
