"""The server as a process, and the one-liner."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import util
from pathlib import Path

import httpx
import pytest
import soundfile

from podgen import speak
from podgen.errors import EngineError, MachineError, ScriptError
from podgen.serve import require
from podgen.serve.run import serve

SERVE = "from podgen.serve.run import serve; serve('hibari', port=0)"


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    argv = [sys.executable, "-c", SERVE]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        line = child.stderr.readline()
        match = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert match, line
        yield child, match[0]
        child.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_streams_end_before_the_process_does(
    process: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    child, url = process
    body = {"input": "This is a sentence. " * 30, "voice": "heart", "response_format": "wav"}
    whole = httpx.post(f"{url}/v1/audio/speech", json=body, timeout=60).content
    with httpx.stream(
        "POST", f"{url}/v1/audio/speech", json={**body, "stream_format": "audio"}, timeout=60
    ) as reply:
        blocks = reply.iter_bytes()
        heard = next(blocks)
        child.send_signal(number)
        heard += b"".join(blocks)
    assert len(heard) == len(whole)
    assert child.wait(20) == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/health")


def test_a_port_in_use_and_a_strange_model_are_said_before_anything_starts() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(MachineError, match="choose another --port"),
    ):
        serve("hibari", port=taken.getsockname()[1])
    with pytest.raises(EngineError, match="unknown engine"):
        serve("nobody")


def request(text: str = "Good morning. How are you?") -> speak.Request:
    return speak.Request(text, engine="hibari")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_a_text_becomes_a_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "new" / f"hello{suffix}"
    spoken = speak.to_file(request(), path)
    assert (spoken.engine, spoken.voice, spoken.path) == ("hibari", "heart", path)
    samples, rate = soundfile.read(path)
    assert len(samples) / rate == pytest.approx(spoken.seconds, abs=0.06)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_stream_is_the_file_with_an_open_end(tmp_path: Path) -> None:
    out = io.BytesIO()
    spoken = speak.to_stream(request(), out)
    speak.to_file(request(), tmp_path / "a.wav")
    assert out.getvalue()[44:] == (tmp_path / "a.wav").read_bytes()[44:]
    assert len(out.getvalue()) == 44 + round(spoken.seconds * 24000) * 2


def test_what_cannot_be_spoken_is_said_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    for wrong, error, says in (
        (speak.Request("Hello", voice="nobody"), EngineError, "unknown voice"),
        (speak.Request("Hello", engine="hibari", voice="x"), EngineError, "its one voice"),
        (speak.Request("?!", engine="hibari"), EngineError, "nothing to say"),
        (speak.Request("Hi", engine="hibari", max_tokens=5), EngineError, "max_tokens"),
    ):
        with pytest.raises(error, match=says):
            speak.to_file(wrong, path)
    with pytest.raises(ScriptError, match=r"use one of \.wav"):
        speak.to_file(request(), tmp_path / "a.midi")
    assert not list(tmp_path.iterdir())


def test_the_first_engine_with_the_voice_speaks() -> None:
    assert speak.choose(None, "heart", None).name == "hibari"


def test_the_player_found_first_is_handed_the_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match="write a file with -o"):
        speak.play(request())
    player = tmp_path / "aplay"
    player.write_text(f"#!{sys.executable}\nimport shutil, sys\n"
                      f"shutil.copy(sys.argv[-1], {str(tmp_path / 'heard.wav')!r})\n")  # fmt: skip
    player.chmod(0o755)
    spoken = speak.play(request())
    assert soundfile.info(tmp_path / "heard.wav").duration == pytest.approx(spoken.seconds)
    player.write_text("#!/bin/sh\necho no device >&2; exit 1\n")
    with pytest.raises(MachineError, match="no device"):
        speak.play(request())


def test_text_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    threading.Thread(target=lambda: (os.write(write, b"From a pipe."), os.close(write))).start()
    with open(read) as pipe:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", pipe)
        assert speak.read_text(None) == "From a pipe."
    assert speak.read_text("Given.") == "Given."
    with pytest.raises(ScriptError, match="nothing to say"):
        speak.read_text("  ")


def test_a_reader_that_goes_away_ends_a_stream_quietly() -> None:
    code = (
        "from podgen import speak\n"
        "text = 'This is a sentence. ' * 50\n"
        "spoken = speak.to_stream(speak.Request(text, engine='hibari'), speak.raw_stdout())\n"
        "assert 0 < spoken.seconds < 60, spoken\n"
    )
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.read(4) == b"RIFF"
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(60) == 0


def test_a_missing_package_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    require()
    found = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "uvicorn" else found(name))
    with pytest.raises(
        MachineError, match=r"uvicorn is not installed; pip install 'podgen\[serve\]'"
    ):
        require()
