"""What stands before the application: size and patience for bodies, and the API key."""

from __future__ import annotations

import asyncio
import hmac

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from podgen.serve.refusal import RefusedError

OPEN_PATHS = frozenset({"/health", "/ready"})
"""Answered without a key, for those who watch over the process."""


class Guard:
    """Reads a request's body, bounded in size (bytes) and time (seconds), and looks at its key.

    The whole body is held, so that a slow or endless one never reaches a handler.
    """

    def __init__(
        self, app: ASGIApp, *, largest: int, patience: float = 30.0, api_key: str | None = None
    ) -> None:
        self._app = app
        self._largest = largest
        self._patience = patience
        self._expected = None if api_key is None else f"Bearer {api_key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._refuse_stranger(scope)
            body = await asyncio.wait_for(self._body(scope, receive), self._patience)
        except RefusedError as refusal:
            await refusal.response()(scope, receive, send)
            return
        except TimeoutError:
            late = RefusedError(408, f"the body did not come within {self._patience:g} s")
            await late.response()(scope, receive, send)
            return
        if body is None:
            return
        handed = False

        async def replay() -> Message:
            nonlocal handed
            if handed:
                return await receive()
            handed = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body, or None if the client has gone."""
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._largest:
            raise self._too_large()
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self._largest:
                raise self._too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self) -> RefusedError:
        return RefusedError(
            413,
            f"the body is larger than {self._largest} bytes; send the text in parts",
            code="request_too_large",
            headers={"Connection": "close"},
        )

    def _refuse_stranger(self, scope: Scope) -> None:
        if self._expected is None or scope["path"] in OPEN_PATHS:
            return
        given = dict(scope["headers"]).get(b"authorization", b"")
        if not hmac.compare_digest(given, self._expected):
            raise RefusedError(
                401,
                "the API key is missing or wrong; send `Authorization: Bearer KEY`",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
