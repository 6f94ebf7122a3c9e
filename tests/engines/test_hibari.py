from __future__ import annotations

import numpy as np
import pytest

from podgen.engines.base import Samples, Utterance
from podgen.engines.hibari import HibariEngine
from podgen.errors import EngineError
from podgen.text.saying import in_words


def say(engine: HibariEngine, text: str, **more: object) -> Samples:
    (speech,) = engine.synthesize([Utterance("t", text, "heart", **more)])  # type: ignore[arg-type]
    assert speech.sample_rate == engine.capabilities().sample_rate
    return speech.samples


def quiet_runs(samples: Samples, rate: int = 24_000) -> list[float]:
    """Seconds of each silence of at least 50 ms inside the speech."""
    frame = rate // 100
    level = np.abs(samples[: len(samples) // frame * frame]).reshape(-1, frame).max(axis=1)
    loud = np.flatnonzero(level > 0.01 * level.max())
    gaps = (np.diff(loud) - 1) * 0.01
    return [float(gap) for gap in gaps if gap >= 0.05]


def test_speaks_the_same_each_time_and_alone_as_among_others(hibari: HibariEngine) -> None:
    text = "Good morning to all of you."
    alone = say(hibari, text)
    others = [Utterance(str(n), t, "heart") for n, t in enumerate(["Hello.", text, "Goodbye."])]
    among = {speech.id: speech.samples for speech in hibari.synthesize(others)}
    assert np.array_equal(alone, among["1"])


def test_sentences_are_parted_by_one_natural_pause(hibari: HibariEngine) -> None:
    gaps = quiet_runs(say(hibari, "We were all there. They were not."))
    assert len(gaps) == 1
    assert 0.2 <= gaps[0] <= 0.4


def test_paragraphs_are_parted_by_a_longer_pause(hibari: HibariEngine) -> None:
    gaps = quiet_runs(say(hibari, "We were all there.\n\nThey were not."))
    assert 0.5 <= max(gaps) <= 0.7


def test_speed_changes_the_length(hibari: HibariEngine) -> None:
    text = "The quick brown fox jumps over the lazy dog by the river."
    lengths = [len(say(hibari, text, speed=speed)) for speed in (0.7, 1.0, 1.5)]
    assert lengths[0] > 1.2 * lengths[1] > 1.4 * lengths[2]


def test_phonemes_change_the_word_alone(hibari: HibariEngine) -> None:
    plain = say(hibari, "My cat is here.")
    given = say(hibari, "My cat is here.", phonemes=(("cat", "/ˈdɒɡi/"),))
    same = say(hibari, "My doggy is here.")
    assert not np.array_equal(given, plain)
    assert abs(len(given) - len(same)) < 2400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"voice": "emma"}, "no voice `emma`"),
        ({"language": "fr"}, "English only"),
        ({"text": "We say 你好."}, "`你好`"),
        ({"text": "Привет!"}, "`Привет`"),
        ({"text": " ... "}, "nothing to say"),
        ({"speed": 3.0}, "speed 3"),
        ({"instructions": "sadly"}, "instructions"),
        ({"ref_text": "x"}, "clone"),
        ({"settings": {"pitch": 2}}, "`pitch`"),
        ({"phonemes": (("day", "/ʁœ/"),)}, "`ʁœ`"),
    ],
)
def test_what_it_cannot_do_is_said_before_and_refused(
    hibari: HibariEngine, change: dict[str, object], words: str
) -> None:
    fields: dict[str, object] = {"id": "t7", "text": "A fine day.", "voice": "heart", **change}
    utterance = Utterance(**fields)  # type: ignore[arg-type]
    problems = hibari.check(utterance)
    assert any(words in what for what, _ in problems)
    assert all(remedy for _, remedy in problems)
    with pytest.raises(EngineError, match="turn t7"):
        list(hibari.synthesize([utterance]))


def test_accents_quotes_and_symbols_are_speakable(hibari: HibariEngine) -> None:
    text = "“Café Zürich”—naïve… costs £5 & 20% of ½ at 20 °C, π × 2!"
    said = in_words(text, "en")
    assert said.passed_over == ()
    assert hibari.check(Utterance("t", said.text, "heart")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Welcome back to the show.",
        "It cost one thousand two hundred fifty dollars and fifty cents in nineteen ninety-nine.",
        "I never thought that the old bridge would still be standing after all these years, "
        "but there it is. It looks well, too.",
        "Yes.",
    ],
)
def test_estimate_is_near_the_length(hibari: HibariEngine, text: str) -> None:
    estimate = hibari.estimate(Utterance("t", text, "heart"))
    assert estimate == pytest.approx(len(say(hibari, text)) / 24_000, rel=0.25, abs=0.5)


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(EngineError, match="`threads`"):
        HibariEngine({"threads": 2})
