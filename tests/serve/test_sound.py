"""Joining, stretching and headers."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.engines.base import Utterance
from podgen.engines.joins import Joiner, join
from podgen.speech.encoding import encode, pcm16, tempo_chain, wav_header, within_full_scale
from podgen.speech.pieces import cut, slices
from tests.serve.acting import tone

RATE = 24000


@st.composite
def spoken(draw: st.DrawFn) -> np.ndarray:
    """A burst of noise between two quiet ends, each of any length."""
    lead, body, tail = (draw(st.integers(0, 12_000)) for _ in range(3))
    noise = np.random.default_rng(draw(st.integers(0, 99))).normal(0, 0.2, body)
    return np.concatenate([np.zeros(lead), noise, np.zeros(tail)]).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(spoken(), st.floats(0, 0.8)), min_size=1, max_size=5))
def test_pieces_joined_one_by_one_sound_as_joined_at_once(
    given_pieces: list[tuple[np.ndarray, float]],
) -> None:
    pieces = [piece for piece, _ in given_pieces]
    gaps = [0.0, *(gap for _, gap in given_pieces[1:])]
    joiner = Joiner(RATE)
    last = len(pieces) - 1
    stream = [
        joiner.add(piece, gap, last=index == last)
        for index, (piece, gap) in enumerate(zip(pieces, gaps, strict=True))
    ]
    np.testing.assert_array_equal(np.concatenate(stream), join(pieces, gaps[1:], RATE))


def test_only_engines_that_speak_sentences_are_cut() -> None:
    turn = Utterance("a", "One. ... Two!\n\nThree?", "heart", speed=2.0)
    pieces = cut(turn, "hibari")
    assert [piece.utterance.text for piece in pieces] == ["One.", "Two!", "Three?"]
    assert [piece.gap for piece in pieces] == [0.0, 0.15, 0.3]
    assert [piece.utterance.text for piece in cut(turn, "voxtral")] == [turn.text]


@pytest.mark.parametrize("tempo", [0.25, 0.5, 0.7, 1.7, 4.0])
def test_a_stretch_keeps_the_pitch(tempo: float) -> None:
    samples = tone(2.0, hertz=330.0, rate=RATE)
    pcm = np.frombuffer(encode(samples, RATE, "pcm", tempo), "<i2") / 32768
    assert len(pcm) == pytest.approx(len(samples) / tempo, rel=0.05)
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    assert spectrum.argmax() * RATE / len(pcm) == pytest.approx(330, abs=3)
    assert np.abs(pcm).max() == pytest.approx(0.5, rel=0.1)
    assert tempo_chain(tempo).count("atempo") == (2 if tempo in (0.25, 4.0) else 1)


def test_a_header_is_exact_where_the_length_is_known() -> None:
    with wave.open(io.BytesIO(encode(tone(0.3, rate=RATE), RATE, "wav"))) as file:
        assert (file.getnframes(), file.getframerate(), file.getsampwidth()) == (7200, RATE, 2)
    assert wav_header(RATE)[4:8] == wav_header(RATE)[40:44] == b"\xff" * 4


def test_peaks_beyond_full_scale_are_turned_down_whole_and_clipped_in_a_stream() -> None:
    loud = tone(0.1) * 2.14
    assert np.abs(within_full_scale(loud)).max() == pytest.approx(1.0)
    quiet = tone(0.1)
    assert within_full_scale(quiet) is quiet
    assert np.frombuffer(pcm16(loud), "<i2").max() == 32767


def test_slices_lose_nothing() -> None:
    samples = tone(1.3)
    parts = list(slices(samples, 8000))
    assert [len(part) for part in parts] == [4000, 4000, 2400]
    np.testing.assert_array_equal(np.concatenate(parts), samples)


def test_the_same_speech_encodes_to_the_same_bytes() -> None:
    for name in ("mp3", "flac", "ogg", "opus", "aac"):
        assert encode(tone(0.3, rate=RATE), RATE, name) == encode(tone(0.3, rate=RATE), RATE, name)
