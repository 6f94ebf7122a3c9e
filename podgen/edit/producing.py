"""The whole episode rendered from the page: the same job as `podgen render`, and its report."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response

from podgen.edit.sounds import sound_files
from podgen.edit.studio import Studio
from podgen.errors import PodgenError, Problem, ResultError
from podgen.render.events import Event, Finished, Spoke, Step, as_json
from podgen.render.outputs import FOLDER, Outputs, outputs_of
from podgen.render.pipeline import Job, render
from podgen.render.release import written

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class Producing:
    """One render at a time; every page is told how it goes."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._lock = threading.Lock()
        self._state: dict[str, Any] = {"running": False}

    def state(self) -> dict[str, Any]:
        """Whether it runs, how far it is, and how the last one ended."""
        return dict(self._state)

    def start(self) -> dict[str, Any]:
        """Begin, unless one runs already."""
        with self._lock:
            if not self._state["running"]:
                self._tell(running=True, step="", done=0.0, problems=[], report="")
                threading.Thread(target=self._run, daemon=True).start()
            return self.state()

    def sounds(self) -> list[str]:
        """The files that music and effects can be of; what was rendered is none."""
        outputs = self._outputs()
        written_to = outputs.main.parent if outputs else FOLDER
        return sound_files(self._studio.options.script.parent, written_to.resolve())

    def file(self, path: str) -> Response:
        """A file of the last render: one that podgen wrote, and nothing else."""
        outputs = self._outputs()
        if outputs is None:
            return Response("nothing is rendered yet\n", 404)
        place = (outputs.main.parent / path).resolve()
        for one in (outputs, outputs.rejected):
            if place in written(one.folder):
                return _page(place) if place.suffix == ".html" else FileResponse(place)
        return Response("no such file\n", 404)

    def _outputs(self) -> Outputs | None:
        plan = self._studio.found.plan
        return None if plan is None else outputs_of(plan.show, self._studio.options.output)

    def _run(self) -> None:
        options = self._studio.options
        job = Job(
            scripts=[options.script],
            output=options.output,
            engine=options.engine,
            store=options.store,
            settings=options.settings,
        )
        try:
            # What is missing is spoken by the engines that the page has loaded, and shows there.
            self._studio.looking.wait()
            if not self._studio.speaker.speak_all(
                lambda done: self._tell(step="speaking", done=done)
            ):
                called_off = [{"what": "the render was called off", "remedy": ""}]
                self._tell(running=False, passed=False, problems=called_off)
                return
            render(job, self._watch)
            self._tell(running=False, passed=True)
        except PodgenError as error:
            outputs = self._outputs()
            page = outputs.rejected.report_page if outputs else None
            rejected = isinstance(error, ResultError) and page is not None
            told = f"{page.parent.name}/{page.name}" if rejected and page else ""
            problems = list(map(_told, error.problems))
            self._tell(running=False, passed=False, problems=problems, report=told)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            failed = [{"what": f"podgen failed: {error!r}", "remedy": "see its terminal"}]
            self._tell(running=False, passed=False, problems=failed)
        self._studio.touch()

    def _watch(self, event: Event) -> None:
        if isinstance(event, Step | Spoke):
            told = as_json(event)
            step = told.get("step", "speaking")
            done = told["done"] if isinstance(event, Step) else event.done / event.missing
            self._tell(step=step, done=done)
        elif isinstance(event, Finished):
            self._tell(report=f"{event.report.parent.name}/{event.report.name}")

    def _tell(self, **values: Any) -> None:
        self._state = {**self._state, **values}
        self._studio.tell("render", self._state)


def _told(problem: Problem) -> dict[str, str]:
    place = f"{problem.place}: " if problem.place else ""
    return {"what": place + problem.what, "remedy": problem.remedy}


def _page(path: Path) -> Response:
    """The report, whose own script may run and no other."""
    text = path.read_text(encoding="utf-8")
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in _INLINE.findall(text)
    ]
    allowed = " ".join(f"'sha256-{one}'" for one in hashes) or "'none'"
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src 'self' data:; media-src 'self'; base-uri 'none'; form-action 'none'"
    )
    kind = mimetypes.types_map[".html"]
    return Response(text, media_type=kind, headers={"Content-Security-Policy": policy})
