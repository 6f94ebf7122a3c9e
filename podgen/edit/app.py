"""The page's server: its routes, each of which calls one thing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Annotated, Any

from fastapi import Body, FastAPI, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response, StreamingResponse

from podgen.edit import hearing, taking, timeline
from podgen.edit.desk import ConflictError
from podgen.edit.guard import Gate
from podgen.edit.orders import AnyOrder, carry_out
from podgen.edit.producing import Producing
from podgen.edit.studio import Studio
from podgen.errors import PodgenError
from podgen.serve.guard import Guard

LARGEST_BODY = 1 << 20
_KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
}


class Numbers(BaseModel):
    """Entries, by their numbers; None for all."""

    numbers: list[int] | None = None


class Take(BaseModel):
    """A take of a turn."""

    number: int
    take: int = 1


def create_app(studio: Studio, *, token: str, hosts: frozenset[str]) -> FastAPI:
    """The server of a studio, for whoever knows the token and asks by one of the names."""
    producing = Producing(studio)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(studio.close)

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(PodgenError, _refused)
    app.add_middleware(Guard, largest=LARGEST_BODY)
    app.add_middleware(Gate, token=token, hosts=hosts)
    _add_pages(app, studio)
    _add_changes(app, studio)
    _add_sound(app, studio)
    _add_work(app, studio, producing)
    return app


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, PodgenError)
    problems = [{"what": one.what, "remedy": one.remedy} for one in error.problems]
    body: dict[str, Any] = {"problems": problems}
    if isinstance(error, ConflictError):
        body["now"] = error.now
        return JSONResponse(body, 409)
    return JSONResponse(body, 422)


def _add_pages(app: FastAPI, studio: Studio) -> None:
    # What takes no time has no thread of its own, which would have to wait for those at work.
    @app.get("/")
    async def page() -> Response:
        found = _asset("page.html")
        found.headers["Link"] = _modules()
        return found

    @app.get("/page/{name}")
    async def asset(name: str) -> Response:
        return _asset(name)

    @app.get("/shared/{name}")
    async def shared(name: str) -> Response:
        return _asset(name, "podgen.render", "report_data")

    @app.get("/state")
    async def state() -> Response:
        # A long show's is large: FastAPI would look at each of its values.
        return Response(json.dumps(studio.bulletin.state()), media_type="application/json")

    @app.get("/events")
    async def events() -> Response:
        return StreamingResponse(studio.tell.listen(), media_type="text/event-stream")

    @app.get("/timeline")
    def drawn() -> Response:
        rows, whole = timeline.draw(studio)
        return Response(rows, media_type="text/html", headers={"X-Whole": str(whole).lower()})


def _modules() -> str:
    """The page's modules, to be fetched at once and not one after another as they import."""
    names = sorted(entry.name for entry in files("podgen.edit").joinpath("page").iterdir())
    paths = ["shared/shared.js", *(f"page/{name}" for name in names if name.endswith(".js"))]
    return ", ".join(f"<{path}>; rel=modulepreload" for path in paths)


def _asset(name: str, package: str = "podgen.edit", folder: str = "page") -> Response:
    place = files(package).joinpath(folder)
    known = {entry.name: entry for entry in place.iterdir()}
    kind = next((kind for suffix, kind in _KINDS.items() if name.endswith(suffix)), None)
    if name not in known or kind is None:
        return Response("no such file\n", 404)
    return Response(known[name].read_bytes(), media_type=kind)


def _add_changes(app: FastAPI, studio: Studio) -> None:
    @app.post("/change")
    def change(order: Annotated[AnyOrder, Body()]) -> dict[str, Any]:
        highest = carry_out(studio.desk, order)
        studio.touch()
        return {"highest": highest}

    @app.post("/undo")
    def undo() -> dict[str, Any]:
        return _stepped(studio, studio.desk.undo)

    @app.post("/redo")
    def redo() -> dict[str, Any]:
        return _stepped(studio, studio.desk.redo)

    @app.post("/put-back")
    def put_back() -> dict[str, Any]:
        studio.desk.put_back()
        studio.touch()
        return {}


def _stepped(studio: Studio, step: Callable[[], str | None]) -> dict[str, Any]:
    label = step()
    studio.touch()
    return {"label": label}


def _add_sound(app: FastAPI, studio: Studio) -> None:
    @app.get("/sound/part")
    async def part(
        start: Annotated[float, Query(alias="from", ge=0)] = 0.0,
        end: Annotated[float | None, Query(alias="to", ge=0)] = None,
        around: int | None = None,
    ) -> Response:
        if around is not None:
            found = await asyncio.to_thread(hearing.around, studio, around)
        else:
            found = await asyncio.to_thread(hearing.part, studio, start, end)
        return StreamingResponse(
            _blocks(found),
            media_type="application/octet-stream",
            headers={
                "X-Start": f"{found.start:.4f}",
                "X-End": f"{found.end:.4f}",
                "X-Rate": str(found.rate),
                "X-Channels": str(found.channels),
            },
        )

    @app.get("/sound/turn/{number}")
    def turn(number: int, take: int | None = None) -> Response:
        return Response(hearing.turn_wav(studio, number, take), media_type="audio/wav")

    @app.get("/words/{number}")
    def words(number: int) -> dict[str, Any]:
        return {"words": hearing.words(studio, number)}

    @app.get("/shapes")
    def shapes(of: str) -> dict[str, str]:
        return timeline.shapes(studio, [int(one) for one in of.split(",") if one.isdecimal()])


async def _blocks(part: hearing.Part) -> AsyncGenerator[bytes, None]:
    """The blocks as fast as the page takes them; ended when it goes away."""
    at_work = threading.Lock()

    def following() -> bytes | None:
        with at_work:
            return next(part.blocks, None)

    def end() -> None:
        with at_work:  # the block that is being made ends first
            part.blocks.close()

    try:
        while (block := await asyncio.to_thread(following)) is not None:
            yield block
    finally:
        asyncio.get_running_loop().run_in_executor(None, end)


def _add_work(app: FastAPI, studio: Studio, producing: Producing) -> None:
    @app.post("/speak")
    def speak(order: Numbers) -> dict[str, Any]:
        studio.speaker.ask(order.numbers)
        return {}

    @app.post("/seen")
    def seen(order: Numbers) -> dict[str, Any]:
        studio.speaker.seen = order.numbers or []
        return {}

    @app.post("/by-itself")
    def by_itself(on: Annotated[bool, Body(embed=True)]) -> dict[str, Any]:
        studio.speaker.speak_by_itself(on)
        return {}

    @app.post("/cancel")
    def cancel() -> dict[str, Any]:
        studio.speaker.cancel()
        return {}

    @app.get("/takes/{number}")
    def takes(number: int) -> dict[str, Any]:
        return taking.listed(studio, number)

    @app.post("/takes/new")
    def new_take(order: Take) -> dict[str, Any]:
        return taking.new(studio, order.number)

    @app.post("/takes/pick")
    def pick(order: Take) -> dict[str, Any]:
        return taking.pick(studio, order.number, order.take)

    @app.get("/voices/{engine}")
    def voices(engine: str) -> list[str]:
        return taking.voices(studio, engine)

    @app.get("/sounds")
    def sounds() -> list[str]:
        return producing.sounds()

    @app.post("/render")
    def render() -> dict[str, Any]:
        return producing.start()

    @app.get("/render")
    def rendering() -> dict[str, Any]:
        return producing.state()

    @app.get("/report/{path:path}")
    def report(path: str) -> Response:
        return producing.file(path)
