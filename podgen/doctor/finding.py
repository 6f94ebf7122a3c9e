"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is in order, and the figure or remedy."""

    what: str
    good: bool
    detail: str
    needed: bool = True
    """Whether podgen cannot render at all without it."""
    speed: str = ""
    """Seconds of sound a second, of an engine, and how they were found."""
