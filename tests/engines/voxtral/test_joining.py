"""Utterances that join a batch which never stops, and sound that leaves it early."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from podgen.engines.base import Samples, Utterance
from podgen.engines.continuous import Asked, ContinuousEngine, Delivery, Failed, Part
from podgen.engines.voxtral import VoxtralEngine
from podgen.engines.voxtral.batch.graphs import Stepper
from podgen.engines.voxtral.batch.loaded import Loaded
from podgen.engines.voxtral.text import pace
from podgen.errors import EngineError
from tests.support.lenient import FRAMES, lenient

pytest.importorskip("mistral_common", reason="the engine's prompts need mistral-common")

HELLO = Utterance("hello", "Hello there, this is a test.", "casual_male", seed=7)
BONJOUR = Utterance("bonjour", "Bonjour tout le monde", "fr_female", "fr", seed=11)


class Box:
    """An inbox that a test fills, empties and closes."""

    def __init__(self, *asked: Asked, closed: bool = True) -> None:
        self._changed = threading.Condition()
        self._waiting = list(asked)
        self._closed = closed
        self.gone: set[str] = set()

    def put(self, *asked: Asked, close: bool = False) -> None:
        with self._changed:
            self._waiting += asked
            self._closed = close
            self._changed.notify_all()

    def take(
        self, most: int, *, wait: bool, unless: Callable[[], bool] = lambda: False
    ) -> Sequence[Asked]:
        with self._changed:
            while wait and not self._waiting and not self._closed and not unless():
                assert self._changed.wait(30)
            taken, self._waiting = self._waiting[:most], self._waiting[most:]
            return taken

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wanted(self, utterance_id: str) -> bool:
        return utterance_id not in self.gone


@pytest.fixture
def engine(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VoxtralEngine]:
    lenient(monkeypatch)
    engine = VoxtralEngine({"model": str(checkpoint), "device": "cpu", "dtype": "float32"})
    yield engine
    engine.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("voxtral")]


def whole(engine: VoxtralEngine, utterance: Utterance) -> Samples:
    (speech,) = engine.synthesize([utterance])
    return speech.samples


def sound(deliveries: Sequence[Delivery], key: str) -> Samples:
    """The parts of an utterance, which must end."""
    parts = [d for d in deliveries if isinstance(d, Part) and d.id == key]
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
    return np.concatenate([part.samples for part in parts])


def test_it_says_that_its_batch_never_stops(engine: VoxtralEngine) -> None:
    assert isinstance(engine, ContinuousEngine)


@pytest.mark.parametrize("most", [1, 4])
def test_in_parts_or_whole_it_sounds_as_it_does_alone(engine: VoxtralEngine, most: int) -> None:
    asked = [
        Asked(HELLO, in_parts=True),
        Asked(BONJOUR),
        Asked(replace(HELLO, id="again", seed=3), in_parts=True),
    ]
    heard = list(engine.speak_from(Box(*asked), most))
    assert len([d for d in heard if d.id == "hello"]) > 1
    assert len([d for d in heard if d.id == "bonjour"]) == 1
    for one in asked:
        expected = whole(engine, one.utterance)
        np.testing.assert_allclose(sound(heard, one.utterance.id), expected, atol=1e-5)


def test_the_first_part_is_a_third_of_a_second_and_each_further_one_as_long_as_all_before(
    engine: VoxtralEngine,
) -> None:
    heard = list(engine.speak_from(Box(Asked(BONJOUR, in_parts=True)), 1))
    frames = [len(part.samples) / 1920 for part in heard if isinstance(part, Part)]
    assert frames == [4, 4, 8, 8]
    assert sum(frames) == FRAMES


def test_a_text_in_pieces_is_joined_as_it_is_when_whole(engine: VoxtralEngine) -> None:
    text = "The first sentence is here. The second one is there. And a third."
    both = replace(HELLO, text=text, settings={"split": 30})
    heard = list(engine.speak_from(Box(Asked(both, in_parts=True)), 4))
    assert len(heard) > 3
    np.testing.assert_allclose(sound(heard, "hello"), whole(engine, both), atol=1e-5)
    (at_once,) = engine.speak_from(Box(Asked(both)), 4)
    assert isinstance(at_once, Part) and at_once.last
    np.testing.assert_allclose(at_once.samples, whole(engine, both), atol=1e-5)


def test_what_comes_later_joins_the_batch_that_runs(engine: VoxtralEngine) -> None:
    box = Box(Asked(BONJOUR, in_parts=True), closed=False)
    heard: list[Delivery] = []
    for delivery in engine.speak_from(box, 2):
        if not heard:
            box.put(Asked(replace(HELLO, id="late"), in_parts=True), close=True)
        heard.append(delivery)
    order = [d.id for d in heard]
    assert order.index("late") < len(order) - 1 - order[::-1].index("bonjour")
    np.testing.assert_allclose(sound(heard, "late"), whole(engine, HELLO), atol=1e-5)
    np.testing.assert_allclose(sound(heard, "bonjour"), whole(engine, BONJOUR), atol=1e-5)


def test_it_waits_for_more_until_the_inbox_closes(engine: VoxtralEngine) -> None:
    box = Box(Asked(HELLO), closed=False)
    heard = []
    for delivery in engine.speak_from(box, 2):
        heard.append(delivery.id)
        if len(heard) == 1:
            threading.Timer(0.3, box.put, [Asked(BONJOUR)], {"close": True}).start()
    assert heard == ["hello", "bonjour"]


@pytest.mark.parametrize("waiting", [False, True])
def test_what_nobody_wants_frees_its_slot(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch, waiting: bool
) -> None:
    """The first would go on for the whole of the model's positions."""
    monkeypatch.setattr(pace, "most_frames", lambda text: 24 if "tout" in text else 3000)
    endless = replace(HELLO, id="endless", seed=8)
    # The golden checkpoint's weights end some turns by themselves; this one must not.
    monkeypatch.setattr("podgen.engines.voxtral.batch.slots.END_AUDIO", -1)
    box = Box(Asked(endless, in_parts=True), closed=False)
    heard = []
    for delivery in engine.speak_from(box, 1):
        if not heard:
            if waiting:
                box.put(Asked(replace(endless, id="queued")))
                box.gone.add("queued")
            box.gone.add("endless")
            box.put(Asked(BONJOUR), close=True)
        heard.append(delivery)
    assert {delivery.id for delivery in heard} == {"endless", "bonjour"}
    assert isinstance(heard[-1], Part) and (heard[-1].id, heard[-1].last) == ("bonjour", True)


def test_when_all_have_left_a_closing_inbox_ends_it(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "most_frames", lambda text: 3000)
    monkeypatch.setattr("podgen.engines.voxtral.batch.slots.END_AUDIO", -1)
    box = Box(Asked(HELLO, in_parts=True))
    for delivery in engine.speak_from(box, 1):
        box.gone.add(delivery.id)
        assert not isinstance(delivery, Failed)


def test_what_ends_badly_unheard_is_tried_again_and_heard_it_fails(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def fault(text: str, frames: int, ended: bool) -> str | None:
        tried.append(frames)
        return "ended after 0.1 s" if len(tried) < 3 else None

    monkeypatch.setattr(pace, "fault", fault)
    (part,) = engine.speak_from(Box(Asked(HELLO)), 1)
    assert isinstance(part, Part) and part.last
    lenient(monkeypatch)
    expected = whole(engine, replace(HELLO, seed=9))
    np.testing.assert_allclose(part.samples, expected, atol=1e-5)

    tried.clear()
    monkeypatch.setattr(pace, "fault", fault)
    heard = list(engine.speak_from(Box(Asked(BONJOUR, in_parts=True), Asked(HELLO)), 2))
    (failed,) = [d for d in heard if isinstance(d, Failed)]
    assert failed.id == "bonjour"
    assert "ended after 0.1 s, while it was heard" in str(failed.error)
    assert not [d for d in heard if isinstance(d, Part) and d.id == "bonjour" and d.last]
    assert len(sound(heard, "hello"))


def test_a_text_that_cannot_be_prepared_takes_no_other_with_it(engine: VoxtralEngine) -> None:
    """Each of these characters takes several ids, which only the tokeniser knows."""
    odd = replace(HELLO, id="odd", text="a " + "\U0001f9ff" * 3000, settings={"split": "never"})
    broken = replace(HELLO, id="broken", settings={"split": "seldom"})
    heard = list(engine.speak_from(Box(Asked(odd), Asked(broken), Asked(HELLO)), 4))
    failed = {d.id: d.error for d in heard if isinstance(d, Failed)}
    assert failed.keys() == {"odd", "broken"}
    assert "leave room for 0 frames" in str(failed["odd"])
    assert len(sound(heard, "hello"))


def test_out_of_memory_fails_what_was_heard_and_begins_the_rest_anew(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Stepper.__call__
    heard: list[Delivery] = []

    def step(self: Stepper, rows: int, length: int, *, sampled: bool) -> None:
        if rows > 1 and heard:
            raise torch.OutOfMemoryError
        run(self, rows, length, sampled=sampled)

    monkeypatch.setattr(Stepper, "__call__", step)
    batching = Loaded.batching
    monkeypatch.setattr(Loaded, "batching", lambda *args: replace(batching(*args), alone=False))
    asked = [Asked(BONJOUR, in_parts=True), Asked(HELLO)]
    for delivery in engine.speak_from(Box(*asked), 2):
        heard.append(delivery)
    (failed,) = [d for d in heard if isinstance(d, Failed)]
    assert (failed.id, "too little free memory" in str(failed.error)) == ("bonjour", True)
    np.testing.assert_allclose(sound(heard, "hello"), whole(engine, HELLO), atol=1e-5)


def test_a_bug_ends_it_and_its_threads(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from podgen.engines.voxtral.batch.slots import Slots

    def fail(self: Slots, *args: object, **more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Slots, "step", fail)
    with pytest.raises(ZeroDivisionError):
        list(engine.speak_from(Box(Asked(HELLO), closed=False), 1))


@pytest.mark.parametrize(
    ("most", "said"),
    [(0, "max_tokens is 0"), ("many", "max_tokens is 'many'"), (10, "allows 0.8 s; 28 char")],
)
def test_a_bound_that_no_reading_fits_is_refused(
    engine: VoxtralEngine, most: object, said: str
) -> None:
    ((what, _),) = engine.check(replace(HELLO, settings={"max_tokens": most}))
    assert said in what


def test_a_reading_within_its_bound_is_the_same_and_one_beyond_it_fails(
    engine: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = replace(HELLO, settings={"max_tokens": FRAMES})
    assert np.array_equal(whole(engine, bound), whole(engine, HELLO))
    monkeypatch.undo()
    monkeypatch.setattr("podgen.engines.voxtral.batch.slots.END_AUDIO", -1)
    with pytest.raises(EngineError, match=r"did not end within .* raise max_tokens"):
        whole(engine, replace(BONJOUR, settings={"max_tokens": 20}))
