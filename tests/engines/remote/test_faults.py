"""Servers that fail in every way: no turn is lost that one could speak, no bad sound comes back."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from podgen.engines.base import Speech, Utterance
from podgen.engines.remote import RemoteEngine
from podgen.errors import EngineError
from tests.engines.remote import fake as fakes
from tests.engines.remote.fake import FAULTS, Fake, Fault, serving, spoken


def turns(
    count: int, say: str = "This is turn number {}, which is spoken here."
) -> list[Utterance]:
    return [Utterance(f"turn-{n}", say.format(n), "casual_male", seed=n) for n in range(count)]


def engine(*servers: Fake, **settings: Any) -> RemoteEngine:
    urls = [server.url for server in servers]
    return RemoteEngine(
        {"base_url": urls, "model": servers[0].model, "backoff": 0.01, "timeout": 20, **settings}
    )


def assert_right(speeches: Sequence[Speech], utterances: Sequence[Utterance]) -> None:
    assert sorted(s.id for s in speeches) == sorted(u.id for u in utterances)
    texts = {utterance.id: utterance.text for utterance in utterances}
    for speech in speeches:
        assert speech.sample_rate == 24000
        np.testing.assert_allclose(speech.samples, spoken(texts[speech.id]), atol=2 / 32768)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_is_seen_and_tried_again(fault: Fault) -> None:
    with serving(Fake()) as server:
        server.faults = lambda body, number: fault if number == 1 else None
        said = turns(2)
        patient = 1.0 if fault is fakes.hang else 20
        assert_right(list(engine(server, timeout=patient).synthesize(said)), said)
        assert len(server.bodies) == 3
        assert server.texts().count(server.bodies[0]["input"]) == 2


LASTING = [f for f in FAULTS if f not in (fakes.too_many, fakes.unavailable, fakes.hang)]


@pytest.mark.parametrize("fault", LASTING, ids=lambda fault: fault.__name__)
def test_a_fault_that_stays_is_an_error_that_names_the_turn(fault: Fault) -> None:
    with serving(Fake()) as server:
        server.faults = lambda body, number: fault if "number 1," in body["input"] else None
        said = turns(4)
        heard = []
        with pytest.raises(EngineError) as caught:
            for speech in engine(server, attempts=3).synthesize(said):
                heard.append(speech)
    assert_right(heard, [turn for turn in said if turn.id != "turn-1"])
    assert [problem.turn for problem in caught.value.problems] == ["turn-1"]
    assert "in 3 tries" in str(caught.value)
    assert server.url in str(caught.value)


def test_a_storm_of_faults_on_several_servers_loses_nothing() -> None:
    dice = random.Random(4)
    quick = [fault for fault in FAULTS if fault is not fakes.hang]
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(Fake())) for _ in range(3)]
        for server in servers[:2]:
            server.faults = lambda body, number: dice.choice(quick) if dice.random() < 0.4 else None
        said = turns(80)
        assert_right(list(engine(*servers, attempts=12).synthesize(said)), said)


def test_a_dead_server_is_left_out_and_taken_back() -> None:
    with serving(Fake()) as good, serving(Fake()) as first:
        port = int(first.url.rsplit(":", 1)[1].split("/")[0])
        dead = first.url
    with serving(Fake()) as good:
        good.seconds = 0.05
        said = turns(60)
        remote = RemoteEngine(
            {"base_url": [dead, good.url], "model": good.model, "backoff": 0.02, "in_flight": 2}
        )
        with ExitStack() as stack:
            back = Fake()
            heard = []
            for speech in remote.synthesize(said):
                heard.append(speech)
                if len(heard) == 5:
                    stack.enter_context(serving(back, port))
        assert_right(heard, said)
        assert back.bodies, "the server that came back was not asked again"


def test_the_least_loaded_server_is_asked_and_none_too_often() -> None:
    with serving(Fake()) as slow, serving(Fake()) as quick:
        slow.seconds, quick.seconds = 0.5, 0.01
        said = turns(60)
        assert_right(list(engine(slow, quick, in_flight=4).synthesize(said)), said)
        assert slow.most_open == 4 >= quick.most_open
        assert len(quick.bodies) > 2 * len(slow.bodies)


@pytest.mark.parametrize(("code", "tries"), [(401, 1), (404, 1), (418, 1)])
def test_a_refusal_that_holds_for_all_ends_the_job_at_once(code: int, tries: int) -> None:
    with serving(Fake()) as server:
        server.faults = lambda body, number: lambda handler, right: handler.error(code, "no way")
        with pytest.raises(EngineError, match=rf"refused it \({code}\): no way"):
            list(engine(server, in_flight=1).synthesize(turns(20)))
        assert len(server.bodies) <= tries + 1  # the thread may have begun the next


def test_a_turn_that_is_refused_is_not_asked_again_and_takes_no_other_with_it() -> None:
    with serving(Fake()) as server:
        said = [*turns(3), Utterance("bad", "Please say no to this.", "casual_male")]
        heard = []
        with pytest.raises(EngineError) as caught:
            for speech in engine(server).synthesize(said):
                heard.append(speech)
        assert_right(heard, said[:3])
        assert server.texts().count("Please say no to this.") == 1
    (problem,) = caught.value.problems
    assert problem.turn == "bad"
    assert "This text cannot be spoken" in problem.what


def test_no_server_at_all_is_said_soon() -> None:
    with serving(Fake()) as server:
        gone = server.url
    remote = RemoteEngine({"base_url": gone, "model": fakes.VOXTRAL, "backoff": 0.01})
    began = time.monotonic()
    with pytest.raises(EngineError, match="start the server"):
        list(remote.synthesize(turns(50)))
    assert time.monotonic() - began < 10


def test_a_server_that_is_only_busy_is_waited_for() -> None:
    with serving(Fake()) as server:
        server.faults = lambda body, number: fakes.too_many if number <= 12 else None
        said = turns(2)
        assert_right(list(engine(server, attempts=1, in_flight=1).synthesize(said)), said)
        server.faults = lambda body, number: fakes.too_many
        with pytest.raises(EngineError, match=r"too busy for 0\.3 s"):
            list(engine(server, patience=0.3).synthesize(said))


def test_whoever_stops_listening_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with serving(Fake()) as server:
        server.seconds = 0.05
        stream = engine(server).synthesize(turns(200))
        next(stream)
        stream.close()
        asked = len(server.bodies)
        deadline = time.monotonic() + 5
        while any(t.name.startswith("Thread") and "_work" in t.name for t in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert len(server.bodies) <= asked + 16
    while threading.active_count() > before:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_key_is_sent_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Fake(key="secret")) as server:
        said = turns(1)
        remote = engine(server, api_key_env="SPEECH_KEY")
        monkeypatch.delenv("SPEECH_KEY", raising=False)
        assert not remote.availability().usable
        monkeypatch.setenv("SPEECH_KEY", "secret")
        assert_right(list(remote.synthesize(said)), said)
        monkeypatch.setenv("SPEECH_KEY", "other")
        with pytest.raises(EngineError, match="401"):
            list(remote.synthesize(said))
