"""The application: its routes, and what is counted and logged of each request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict
from typing import Any

import numpy as np
from fastapi import FastAPI, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response

from podgen import __version__
from podgen.engines.base import Engine
from podgen.serve import refusal
from podgen.serve.answer import GoneError, Stream, events, unless_gone
from podgen.serve.guard import Guard
from podgen.serve.refusal import RefusedError
from podgen.serve.request import SpeechRequest
from podgen.serve.speaking import encoded, speak
from podgen.serve.state import Account, Limits, State
from podgen.speech.encoding import FORMATS, encode, float_wav, pcm16, wav_header, within_full_scale
from podgen.speech.pieces import Piece, cut

CLIENT_GONE = 499


def create_app(
    engine: Engine,
    *,
    model: str | None = None,
    limits: Limits | None = None,
    api_key: str | None = None,
    log_text: bool = False,
    lenient: bool = False,
    cors: Sequence[str] = (),
) -> FastAPI:
    """The server of an engine; starting it loads the engine, ending it closes the engine.

    Args:
        engine: what speaks.
        model: the name under which clients know it; the engine's own unless given.
        limits: what it bears.
        api_key: asked of every request but those for health, if given.
        log_text: whether the log holds what is spoken.
        lenient: whether instructions that the engine cannot follow are passed over, not refused.
        cors: the origins whose pages may ask; "*" is any.
    """
    limits = limits or Limits()
    state = State(engine, model or engine.name, limits, log_text, lenient=lenient)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        state.batcher.start()
        state.warm_up()
        yield
        await asyncio.to_thread(state.batcher.close)

    app = FastAPI(
        title="podgen", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.podgen = state
    refusal.install(app)
    app.add_middleware(Guard, largest=limits.body, api_key=api_key)
    if cors:  # around the guard: a browser asks for leave without the key
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors),
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=["X-Request-Id", "X-Sample-Rate", "X-Podgen-Passed-Over"],
        )
    _add_routes(app, state)
    return app


def _add_routes(app: FastAPI, state: State) -> None:
    @app.head("/health", include_in_schema=False)
    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> JSONResponse:
        """Whether it would speak now; 503 while the engine loads or the server closes."""
        fault = "the server is closing" if state.admission.closing else state.fault
        return JSONResponse({"ready": not fault, "reason": fault}, 503 if fault else 200)

    @app.get("/metrics")
    async def metrics() -> Response:
        """Counts for Prometheus."""
        return Response(state.metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        """The served model, in OpenAI's form."""
        return {"object": "list", "data": [_model(state)]}

    @app.get("/v1/models/{name:path}")
    async def model(name: str) -> dict[str, Any]:
        """The served model by any name that a request may give it."""
        state.desk.refuse_unknown_model(name)
        return _model(state)

    @app.get("/v1/audio/voices")
    async def voices() -> dict[str, Any]:
        """What is known of each voice, and the other names they can be asked for by."""
        listed = state.engine.voices()
        own = {voice.name for voice in listed}
        return {
            "voices": [{"id": voice.name, **asdict(voice)} for voice in listed],
            "aliases": {name: of for name, of in state.desk.voices().items() if name not in own},
        }

    @app.post("/v1/audio/speech", response_class=Response, responses=_RESPONSES)
    async def speech(body: SpeechRequest, request: Request) -> Response:
        """Speak a text."""
        try:
            order = state.desk.order(body)
            state.tell_passed_over(order)
            state.admission.enter()
        except RefusedError as refused:
            state.metrics.requests.labels(str(refused.status)).inc()
            raise
        return await _answer(Account(state, order), request)


def _model(state: State) -> dict[str, Any]:
    can = state.engine.capabilities()
    return {
        "id": state.desk.model,
        "object": "model",
        "created": state.created,
        "owned_by": "podgen",
        "podgen": {
            "engine": state.engine.name,
            "languages": can.languages,
            "sample_rate": can.sample_rate,
            "speed": can.speed or (1.0, 1.0),
            "characters": state.desk.longest,
            "blends": can.blends,
            "phonemes": can.phonemes,
            "instructions": can.instructions,
            "takes": can.takes,
        },
    }


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {mime: {} for mime in sorted({f.mime for f in FORMATS.values()})}},
    400: {"description": "What is asked cannot be done; the error says why."},
    415: {"description": "The body's Content-Type is not that of JSON."},
    503: {"description": "Too many requests are open; Retry-After says when to come again."},
}


async def _answer(account: Account, request: Request) -> Response:
    """Carry out an order. The account is closed when the last byte is sent, or on failure."""
    try:
        if account.order.delivery == "whole":
            return await unless_gone(request.receive, _whole(account))
        chunks = _stream(account)
        # What fails before the first sound is still answered with a status of its own.
        first = await unless_gone(request.receive, anext(chunks))
    except GoneError:
        account.close()
        return Response(status_code=CLIENT_GONE)
    except BaseException:
        account.close()
        raise
    body = _prepend(first, chunks)
    headers = {**_headers(account), "Cache-Control": "no-store"}
    if account.order.delivery == "sse":
        return Stream(events(body, account.usage), "text/event-stream", headers)
    return Stream(body, FORMATS[account.order.format].mime, headers)


async def _whole(account: Account) -> Response:
    order, state = account.order, account.state
    with account:
        utterance = order.utterance
        pieces = [Piece(utterance, 0.0)] if order.as_turn else cut(utterance, state.engine.name)
        speaking = speak(state.batcher, pieces, account.id, stream=False)
        async with aclosing(speaking) as made:
            sounds = [sound async for sound in account.heard(made)]
        rate = sounds[0].sample_rate
        samples = np.concatenate([sound.samples for sound in sounds])
        if order.as_turn and order.tempo == 1.0:
            body = float_wav(samples, rate)
        elif order.format in ("wav", "pcm") and order.tempo == 1.0:
            body = pcm16(within_full_scale(samples))
            if order.format == "wav":
                body = wav_header(rate, len(samples)) + body
        else:
            body = await asyncio.to_thread(encode, samples, rate, order.format, order.tempo)
    return Response(body, 200, _headers(account), FORMATS[order.format].mime)


async def _stream(account: Account) -> AsyncGenerator[bytes, None]:
    order, state = account.order, account.state
    with account:
        pieces = cut(order.utterance, state.engine.name)
        async with (
            aclosing(speak(state.batcher, pieces, account.id, stream=True)) as sounds,
            aclosing(encoded(account.heard(sounds), order)) as chunks,
        ):
            async for chunk in chunks:
                yield chunk


async def _prepend(
    first: bytes, chunks: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(chunks):
        yield first
        async for chunk in chunks:
            yield chunk


def _headers(account: Account) -> dict[str, str]:
    rate = account.state.engine.capabilities().sample_rate
    headers = {"X-Request-Id": account.id, "X-Sample-Rate": str(rate)}
    if account.order.passed_over:
        headers["X-Podgen-Passed-Over"] = ", ".join(account.order.passed_over)
    return headers
