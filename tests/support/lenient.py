"""What lets a checkpoint of random weights act as one that speaks."""

from __future__ import annotations

import pytest

from podgen.engines.checks import Heard
from podgen.engines.voxtral.text import pace

FRAMES = 24


def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take whatever the weights make of a text, up to `FRAMES` frames of it."""
    monkeypatch.setattr(pace, "fault", lambda text, frames, ended: None if frames else "no frames")
    monkeypatch.setattr(pace, "most_frames", lambda text: FRAMES)
    monkeypatch.setattr(Heard, "accept", lambda self, engine: None)
