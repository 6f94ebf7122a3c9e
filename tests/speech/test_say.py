"""One text into a file or a stream."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import soundfile

from podgen.errors import EngineError, ScriptError
from podgen.speech import choosing, say


def request(text: str = "Good morning. How are you?") -> say.Request:
    return say.Request(text, engine="hibari")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_a_text_becomes_a_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "new" / f"hello{suffix}"
    spoken = say.to_file(request(), path)
    assert (spoken.engine, spoken.voice, spoken.path) == ("hibari", "heart", path)
    samples, rate = soundfile.read(path)
    assert len(samples) / rate == pytest.approx(spoken.seconds, abs=0.06)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_stream_is_the_file_with_an_open_end(tmp_path: Path) -> None:
    out = io.BytesIO()
    spoken = say.to_stream(request(), out)
    say.to_file(request(), tmp_path / "a.wav")
    assert out.getvalue()[44:] == (tmp_path / "a.wav").read_bytes()[44:]
    assert len(out.getvalue()) == 44 + round(spoken.seconds * 24000) * 2


def test_what_cannot_be_spoken_is_said_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    for wrong, error, says in (
        (say.Request("Hello", voice="nobody"), EngineError, "unknown voice"),
        (say.Request("Hello", engine="hibari", voice="x"), EngineError, "its one voice"),
        (say.Request("?!", engine="hibari"), EngineError, "nothing to say"),
        (say.Request("Hi", engine="hibari", max_tokens=5), EngineError, "max_tokens"),
    ):
        with pytest.raises(error, match=says):
            say.to_file(wrong, path)
    with pytest.raises(ScriptError, match=r"use one of \.wav"):
        say.to_file(request(), tmp_path / "a.midi")
    assert not list(tmp_path.iterdir())


def test_the_first_engine_with_the_voice_speaks() -> None:
    assert choosing.choose(None, "heart", None).name == "hibari"


def test_text_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    threading.Thread(target=lambda: (os.write(write, b"From a pipe."), os.close(write))).start()
    with open(read) as pipe:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", pipe)
        assert say.read_text(None) == "From a pipe."
    assert say.read_text("Given.") == "Given."
    with pytest.raises(ScriptError, match="nothing to say"):
        say.read_text("  ")


def test_a_reader_that_goes_away_ends_a_stream_quietly() -> None:
    code = (
        "from podgen.speech import say\n"
        "text = 'This is a sentence. ' * 50\n"
        "spoken = say.to_stream(say.Request(text, engine='hibari'), say.raw_stdout())\n"
        "assert 0 < spoken.seconds < 60, spoken\n"
    )
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.read(4) == b"RIFF"
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(60) == 0
