"""Long texts, odd WAV files, and the engine against podgen's own server."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("uvicorn", reason="the server is not installed: pip install podgen[serve]")

from podgen.engines import create
from podgen.engines.base import Utterance
from podgen.engines.remote import RemoteEngine
from podgen.engines.remote.length import parts, seconds
from podgen.engines.remote.reply import BadReplyError, parse_wav
from podgen.speech.encoding import wav_header
from tests.engines.remote.fake import VOXTRAL, Fake, serving, sound
from tests.support.running import running


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("kind", ["WAV", "WAVEX"])
def test_every_wav_a_server_may_send_is_read(subtype: str, kind: str) -> None:
    samples = sound("any", 0.2, 22050)
    for layout in (samples, np.stack([samples, samples / 2], axis=1)):
        file = io.BytesIO()
        soundfile.write(file, layout, 22050, format=kind, subtype=subtype)
        read, rate = parse_wav(file.getvalue())
        assert rate == 22050
        expected = layout if layout.ndim == 1 else layout.mean(axis=1)
        np.testing.assert_allclose(read, expected, atol=2 / 32768)


def test_a_stream_is_as_long_as_it_is_and_a_cut_file_is_refused() -> None:
    pcm = (sound("any", 0.1) * 32767).astype("<i2").tobytes()
    assert len(parse_wav(wav_header(24000) + pcm)[0]) == 2400
    whole = wav_header(24000, 2400) + pcm
    assert len(parse_wav(whole)[0]) == 2400
    for length in (0, 3, 11, 12, 20, 36, 43, 44, 100, len(whole) - 1):
        with pytest.raises(BadReplyError):
            parse_wav(whole[:length])


@given(st.binary(max_size=200))
def test_bytes_are_sound_or_refused(data: bytes) -> None:
    for body in (data, b"RIFF\0\0\0\0WAVE" + data):
        try:
            parse_wav(body)
        except BadReplyError:
            continue
        assert b"data" in body


def test_compressed_wav_is_refused() -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 1, 8000, 0, "NONE", ""))
        out.writeframes(b"\x80" * 800)
    with pytest.raises(BadReplyError, match="8 bits"):
        parse_wav(file.getvalue())


@given(
    st.lists(
        st.sampled_from(["Short.", "A longer sentence is this.", "\n\n", "Why?"]), max_size=60
    ),
    st.integers(50, 200),
)
def test_a_long_text_is_cut_between_sentences_and_nothing_is_lost(
    words: list[str], limit: int
) -> None:
    text = " ".join(words)
    cut = parts(text, limit)
    assert " ".join(part for part, _ in cut).split() == text.split()
    assert all(len(part) <= limit for part, _ in cut)
    assert all(part.rstrip()[-1:] in ".?" for part, _ in cut if part.strip())
    assert cut[-1][1] == 0.0


def test_a_long_turn_is_asked_for_in_parts_and_joined() -> None:
    text = "This is a sentence of the long turn. " * 20
    with serving(Fake()) as server:
        remote = RemoteEngine({"base_url": server.url, "model": VOXTRAL})
        turn = Utterance("t", text, "casual_male", settings={"split": 200})
        (speech,) = remote.synthesize([turn])
        assert len(server.bodies) == 4
        assert " ".join(sorted(server.texts())).split() == text.split()
        whole = sum(seconds(part, 1.0) for part, _ in parts(text, 200))
        assert len(speech.samples) / 24000 == pytest.approx(whole + 3 * 0.3, abs=0.3)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Hello there, how are you doing today?", 3.0),
        ("你好，今天天气很好，我们一起去公园散步吧。", 5.0),
        ("こんにちは、今日はとてもいい天気ですね。", 4.0),
    ],
)
def test_the_length_of_a_text_is_known_roughly_in_any_script(text: str, about: float) -> None:
    assert seconds(text, 1.0) == pytest.approx(about, rel=0.4)
    assert seconds(text, 2.0) < seconds(text, 1.0)


def test_podgen_speaks_through_its_own_server() -> None:
    pytest.importorskip("hibari")
    local = create("hibari")
    turns = [
        Utterance(f"t{n}", f"This is turn {n}. It has two sentences.", voice, speed=speed)
        for n, (voice, speed) in enumerate([("heart", 1.0), ("alloy", 1.0), ("heart", 1.5)])
    ]
    with running(create("hibari")) as server:
        remote = RemoteEngine({"base_url": server.url, "model": "hibari"})
        assert [remote.check(turn) for turn in turns] == [[], [], []]
        assert remote.check(Utterance("x", "Hello.", "nobody"))
        heard = {speech.id: speech for speech in remote.synthesize(turns)}
    for turn in turns:
        same = Utterance(turn.id, turn.text, "heart", language="en-US", speed=turn.speed)
        (expected,) = local.synthesize([same])
        assert heard[turn.id].sample_rate == expected.sample_rate
        np.testing.assert_allclose(heard[turn.id].samples, expected.samples, atol=2 / 32768)
