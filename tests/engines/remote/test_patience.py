"""Servers that go and come back, turns that come out badly, and what is tried again how."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from podgen.engines.base import Speech, Utterance
from podgen.engines.remote.engine import log
from podgen.errors import EngineError
from podgen.render.store import Store
from tests.conftest import CommandLine
from tests.engines.remote import fake as fakes
from tests.engines.remote.fake import VOXTRAL, Fake, serving
from tests.engines.remote.test_faults import assert_right, engine, turns


def port_of(server: Fake) -> int:
    return int(server.url.rsplit(":", 1)[1].split("/")[0])


def test_a_server_that_restarts_is_waited_for_and_the_user_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """For longer than its failures would be borne in a row."""
    said = turns(12)
    heard: list[Speech] = []
    back = Fake()
    with caplog.at_level("WARNING", log.name), ExitStack() as stack:
        gone = stack.enter_context(ExitStack())
        first = gone.enter_context(serving(Fake()))
        first.seconds = 0.05
        remote = engine(first, attempts=2, in_flight=2, patience=60)

        def restart() -> None:
            time.sleep(1.0)
            stack.enter_context(serving(back, port_of(first)))

        for speech in remote.synthesize(said):
            heard.append(speech)
            if len(heard) == 4:
                gone.close()
                threading.Thread(target=restart).start()
        assert_right(heard, said)
        assert back.bodies
    assert caplog.text.count("it is waited for, 60 s at most") == 1
    assert f"{first.url} does not answer (" in caplog.text
    assert f"{first.url} answers again" in caplog.text


def test_an_engine_that_died_behind_its_server_is_no_fault_of_the_turns() -> None:
    """vllm-omni answers 500 then, and 503 at /health."""
    with serving(Fake()) as server:
        said = turns(3)
        server.healthy = False

        def faults(body: dict[str, Any], number: int) -> fakes.Fault | None:
            server.healthy = number >= 8
            return None if server.healthy else fakes.crash

        server.faults = faults
        remote = engine(server, attempts=2, patience=60)
        assert remote.check(said[0]) == []
        assert_right(list(remote.synthesize(said)), said)


def test_patience_ends_and_names_the_server_once(tmp_path: Path, podgen: CommandLine) -> None:
    """Turns of another server land all the same, and stay."""
    with serving(Fake()) as well, ExitStack() as gone:
        dying = gone.enter_context(serving(Fake()))
        (tmp_path / "voices.yaml").write_text(
            f'engines:\n  remote: {{base_url: "{well.url}", model: {VOXTRAL}, backoff: 0.01, '
            "patience: 1, in_flight: 1}\n"
            "characters:\n  ADA: {engine: remote, voice: casual_male}\n"
            "  BEN:\n    engine: remote\n    voice: neutral_female\n"
            f'    settings: {{base_url: "{dying.url}"}}\n'
        )
        lines = "".join(
            f"  - {who}: This is what is said in line {n}.\n"
            for n, who in enumerate(["BEN", "ADA", "BEN", "BEN", "ADA"])
        )
        (tmp_path / "show.yaml").write_text(f"title: Some fail\nturns:\n{lines}")

        def die(body: dict[str, Any], number: int) -> fakes.Fault | None:
            if number == 1:
                threading.Thread(target=gone.close).start()
                time.sleep(0.5)
            return None

        dying.faults = die
        run = podgen("render", "show.yaml", "-o", "out.wav")
    assert run.code == 3, run.err
    assert "2 of 5 turns kept; the next render speaks the others" in run.err
    assert f"{dying.url} does not answer" in run.err
    assert "it is waited for, 1 s at most" in run.err
    (line,) = [line for line in run.err.splitlines() if "no answer for 1 s" in line]
    assert "3 turns wait for it" in line


def test_bad_answers_to_some_turns_put_no_server_out() -> None:
    """Even where they are the first that are asked, one after the other."""
    with serving(Fake()) as server:
        said = turns(20)
        bad = [f"turn-{n}" for n in range(10)]
        server.faults = lambda body, number: fakes.silence if is_bad(body) else None
        heard = []
        with pytest.raises(EngineError) as caught:
            for speech in engine(server, attempts=3, in_flight=1).synthesize(said):
                heard.append(speech)
    assert_right(heard, said[10:])
    assert [problem.turn for problem in caught.value.problems] == bad


def is_bad(body: dict[str, Any]) -> bool:
    return any(f"number {n}," in body["input"] for n in range(10))


QWEN_BASE = "Qwen/Qwen3-TTS-12Hz-1.7B-Base"


@pytest.mark.parametrize(("model", "seeds"), [(VOXTRAL, [7, 8, 9]), (QWEN_BASE, [7, None, None])])
def test_after_a_bad_answer_another_seed_is_asked_for(model: str, seeds: list[int | None]) -> None:
    """Or none, of a server that tries again by itself only without one."""
    with serving(Fake(model)) as server:
        server.faults = lambda body, number: fakes.silence if number < 3 else None
        clone = {
            "consent": "She agreed.",
            "ref_audio": "https://example.org/a.wav",
            "x_vector_only_mode": True,
        }
        turn = Utterance(
            "t", "This is what is said.", "casual_male" if model == VOXTRAL else "", seed=7,
            settings={} if model == VOXTRAL else clone,
        )  # fmt: skip
        (speech,) = engine(server).synthesize([turn])
        assert [body.get("seed") for body in server.bodies] == seeds
        assert speech.notes == {"seed": seeds[-1]}


def test_the_seed_that_succeeded_is_in_the_takes_record(
    tmp_path: Path, podgen: CommandLine
) -> None:
    with serving(Fake()) as server:
        server.faults = lambda body, number: fakes.runs_on if number == 1 else None
        (tmp_path / "voices.yaml").write_text(
            f'engines:\n  remote: {{base_url: "{server.url}", model: {VOXTRAL}, backoff: 0.01}}\n'
            "characters:\n  ADA: {engine: remote, voice: casual_male}\n"
        )
        (tmp_path / "show.yaml").write_text(
            "title: A\nturns:\n  - ADA: {text: This is what is said here., seed: 40}\n"
        )
        done = podgen("render", "show.yaml", "-o", "out.wav")
        assert done.code == 0, done.err
    store = Store(podgen.store)
    (entry,) = [entry for entry in store.entries() if entry.kind == "takes"]
    clip = store.get("takes", entry.key)
    assert clip is not None
    assert clip.notes["seed"] == 41


def test_sound_that_ran_into_the_limit_asked_for_is_a_bad_answer() -> None:
    with serving(Fake()) as server:
        server.faults = lambda body, number: fakes.cut_at_the_limit if number == 1 else None
        limited = {"max_tokens": 900}
        said = [Utterance("t", "This is what is said.", "casual_male", settings=limited)]
        assert_right(list(engine(server).synthesize(said)), said)
        assert len(server.bodies) == 2
        server.faults = lambda body, number: fakes.cut_at_the_limit
        with pytest.raises(EngineError, match="cut short at max_tokens, 900"):
            list(engine(server, attempts=2).synthesize(said))
        roomy = [Utterance("t", said[0].text, "casual_male", settings={"max_tokens": 901})]
        assert_right(list(engine(server).synthesize(roomy)), roomy)
