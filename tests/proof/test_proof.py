"""`podgen proof` on real takes: what is good passes, what was harmed is named."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from podgen.engines import create
from podgen.engines.base import Utterance
from podgen.proof import installed
from podgen.proof.sound import Floats
from podgen.render.plan import check
from podgen.render.proving import Proved, prove
from podgen.render.store import Store
from podgen.show import load_show
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


def cut(samples: Floats, _rate: int) -> Floats:
    return samples[: int(0.7 * len(samples))]


def silence(samples: Floats, rate: int) -> Floats:
    middle = len(samples) // 2
    return np.concatenate(
        (samples[:middle], np.zeros(round(1.2 * rate), np.float32), samples[middle:])
    )


def twice(samples: Floats, rate: int) -> Floats:
    return np.concatenate((samples[: round(1.9 * rate)], samples[round(1.0 * rate) :]))


def noise(samples: Floats, _rate: int) -> Floats:
    level = float(np.sqrt((samples**2).mean())) / 5
    return samples + np.random.default_rng(7).normal(0, level, len(samples)).astype(np.float32)


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


def test_harmed_takes_are_named_with_their_words(rendered: CommandLine) -> None:
    harms = {
        "three": (cut, "missing", "years"),
        "four": (silence, "gap", "silence"),
        "five": (noise, "noise", "noise"),
        "six": (twice, "added", "not written"),
    }
    text = "I never thought that it could live in my kitchen for {} years."
    script = rendered.folder / "harmed.yaml"
    script.write_text(
        SHOW.partition("  - BEN")[0]
        + "".join(f"  - BEN: {{text: {text.format(one)}, id: {one}}}\n" for one in harms)
    )
    plan, store, engine = check(script, engine="hibari"), Store(rendered.store), create("hibari")
    for speech in engine.synthesize(
        [Utterance(one, text.format(one), "heart", "en") for one in harms]
    ):
        rate = speech.sample_rate
        harmed = harms[speech.id][0](speech.samples, rate)
        store.put("takes", plan.turn(speech.id).key, harmed, rate, {})
    engine.close()
    run = rendered("proof", script, "-e", "hibari", "--json")
    assert run.code == 5, run.out + run.err
    by_turn = {event["turn"]: event for event in run.named("proof")}
    assert by_turn.pop("hello")["verdict"] == "good"
    problems = {problem["turn"]: problem["what"] for problem in run.named("error")[0]["problems"]}
    assert [*by_turn] == [*problems] == [*harms]
    for one, (_, kind, words) in harms.items():
        assert by_turn[one]["verdict"] == "bad"
        assert kind in {finding["kind"] for finding in by_turn[one]["findings"]}
        assert words in problems[one]


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


@pytest.fixture
def recorded(rendered: CommandLine, tmp_path: Path) -> CommandLine:
    """A show of recordings, which are the rendered turns; two have no text, one is silent."""
    for turn in ("hello", "kitchen"):
        [clip] = (rendered.folder / "dist/show/clips").glob(f"{turn}.*.flac")
        shutil.copy(clip, tmp_path / f"{turn}.flac")
    soundfile.write(tmp_path / "mute.wav", np.zeros(48000), 48000)
    (tmp_path / "talk.yaml").write_text(
        "title: Talk   # kept\n"
        "cast: {EVA: {pan: 0.1}, UDO: {}}\n"
        "turns:\n"
        "  - EVA: {audio: hello.flac}   # a remark\n"
        "  - UDO: {audio: hello.flac, text: As I wrote it.}\n"
        "  - UDO:\n      audio: kitchen.flac\n      gain: -1\n"
    )
    return CommandLine(tmp_path, tmp_path / "store")


def test_a_recordings_words_are_heard_and_written_down(recorded: CommandLine) -> None:
    check_first = recorded("check", "talk.yaml")
    assert check_first.code == 2
    assert check_first.err.count("text is missing; write what is said, or let 'podgen proof") == 2
    run = recorded("proof", "talk.yaml", "--fill")
    assert run.code == 0, run.err
    assert run.out.splitlines()[-1] == "2 texts written; read them over"
    text = (recorded.folder / "talk.yaml").read_text()
    assert text.startswith(
        "title: Talk   # kept\n"
        "cast: {EVA: {pan: 0.1}, UDO: {}}\n"
        "turns:\n"
        "  - EVA: {audio: hello.flac, text: "
    )
    assert "}   # a remark\n  - UDO: {audio: hello.flac, text: As I wrote it.}\n" in text
    turns = load_show(recorded.folder / "talk.yaml").turns
    said = [re.sub(r"[^a-z ]", "", turn.text.lower()) for turn in turns]
    assert said == [
        "welcome back to the show today we are talking about bread",
        "as i wrote it",
        "i never thought that it could live in my kitchen for three years",
    ]
    assert "      audio: kitchen.flac\n      gain: -1\n      text: " in text
    again = recorded("proof", "talk.yaml", "--fill")
    assert (again.code, again.out) == (0, "0 texts written: every recording has one\n")
    assert (recorded.folder / "talk.yaml").read_text() == text


def test_a_recording_in_which_nobody_speaks_is_named(recorded: CommandLine) -> None:
    script = recorded.folder / "talk.yaml"
    spoken, _ = script.read_text().split("  - UDO:", 1)
    script.write_text(spoken + "  - EVA: {audio: mute.wav}\n")
    run = recorded("proof", "talk.yaml", "--fill", "--json")
    assert run.code == 2
    assert [event["speaker"] for event in run.named("filled")] == ["EVA"]
    (problem,) = run.named("error")[0]["problems"]
    assert problem["what"] == "no speech is heard in mute.wav"
    assert script.read_text().splitlines()[problem["line"] - 1] == "  - EVA: {audio: mute.wav}"


def test_nothing_is_written_into_a_script_that_is_wrong(recorded: CommandLine) -> None:
    script = recorded.folder / "talk.yaml"
    script.write_text(script.read_text() + "  - EVO: {audio: mute.wav}\n  - EVA: {txt: Hello.}\n")
    before = script.read_bytes()
    run = recorded("proof", "talk.yaml", "--fill")
    assert run.code == 2
    assert "did you mean 'EVA'?" in run.err
    assert "unknown key 'txt'" in run.err
    assert "text is missing; write" not in run.err
    assert script.read_bytes() == before
