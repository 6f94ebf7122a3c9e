"""Answers that know whether somebody still listens."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from podgen.serve.refusal import RefusedError

T = TypeVar("T")


class GoneError(Exception):
    """The client has left."""


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled if the client leaves first.

    Raises:
        GoneError: it did.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise GoneError
    finally:
        for task in (working, leaving):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Stream(Response):
    """A body sent as it comes.

    If its source fails, the connection is cut without the chunk that ends it: what was
    truncated never looks whole. `chunks` is closed in every case.
    """

    def __init__(
        self, chunks: AsyncGenerator[bytes, None], mime: str, headers: dict[str, str]
    ) -> None:
        super().__init__(None, 200, headers, mime)
        del self.headers["content-length"]
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, or until the client leaves."""
        try:
            await unless_gone(receive, self._send(send))
        except GoneError:
            pass
        finally:
            await self._chunks.aclose()

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        async for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def events(
    chunks: AsyncGenerator[bytes, None], usage: Callable[[], dict[str, int]]
) -> AsyncGenerator[bytes, None]:
    """Audio as OpenAI's server-sent events; an error ends them without `speech.audio.done`.

    `usage` is asked when all is sent.
    """
    try:
        async with contextlib.aclosing(chunks):
            async for chunk in chunks:
                audio = base64.b64encode(chunk).decode()
                yield _event({"type": "speech.audio.delta", "audio": audio})
    except RefusedError as refused:
        yield _event({"type": "error", **refused.body()})
        return
    yield _event({"type": "speech.audio.done", "usage": usage()})


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()
