"""One text through the loudspeaker."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import soundfile

from podgen.errors import MachineError
from podgen.speech.playing import play
from podgen.speech.say import Request


def test_the_player_found_first_is_handed_the_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match="write a file with -o"):
        play(Request("Good morning.", engine="hibari"))
    player = tmp_path / "aplay"
    player.write_text(f"#!{sys.executable}\nimport shutil, sys\n"
                      f"shutil.copy(sys.argv[-1], {str(tmp_path / 'heard.wav')!r})\n")  # fmt: skip
    player.chmod(0o755)
    spoken = play(Request("Good morning.", engine="hibari"))
    assert soundfile.info(tmp_path / "heard.wav").duration == pytest.approx(spoken.seconds)
    player.write_text("#!/bin/sh\necho no device >&2; exit 1\n")
    with pytest.raises(MachineError, match="no device"):
        play(Request("Good morning.", engine="hibari"))
