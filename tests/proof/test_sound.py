"""Faults of sound, pace and voice planted in real takes: each is told, and the take without it is
good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import soxr

from podgen.engines import create
from podgen.engines.base import Utterance
from podgen.proof import Company, Evidence, Said, Verdict, companies, judge
from podgen.proof.sound import Floats, measure
from podgen.proof.voice import WIDTH, VoiceEncoder, Windows
from podgen.proof.weights import VOICE_INSTALL, voice_encoder

TEXTS = (
    "I never thought that it could live in my kitchen for three years, but it is still there.",
    "The lighthouse was built on a rock that disappears twice a day, whenever the tide comes in.",
    "For almost ninety years a keeper climbed those stairs each evening to light the lamp.",
    "Most of the orchard was planted by a man who never tasted one of its apples himself.",
    "She kept the letters in a biscuit tin under the stairs, and nobody ever asked for them.",
)
SILENT = Windows(np.zeros((0, WIDTH), np.float32), np.zeros((0, 2)))


@pytest.fixture(scope="module")
def takes() -> tuple[list[Floats], int]:
    """The texts as one voice says them, and their rate in Hz."""
    pytest.importorskip("hibari")
    engine = create("hibari")
    asked = [Utterance(str(at), text, "heart", "en") for at, text in enumerate(TEXTS)]
    spoken = {int(one.id): one for one in engine.synthesize(asked)}
    engine.close()
    return [spoken[at].samples for at in range(len(TEXTS))], spoken[0].sample_rate


def verdict(samples: Floats, rate: int) -> Verdict:
    """On the sound of a take alone."""
    return judge(
        Evidence(None, None, None, (), measure(samples, rate), SILENT), Said(TEXTS[0], "en")
    )


def with_hum(samples: Floats, rate: int) -> Floats:
    time = np.arange(len(samples)) / rate
    level = float(np.sqrt(np.mean(samples**2)))
    return samples + (0.1 * level * np.sin(2 * np.pi * 50 * time)).astype(np.float32)


def clipped(samples: Floats, _rate: int) -> Floats:
    peak = 0.4 * float(np.abs(samples).max())
    return np.clip(samples, -peak, peak)


def louder_half_way(samples: Floats, _rate: int) -> Floats:
    out = samples.copy()
    out[: len(out) // 2] *= 10 ** (-16 / 20)
    return out


@pytest.mark.parametrize(
    ("plant", "kind"), [(with_hum, "hum"), (clipped, "clipping"), (louder_half_way, "jump")]
)
def test_a_fault_of_the_sound_is_told(
    takes: tuple[list[Floats], int], plant: Callable[[Floats, int], Floats], kind: str
) -> None:
    (samples, *_), rate = takes
    assert verdict(samples, rate).findings == ()
    found = verdict(plant(samples, rate), rate)
    assert {one.kind for one in found.findings} == {kind}
    assert found.grade == "bad"


@pytest.mark.parametrize(("ratio", "grade"), [(1.0, "good"), (1.7, "doubtful"), (2.3, "bad")])
def test_a_pace_unlike_the_voices_own_is_told(
    takes: tuple[list[Floats], int], ratio: float, grade: str
) -> None:
    said = [Said(text, "en") for text in TEXTS]
    samples, rate = takes
    faster = [soxr.resample(samples[0], rate * ratio, rate), *samples[1:]]
    heard = [Evidence(None, None, None, (), measure(each, rate), SILENT) for each in faster]
    shown = [("ADA", evidence, text) for evidence, text in zip(heard, said, strict=True)]
    found = judge(heard[0], said[0], companies(shown)[0])
    assert found.grade == grade
    assert [one.kind for one in found.findings] == ([] if grade == "good" else ["pace"])


def test_a_voice_that_drifts_in_a_long_turn_is_told(takes: tuple[list[Floats], int]) -> None:
    file = voice_encoder()
    if file is None:
        pytest.skip(f"voices are told by resemblyzer's encoder: {VOICE_INSTALL}")
    encoder = VoiceEncoder(file)
    samples, rate = takes
    # Deeper and deeper, up to five semitones, over the turn.
    drifting = [
        soxr.resample(each, rate, rate * (1 + 0.08 * at)) for at, each in enumerate(samples)
    ]
    said = Said("\n\n".join(TEXTS), "en")

    def told(parts: list[Floats]) -> list[str]:
        whole = np.concatenate(parts)
        windows = encoder.windows(soxr.resample(whole, rate, 16_000))
        evidence = Evidence(None, None, None, (), measure(whole, rate), windows)
        return [one.kind for one in judge(evidence, said).findings if one.kind == "voice"]

    assert told(samples) == []
    assert told(drifting) == ["voice"]


@pytest.mark.parametrize(("like", "grade"), [(0.82, "doubtful"), (0.78, "bad"), (0.88, "good")])
def test_a_stretch_nearer_to_another_voice_is_bad_if_it_is_unlike_its_own(
    like: float, grade: str
) -> None:
    own, other, stretch = np.zeros((3, WIDTH), np.float32)
    own[0], other[:2] = 1.0, (0.5, np.sqrt(0.75))
    stretch[:2] = like, np.sqrt(1 - like**2)
    windows = Windows(np.stack((own, stretch, own)), np.array([(0.0, 1.6), (1.6, 3.2), (3.2, 4.8)]))
    sound = replace(measure(np.zeros(16_000, np.float32), 16_000), start=0.0, end=4.8)
    evidence = Evidence(None, None, None, (), sound, windows)
    company = Company(own, usual=0.9, others={"BEN": other})
    verdict = judge(evidence, Said("Good morning.", "en"), company)
    found = [one for one in verdict.findings if one.kind == "voice"]
    assert [one.grade for one in found] == ([] if grade == "good" else [grade])
