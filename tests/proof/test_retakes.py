"""An engine that misspeaks: its bad takes are spoken again, or the render ends and says why."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from podgen.engines import REGISTRY
from podgen.engines.hibari import HibariEngine
from podgen.errors import ResultError
from podgen.proof import installed
from podgen.render.events import Event, Heard, Hearing, Spoke
from podgen.render.pipeline import Job, render
from podgen.render.report import Report
from tests.conftest import CommandLine
from tests.proof.misspeaker import misspeaking

pytestmark = pytest.mark.skipif(not installed(), reason="hearing needs podgen[proof]")

TEXT = "I never thought that it could live in my kitchen for three years."
SHOW = f"""\
title: Proved
turns:
  - ADA: {{text: Welcome back to the show., id: hello}}
  - BEN: {{text: {TEXT}, id: kitchen}}
"""
VOICES = """\
characters:
  ADA: {voices: {hibari: heart}}
  BEN: {voices: {hibari: heart}}
"""


@dataclass(frozen=True)
class Misspoken(CommandLine):
    """podgen with an engine that misspeaks in its `first` take, or `always`."""

    how: str = "first"

    def argv(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "tests.proof.misspeaker", self.how, *map(str, arguments)]

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture
def show(tmp_path: Path) -> Path:
    pytest.importorskip("hibari")
    (tmp_path / "show.yaml").write_text(SHOW)
    (tmp_path / "voices.yaml").write_text(VOICES)
    return tmp_path / "show.yaml"


def run(show: Path, watch: Callable[[Event], None] = lambda _: None, **given: object) -> Report:
    job = Job(
        scripts=[show], output=show.parent / "out.mp3", engine="hibari", store=show.parent / "s"
    )
    (outcome,) = render(replace(job, **given), watch)
    assert outcome.report is not None
    return outcome.report


def test_a_bad_take_is_spoken_again_and_the_good_one_is_chosen(
    show: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REGISTRY, "hibari", misspeaking(lambda seed: seed == 0))
    events: list[Event] = []
    report = run(show, events.append, proof="strict")
    rows = {row.id: row for row in report.turns}
    assert (rows["kitchen"].take, rows["kitchen"].verdict) == (2, "good")
    assert (rows["hello"].take, rows["hello"].verdict) == (1, "good")
    assert "take: 2" in show.with_suffix(".lock.yaml").read_text()
    # Hearing goes on beside the speaking, and both are told of.
    kinds = [type(event) for event in events]
    assert kinds.count(Spoke) == 2
    assert kinds.count(Hearing) == 3
    grades = [(e.turn, e.take, e.grade) for e in events if isinstance(e, Heard)]
    assert ("kitchen", 1, "bad") in grades
    assert ("kitchen", 2, "good") in grades
    # The words and their times go with the episode.
    segments = json.loads((show.parent / "out" / "transcript.json").read_text())["segments"]
    words = segments[1]["words"]
    assert [word["word"] for word in words] == TEXT.split()
    times = [word[edge] for word in words for edge in ("startTime", "endTime")]
    assert times == sorted(times)
    assert segments[1]["startTime"] <= times[0] <= times[-1] <= segments[1]["endTime"]
    # The next render finds all of it and hears nothing.
    monkeypatch.setattr("podgen.proof.ear.Ear.listen", None)
    assert {row.verdict for row in run(show, proof="strict").turns} == {"good"}
    # Nor does the command line, which has the choice to make again.
    show.with_suffix(".lock.yaml").unlink()
    show.write_text(SHOW.replace("turns:", "karaoke: true\nturns:"))
    podgen = Misspoken(show.parent, show.parent / "s")
    done = podgen("render", "show.yaml", "-e", "hibari", "--proof-strict", "-o", "out.mp3")
    assert done.code == 0, done.err
    assert "bad take: BEN kitchen, heard: I never thought that it could live in for" in done.err
    assert "take: 2" in show.with_suffix(".lock.yaml").read_text()
    assert "<v BEN>I <0" in (show.parent / "out" / "karaoke.vtt").read_text()
    proof = podgen("proof", "show.yaml", "-e", "hibari")
    assert (proof.code, proof.out.splitlines()[-1]) == (
        0,
        "2 turns heard: 2 good, 0 doubtful, 0 bad",
    )


def test_the_command_line_ends_with_code_5_naming_the_words_that_are_never_said(
    show: Path,
) -> None:
    show.write_text("".join(line for line in SHOW.splitlines(True) if "ADA" not in line))
    podgen = Misspoken(show.parent, show.parent / "store", "always")
    render = ("render", "show.yaml", "-e", "hibari", "-o", "out.mp3")
    strict = podgen(*render, "--proof-strict")
    assert strict.code == 5
    assert "turn kitchen: 'my kitchen' not heard" in strict.err
    assert not (show.parent / "out.mp3").exists()
    warned = podgen(*render, "--proof")
    assert warned.code == 0, warned.err
    assert "'my kitchen' not heard" in warned.err
    assert (show.parent / "out.mp3").exists()
    assert not (show.parent / "out" / "karaoke.vtt").exists()


def test_one_reading_is_not_spoken_again_but_to_be_respelt(
    show: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = misspeaking(lambda _seed: True)
    monkeypatch.setattr(engine, "capabilities", HibariEngine.capabilities)
    monkeypatch.setitem(REGISTRY, "hibari", engine)
    with pytest.raises(ResultError, match="respell"):
        run(show, proof="strict")
