"""What a user is told of their machine."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.conftest import CommandLine


def test_it_says_what_can_speak_here_and_how_fast(podgen: CommandLine, tmp_path: Path) -> None:
    said = podgen("doctor", "--json", PODGEN_VOXTRAL_MODEL="")
    assert said.code == 0, said.err
    findings = {line["what"]: line for line in map(json.loads, said.out.splitlines())}
    for name in ("kokoro", "hibari"):
        found = findings[f"engine {name}"]
        assert found["good"]
        rate = re.fullmatch(r"([\d.]+) s of sound a second, measured now", found["speed"])
        assert rate and float(rate[1]) > 0.1
    voxtral = findings["engine voxtral"]
    assert not voxtral["good"]
    assert re.search(r"pip install 'podgen|download mistralai/Voxtral", voxtral["detail"])
    assert not any(tmp_path.iterdir())


def test_what_podgen_cannot_do_without_is_an_error(podgen: CommandLine) -> None:
    said = podgen("doctor", PODGEN_FFMPEG="/none")
    assert said.code == 4
    assert "PODGEN_FFMPEG=/none is not an ffmpeg that runs" in said.out
    assert "cannot render here: ffmpeg" in said.err
