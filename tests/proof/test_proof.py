"""`podgen proof` on real takes: what is good passes, what was harmed is named."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from podgen.proof import installed
from podgen.render.plan import check
from podgen.render.proving import Proved, prove
from podgen.render.store import Store
from tests.conftest import CommandLine

SHOW = """\
title: Proved
turns:
  - ADA: {text: Welcome back to the show. Today we are talking about bread., id: hello}
  - BEN: {text: I never thought that it could live in my kitchen for three years., id: kitchen}
"""


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    if not installed():
        pytest.skip("hearing needs podgen[proof]")
    pytest.importorskip("hibari")
    folder = tmp_path_factory.mktemp("proof")
    (folder / "show.yaml").write_text(SHOW)
    (folder / "voices.yaml").write_text(
        "characters:\n  ADA: {voices: {hibari: heart}}\n  BEN: {voices: {hibari: heart}}\n"
    )
    podgen = CommandLine(folder, folder / "store")
    assert podgen("render", "show.yaml", "-e", "hibari").code == 0
    return podgen


def harmed(podgen: CommandLine, tmp_path: Path, harm: str) -> CommandLine:
    """The show with the take of turn `kitchen` replaced by a damaged one, in a store of its own."""
    shutil.copytree(podgen.store, tmp_path / "store")
    store = Store(tmp_path / "store")
    turn = check(podgen.folder / "show.yaml", engine="hibari").turn("kitchen")
    take = store.get("takes", turn.key)
    assert take is not None
    samples, rate = take.read(), take.sample_rate
    rms = float(np.sqrt((samples**2).mean()))
    if harm == "cut":
        samples = samples[: int(0.7 * len(samples))]
    elif harm == "silence":
        middle = len(samples) // 2
        quiet = np.zeros(round(1.2 * rate), np.float32)
        samples = np.concatenate((samples[:middle], quiet, samples[middle:]))
    elif harm == "noise":
        noise = np.random.default_rng(7).standard_normal(len(samples))
        samples = samples + (noise * rms / 5).astype(np.float32)
    store.put("takes", turn.key, samples, rate, {})
    return CommandLine(podgen.folder, tmp_path / "store")


def test_good_takes_pass_and_are_heard_once(
    rendered: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = rendered("proof", "show.yaml", "-e", "hibari")
    assert run.code == 0, run.err
    assert "2 turns heard: 2 good, 0 doubtful, 0 bad" in run.out
    # Nothing hears any more, and yet all is known.
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    proved, missing = prove(rendered.folder / "show.yaml", engine="hibari", store=rendered.store)
    assert [one.verdict.grade for one in proved] == ["good", "good"]
    assert missing == []


@pytest.mark.parametrize(
    ("harm", "kind", "words"),
    [("cut", "missing", "years"), ("silence", "gap", "silence"), ("noise", "noise", "noise")],
)
def test_a_harmed_take_is_named_with_its_words(
    rendered: CommandLine, tmp_path: Path, harm: str, kind: str, words: str
) -> None:
    podgen = harmed(rendered, tmp_path, harm)
    run = podgen("proof", "show.yaml", "-e", "hibari", "--json")
    assert run.code == 5, run.out + run.err
    by_turn = {event["turn"]: event for event in run.named("proof")}
    assert by_turn["hello"]["verdict"] == "good"
    assert by_turn["kitchen"]["verdict"] == "bad"
    found = [one for one in by_turn["kitchen"]["findings"] if one["kind"] == kind]
    assert found
    (problem,) = run.named("error")[0]["problems"]
    assert problem["turn"] == "kitchen"
    assert words in problem["what"]


def test_what_is_not_rendered_is_not_called_good(rendered: CommandLine, tmp_path: Path) -> None:
    run = CommandLine(rendered.folder, tmp_path / "empty")("proof", "show.yaml", "-e", "hibari")
    assert run.code == 3
    assert "not rendered" in run.err


def test_words_have_their_times(rendered: CommandLine) -> None:
    from podgen.render.proving import spoken_times

    proved, _ = prove(rendered.folder / "show.yaml", engine="hibari", store=rendered.store)
    one: Proved = proved[0]
    words = spoken_times(one)
    assert [word for word, _, _ in words] == SHOW.split("text: ")[1].split(", id")[0].split()
    assert words[-1][2] == pytest.approx(one.evidence.sound.end, abs=0.4)
    assert words[4][0] == "show."
    # "Today" begins after the pause that ends the first sentence.
    assert words[5][1] > words[4][1] + 0.2


@pytest.mark.parametrize("form", ["vtt", "json"])
def test_an_episode_is_held_against_its_transcript(
    rendered: CommandLine, tmp_path: Path, form: str
) -> None:
    pytest.importorskip("webvtt")
    audio = rendered.folder / "dist" / "show.mp3"
    transcript = audio.with_suffix("") / f"transcript.{form}"
    if form == "vtt":
        run = rendered("proof", "--audio", audio, "--transcript", transcript)
        assert run.code == 0, run.out + run.err
        assert "2 passages heard: 2 good, 0 doubtful, 0 bad" in run.out
        return
    wrong = tmp_path / "wrong.json"
    text = transcript.read_text()
    wrong.write_text(text.replace("in my kitchen", "in my little garden shed"))
    run = rendered("proof", "--audio", audio, "--transcript", wrong, "--json")
    assert run.code == 5, run.out + run.err
    verdicts = {event["speaker"]: event["verdict"] for event in run.named("proof")}
    assert verdicts == {"ADA": "good", "BEN": "bad"}
    assert "little" in run.named("error")[0]["problems"][0]["what"]
