"""Who may ask: a page that knows the token, of this server's own origin, by this server's name."""

from __future__ import annotations

import hmac

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Nothing runs but our own modules, whatever a script's text holds. Attributes may place the
timeline's spans."""

_HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}


class Gate:
    """Lets nobody in without the token, which is the first part of every address.

    `hosts` are the names, with their port, that the server is asked by: another one is a page that
    had its own name point here.
    """

    def __init__(self, app: ASGIApp, *, token: str, hosts: frozenset[str]) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._why_not(scope)
        if refused:
            await PlainTextResponse(refused + "\n", 403)(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in _HEADERS.items() if name not in told),
                ]
            await send(message)

        inner = dict(scope)
        inner["path"] = scope["path"][1 + len(self._token) :]
        inner["raw_path"] = inner["path"].encode()
        await self._app(inner, receive, guarded)

    def _why_not(self, scope: Scope) -> str:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if headers.get(b"host", "").lower() not in self._hosts:
            return "asked by a name that is not this server's"
        origin = headers.get(b"origin")
        if origin is not None and origin.lower() not in {f"http://{host}" for host in self._hosts}:
            return "asked from another origin"
        if headers.get(b"sec-fetch-site", "none") not in ("none", "same-origin"):
            return "asked from another site"
        given = scope["path"].encode().split(b"/")[1:2]
        if not given or not hmac.compare_digest(given[0], self._token):
            return "the token is missing or wrong; open the address that podgen edit printed"
        return ""
