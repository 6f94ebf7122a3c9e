"""How far a job is."""

from __future__ import annotations

from dataclasses import dataclass

from podgen.engines.voxtral.text import pace


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `expected` is an estimate, which retries and pace may pass."""

    frames: int
    expected: int
    elapsed: float

    @property
    def audio_seconds(self) -> float:
        """Seconds of sound so far, unfinished turns' included."""
        return self.frames / pace.FRAME_RATE

    @property
    def rate(self) -> float:
        """Seconds of sound a second."""
        return self.audio_seconds / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def remaining(self) -> float:
        """Seconds until the end at this rate, roughly; infinite before the first frame."""
        left = max(0, self.expected - self.frames) / pace.FRAME_RATE
        return left / self.rate if self.rate else float("inf")
