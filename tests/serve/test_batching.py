"""Requests share the engine's batch and do not harm each other."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient

from podgen.engines.base import Speech, Utterance
from podgen.engines.continuous import Delivery, Inbox
from podgen.errors import EngineError, MachineError, Problem
from podgen.serve.app import create_app
from tests.serve.acting import RATE, ActingEngine, RunningEngine, tone
from tests.support.running import Running, running, wait_for


def ask(server: Running, text: str) -> httpx.Response:
    return server.speech(input=text, voice="tone", response_format="wav")


def test_what_waits_goes_into_one_round() -> None:
    engine = ActingEngine()
    with running(engine) as server, ThreadPoolExecutor(9) as pool:
        first = pool.submit(ask, server, "wait")
        wait_for(lambda: engine.rounds[-1] == ["wait"])
        others = [pool.submit(ask, server, f"text {chr(97 + n)}") for n in range(8)]
        wait_for(lambda: server.state.batcher.depth == (8, 1))
        engine.held.set()
        assert {f.result().status_code for f in (first, *others)} == {200}
    assert sorted(engine.rounds[-1]) == [f"text {chr(97 + n)}" for n in range(8)]


@pytest.mark.parametrize(
    ("bad", "status"), [("by name", 400), ("without name", 503), ("bug", 500), ("forget", 503)]
)
def test_a_text_that_breaks_the_engine_breaks_no_other(bad: str, status: int) -> None:
    engine = ActingEngine()
    with running(engine) as server, ThreadPoolExecutor(5) as pool:
        first = pool.submit(ask, server, "wait")
        wait_for(lambda: engine.rounds[-1] == ["wait"])
        texts = ["one", "two", bad, "three"]
        rest = [pool.submit(ask, server, text) for text in texts]
        wait_for(lambda: server.state.batcher.depth == (4, 1))
        engine.held.set()
        answers = dict(zip(texts, [f.result() for f in rest], strict=True))
        assert first.result().status_code == 200
        assert answers.pop(bad).status_code == status
        for text, answer in answers.items():
            assert answer.status_code == 200
            samples, rate = soundfile.read(io.BytesIO(answer.content), dtype="float32")
            assert rate == RATE
            np.testing.assert_allclose(samples, tone(0.1 * len(text)), atol=2 / 32768)
        assert ask(server, "after").status_code == 200


def test_an_engine_with_a_running_batch_streams_before_it_is_done() -> None:
    engine = RunningEngine()
    with running(engine) as server:
        body = {"input": "wait for it", "voice": "tone", "response_format": "pcm"}
        url = f"{server.url}/v1/audio/speech"
        with httpx.stream("POST", url, json={**body, "stream_format": "audio"}) as reply:
            blocks = reply.iter_bytes()
            heard = next(blocks)  # the engine holds the rest back
            assert ask(server, "meanwhile").status_code == 200
            engine.held.set()
            heard += b"".join(blocks)
    assert engine.together == 2
    pcm = np.frombuffer(heard, "<i2") / 32768
    np.testing.assert_allclose(pcm, tone(1.1), atol=2 / 32768)


def test_a_client_that_leaves_frees_its_slot_in_a_running_batch() -> None:
    engine = RunningEngine()
    with running(engine) as server:
        url = f"{server.url}/v1/audio/speech"
        body = {"input": "wait for ever", "voice": "tone", "stream_format": "audio"}
        with httpx.stream("POST", url, json={**body, "response_format": "pcm"}) as reply:
            blocks = reply.iter_bytes()
            next(blocks)
            assert server.state.admission.active == 1
        wait_for(lambda: engine.let_go == ["wait for ever"])
        wait_for(lambda: server.state.admission.active == 0)
        assert server.metric('podgen_requests_total{outcome="gone"}') == 1


def test_a_client_that_leaves_the_queue_is_not_spoken() -> None:
    engine = ActingEngine()
    with running(engine) as server, ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, server, "wait")
        wait_for(lambda: engine.rounds[-1] == ["wait"])
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{server.url}/v1/audio/speech",
                json={"input": "impatient", "voice": "tone"},
                timeout=0.3,
            )
        wait_for(lambda: server.state.admission.active == 1)
        engine.held.set()
        assert first.result().status_code == 200
        assert ask(server, "next").status_code == 200
    assert "impatient" not in engine.spoken_texts


def test_a_failure_amid_a_stream_never_looks_whole() -> None:
    engine = RunningEngine()

    def fail(inbox, most):  # type: ignore[no-untyped-def]
        parts = RunningEngine.speak_from(engine, inbox, most)
        for number, part in enumerate(parts):
            yield part
            if number == 8:
                raise ZeroDivisionError

    engine.speak_from = fail  # type: ignore[method-assign]
    with running(engine) as server:  # the warm-up takes six steps
        url = f"{server.url}/v1/audio/speech"
        body = {"input": "a long text", "voice": "tone", "response_format": "wav"}
        with (
            pytest.raises(httpx.RemoteProtocolError),
            httpx.stream("POST", url, json={**body, "stream_format": "audio"}) as reply,
        ):
            assert reply.status_code == 200
            reply.read()
        assert ask(server, "b").status_code == 200
        assert engine.closed == 1


def test_a_full_queue_answers_503_and_when_to_come_again() -> None:
    from podgen.serve.state import Limits

    engine = ActingEngine()
    with running(engine, limits=Limits(queue=2)) as server, ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(ask, server, f"wait {chr(97 + n)}") for n in range(2)]
        wait_for(lambda: server.state.admission.active == 2)
        refused = ask(server, "too many")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["code"] == "queue_full"
        engine.held.set()
        assert [f.result().status_code for f in waiting] == [200, 200]
        assert ask(server, "again").status_code == 200


def test_closing_finishes_what_was_accepted_and_refuses_the_rest() -> None:
    engine = ActingEngine()
    with running(engine) as server, ThreadPoolExecutor(2) as pool:
        accepted = [pool.submit(ask, server, f"wait {chr(97 + n)}") for n in range(2)]
        wait_for(lambda: server.state.admission.active == 2)
        with httpx.Client() as kept:
            kept.get(f"{server.url}/health")
            server.server.handle_exit(15, None)
            threading.Timer(0.5, engine.held.set).start()
            with contextlib.suppress(httpx.TransportError):  # the door may be closed already
                assert kept.get(f"{server.url}/ready").status_code == 503
        with pytest.raises(httpx.TransportError):
            wait_for(lambda: not httpx.get(f"{server.url}/health"))
        for answer in [f.result() for f in accepted]:
            assert len(soundfile.read(io.BytesIO(answer.content))[0]) == 0.6 * RATE
    assert engine.closed == 1


def test_the_log_has_no_text_unless_asked(caplog: pytest.LogCaptureFixture) -> None:
    for log_text in (False, True):
        caplog.clear()
        with (
            caplog.at_level("INFO", "podgen.serve"),
            running(ActingEngine(), log_text=log_text) as server,
        ):
            ask(server, "a secret")
        assert '"characters": 8' in caplog.text
        assert ("a secret" in caplog.text) is log_text


class Stumbling(ActingEngine):
    """Fails to speak its first word."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.errors = [error]

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        if self.errors:
            error = self.errors.pop()
            if isinstance(error, EngineError):
                raise EngineError(Problem(error.problems[0].what, turn=utterances[0].id))
            raise error
        yield from super().synthesize(utterances)


def test_a_first_word_read_badly_does_not_keep_the_server_from_being_ready() -> None:
    with running(Stumbling(EngineError("it ended after 0.1 s"))) as server:
        assert httpx.get(f"{server.url}/ready").status_code == 200


def test_an_engine_that_could_not_speak_is_ready_when_it_has_spoken() -> None:
    with TestClient(create_app(Stumbling(MachineError("too little memory")))) as client:
        wait_for(lambda: client.get("/ready").json()["reason"] == "too little memory")
        assert client.get("/ready").status_code == 503
        spoken = client.post("/v1/audio/speech", json={"input": "now", "voice": "tone"})
        assert spoken.status_code == 200
        assert client.get("/ready").status_code == 200


def test_an_engine_that_does_not_start_fails_one_request_at_a_time() -> None:
    engine = RunningEngine()
    starts: list[int] = []

    def start(inbox: Inbox, most: int) -> Iterator[Delivery]:
        starts.append(1)
        if len(starts) < 4:
            raise MachineError("too little memory")
        yield from RunningEngine.speak_from(engine, inbox, most)

    engine.speak_from = start  # type: ignore[method-assign]
    with TestClient(create_app(engine)) as client:
        wait_for(lambda: client.get("/ready").json()["reason"] == "too little memory")
        body = {"input": "a", "voice": "tone"}
        answers = [client.post("/v1/audio/speech", json=body).status_code for _ in range(4)]
        assert answers == [503, 503, 200, 200]
    assert (len(starts), engine.closed) == (4, 4)
