"""No request waits for another one's whole text, and nobody works for a client that has left."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podgen.engines import create
from podgen.engines.base import Utterance
from podgen.engines.continuous import Asked, Part
from podgen.serve.fairness import Line
from tests.serve.acting import ActingEngine
from tests.support.running import Running, running, wait_for

NAMES = ["anna", "bert", "cleo", "dora", "emil", "fred", "gina", "hans", "ivan", "jane"]
LONG = " ".join(f"Wait {name}." for name in NAMES)


class Sentences(ActingEngine):
    """Acts under the name of an engine that is handed sentences."""

    name = "hibari"

    def synthesize(self, utterances):  # type: ignore[no-untyped-def]
        wait_for(lambda: self.held.is_set() or "Wait" not in utterances[0].text)
        return super().synthesize(utterances)


def ask(server: Running, text: str, **fields: str) -> httpx.Response:
    return server.speech(input=text, voice="tone", response_format="pcm", **fields)


def test_a_short_request_waits_for_no_long_one() -> None:
    engine = Sentences()
    with running(engine) as server, ThreadPoolExecutor(10) as pool:
        long = [pool.submit(ask, server, LONG) for _ in range(9)]
        wait_for(lambda: server.state.batcher.depth[0] == 9 * 10 - 1)
        before = len(engine.spoken_texts)
        short = pool.submit(ask, server, "Hello there.")
        wait_for(lambda: server.state.batcher.depth[0] == 9 * 10)
        engine.held.set()
        assert {answer.result().status_code for answer in (short, *long)} == {200}
    # Before it come the sentence that was being spoken, and perhaps the oldest request's turn.
    assert engine.spoken_texts.index("Hello there.") - before <= 2


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("before", range(9))
def test_short_requests_wait_for_one_sentence_of_nine_long_ones(before: int, workers: int) -> None:
    waits = list(itertools.islice(waits_beside_long_ones(before, workers), 12))
    assert max(waits) <= 1.1


def waits_beside_long_ones(before: int, workers: int) -> Iterator[float]:
    """How long each of short requests, that come one after the other, waits for its turn.

    Simulated: a sentence of the nine long requests takes a worker 1 to 1.1 units of time, a short
    request takes 0.35; so many requests have been spoken `before`.
    """
    line = Line()
    for number in range(before):
        line.add(asked(f"before {number}"), f"before {number}", stream=False)
        line.pop()
    for number in range(9):
        for sentence in range(12):
            line.add(asked(f"long {number} {sentence}"), f"long {number}", stream=False)
    free = [(0.0, worker) for worker in range(workers)]
    arrival, shorts = 0.7, 0
    while True:
        now, worker = heapq.heappop(free)
        if now >= arrival:
            shorts, came, arrival = shorts + 1, arrival, math.inf
            line.add(Asked(Utterance("short", "Hello.", "tone")), f"short {shorts}", stream=False)
        takes = 1 + 0.1 * worker / workers
        if line.pop().utterance.id == "short":
            yield now - came
            takes = 0.35
            arrival = now + takes
        heapq.heappush(free, (now + takes, worker))


def test_a_streams_next_sentence_goes_before_a_whole_answers() -> None:
    line = Line()
    for sentence in range(20):
        line.add(asked(f"whole {sentence}"), "whole", stream=False)
    line.pop()
    for sentence in range(6):
        line.add(asked(f"stream {sentence}"), "stream", stream=True)
    assert [line.pop().utterance.id for _ in range(6)] == [f"stream {n}" for n in range(6)]


def test_a_client_that_leaves_takes_the_rest_of_its_text_with_it() -> None:
    engine = Sentences()
    with running(engine) as server:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{server.url}/v1/audio/speech", json={"input": LONG, "voice": "tone"}, timeout=0.3
            )
        wait_for(lambda: server.state.admission.active == 0)
        assert server.state.batcher.depth == (0, 0)
        engine.held.set()
        assert ask(server, "Next.").status_code == 200
    assert engine.spoken_texts == ["Hello.", "Wait anna.", "Next."]


def asked(utterance_id: str) -> Asked:
    return Asked(Utterance(utterance_id, "A sentence of some length.", "tone"))


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.booleans(), st.integers(1, 4), st.integers(0, 3)),
        max_size=30,
    )
)
def test_all_that_waits_is_spoken_once_and_a_requests_sentences_in_order(
    arrivals: list[tuple[int, bool, int, int]],
) -> None:
    line = Line()
    given_in: list[str] = []
    taken: list[str] = []
    streams: dict[int, bool] = {}
    for request, stream, sentences, pops in arrivals:
        for _ in range(sentences):
            given_in.append(f"{request} {len(given_in)}")
            line.add(asked(given_in[-1]), str(request), stream=streams.setdefault(request, stream))
        for _ in range(min(pops, len(line))):
            taken.append(line.pop().utterance.id)
    while len(line):
        taken.append(line.pop().utterance.id)
    assert sorted(taken) == sorted(given_in)
    for request in range(6):
        own = [name for name in taken if name.startswith(f"{request} ")]
        assert own == [name for name in given_in if name.startswith(f"{request} ")]


def test_newcomers_without_end_do_not_starve_the_oldest() -> None:
    line = Line()
    for sentence in range(5):
        line.add(asked(f"old {sentence}"), "old", stream=False)
    popped = []
    for number in range(60):
        line.add(asked(f"new {number}"), f"new {number}", stream=bool(number % 2))
        popped.append(line.pop().utterance.id)
    assert [name for name in popped if name.startswith("old")] == [f"old {n}" for n in range(5)]


@pytest.fixture(scope="module")
def kokoro() -> Iterator[Running]:
    pytest.importorskip("onnxruntime")
    engine = create("kokoro", {"workers": 2})
    if not engine.availability().usable:
        pytest.skip(engine.availability().reason)
    with running(engine) as server:
        yield server


def test_kokoro_says_the_same_streamed_and_whole(kokoro: Running) -> None:
    body = {
        "input": "Bring a coat! It is cold.\n\nWho knows?",
        "voice": "am_onyx",
        "response_format": "pcm",
    }
    whole = np.frombuffer(kokoro.speech(**body).content, "<i2")
    streamed = np.frombuffer(kokoro.speech(**body, stream_format="audio").content, "<i2")
    np.testing.assert_array_equal(streamed, whole)


def test_kokoro_answers_a_short_request_amid_a_long_one(kokoro: Running) -> None:
    long = " ".join(f"This is sentence {n}." for n in range(8))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(kokoro.speech, input=long, voice="af_heart", response_format="pcm")
        wait_for(lambda: kokoro.state.batcher.depth[0] >= 5)
        assert kokoro.speech(input="Hello there.", voice="af_heart").status_code == 200
        assert kokoro.state.batcher.depth[0] > 0, "the long one was spoken first"
        assert asked.result().status_code == 200


def test_kokoro_stops_for_a_client_that_left(kokoro: Running) -> None:
    body = {"input": "This is one more sentence. " * 10, "voice": "af_heart"}
    with contextlib.suppress(httpx.ReadTimeout):
        httpx.post(f"{kokoro.url}/v1/audio/speech", json=body, timeout=0.3)
    wait_for(lambda: kokoro.state.batcher.depth == (0, 0))
    before = kokoro.metric("podgen_characters_total")
    assert kokoro.speech(input="And now.", voice="af_heart").status_code == 200
    assert kokoro.metric("podgen_characters_total") - before == len("And now.")


def test_kokoro_speaks_a_newcomer_between_the_pieces_of_a_turn() -> None:
    pytest.importorskip("onnxruntime")
    engine = create("kokoro", {"workers": 1})
    if not engine.availability().usable:
        pytest.skip(engine.availability().reason)
    text = "One by one.\n\n" * 3
    turn, newcomer = (
        Utterance("turn", text, "af_heart", "en-US"),
        Utterance("newcomer", "Hello.", "af_heart", "en-US"),
    )
    (whole,) = engine.synthesize([turn])

    class Box:
        def __init__(self) -> None:
            self.waiting = [Asked(turn, in_parts=True), Asked(newcomer)]

        def take(self, most, *, wait, unless=lambda: False):  # type: ignore[no-untyped-def]
            taken, self.waiting = self.waiting[:most], self.waiting[most:]
            return taken

        def wake(self) -> None: ...

        def wanted(self, utterance_id: str) -> bool:
            return True

    parts = list(engine.speak_from(Box(), 4))  # type: ignore[attr-defined]
    assert all(isinstance(part, Part) for part in parts)
    assert [part.id for part in parts].index("newcomer") < 3
    said = np.concatenate([part.samples for part in parts if part.id == "turn"])
    np.testing.assert_array_equal(said, whole.samples)
    engine.close()
