"""What is heard in recordings goes into the script as it is by then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from podgen.render import filling
from podgen.render.filling import fill


def test_what_was_written_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "show.yaml"
    script.write_text(
        "title: A\ncast: {EVA: {}}\nturns:\n"
        "  - EVA: {audio: a.wav, in: 0.5}\n"
        "  - EVA: {audio: a.wav, out: 1}\n"
        "  - EVA: {audio: a.wav, trim: false}\n"
    )
    soundfile.write(tmp_path / "a.wav", np.ones(48000) / 2, 24000)
    lengths = []

    class Scribe:
        def __init__(self, *_: Any) -> None: ...

        def write_down(self, samples: Any, rate: int, language: str) -> str:
            text = script.read_text()
            if not lengths:
                text = text.replace("turns:\n", "turns:\n  - chapter: New\n")
                text = text.replace("out: 1", "text: 'By hand.', out: 1")
            script.write_text(text)
            lengths.append(len(samples) / rate)
            return f"Said {len(lengths)}."

    monkeypatch.setattr(filling, "Ear", Scribe)
    assert [(one.line, one.text) for one in fill(script)] == [
        (5, "Said 1."),
        (7, "Said 3."),
    ]
    assert lengths == [1.5, 1.0, 2.0]
    assert script.read_text().splitlines()[3:] == [
        "  - chapter: New",
        "  - EVA: {audio: a.wav, in: 0.5, text: Said 1.}",
        "  - EVA: {audio: a.wav, text: 'By hand.', out: 1}",
        "  - EVA: {audio: a.wav, trim: false, text: Said 3.}",
    ]
    assert fill(script) == []
