"""What is said no to, in the shape of OpenAI's errors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from podgen.errors import EngineError, PodgenError

BAD_REQUEST = 400

_KINDS = {
    401: "authentication_error",
    404: "not_found_error",
    500: "server_error",
    503: "service_unavailable",
}


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers

    def body(self) -> dict[str, Any]:
        """OpenAI's error object."""
        kind = _KINDS.get(self.status, "invalid_request_error")
        return {
            "error": {
                "message": self.message,
                "type": kind,
                "param": self.param,
                "code": self.code,
            }
        }

    def response(self) -> Response:
        """The answer; ASCII, as a message may quote what no UTF-8 can hold."""
        text = json.dumps(self.body(), ensure_ascii=True)
        return Response(text, self.status, dict(self.headers or {}), "application/json")


def sentence(what: str, remedy: str) -> str:
    """A problem and its remedy as one sentence."""
    return f"{what}; {remedy}" if remedy else what


def from_engine(error: Exception) -> RefusedError:
    """What an engine raised: the text's fault where it names the utterance, else the server's."""
    if isinstance(error, EngineError) and any(problem.turn for problem in error.problems):
        return RefusedError(400, _joined(error), param="input", code="cannot_speak")
    if isinstance(error, PodgenError):
        return RefusedError(
            503, _joined(error), code="engine_unavailable", headers={"Retry-After": "5"}
        )
    return RefusedError(500, "the engine failed; the server's log says how", code="engine_failed")


def _joined(error: PodgenError) -> str:
    return "\n".join(sentence(problem.what, problem.remedy) for problem in error.problems)


def install(app: FastAPI) -> None:
    """Give every error of the application its shape."""

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RefusedError)
        return error.response()

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        kind = request.headers.get("content-type", "")
        if request.method == "POST" and not _is_json(kind):
            return _other_kind(kind).response()
        return _malformed(error.errors()).response()

    async def plain(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return RefusedError(error.status_code, str(error.detail), headers=error.headers).response()

    app.add_exception_handler(RefusedError, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, plain)


def _is_json(content_type: str) -> bool:
    kind = content_type.split(";")[0].strip().casefold()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _other_kind(content_type: str) -> RefusedError:
    given = f"is `{content_type[:100]}`" if content_type else "is missing"
    return RefusedError(
        415,
        f"the header `Content-Type` {given}; send JSON as `Content-Type: application/json`",
        code="unsupported_media_type",
    )


def _malformed(errors: Sequence[Mapping[str, Any]]) -> RefusedError:
    """A body that is not of the schema: every fault in one message, the first one's field named."""
    said = []
    fields = []
    for error in errors:
        field = ".".join(str(part) for part in error["loc"] if part != "body")
        fields.append(field)
        if error["type"] == "extra_forbidden":
            said.append(f"there is no field `{field}`; take it out")
        else:
            message = error["msg"].removeprefix("Value error, ")
            said.append(f"`{field}`: {message}" if field else message)
    return RefusedError(400, "\n".join(said), param=fields[0] or None, code="invalid_request")
