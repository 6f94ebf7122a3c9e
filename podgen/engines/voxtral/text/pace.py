"""How many frames a text should take, and which lengths cannot be the whole of it.

Published figures for this model: 12 to 13.5 characters a second in its own benchmark, 17 to 18 in
a paragraph of 676 characters. The bounds lie well outside: a turn between them is plausible, one
outside has run away or lost its text.
"""

from __future__ import annotations

FRAME_RATE = 12.5
_FRAMES_A_CHARACTER = FRAME_RATE / 14.5
"""The usual pace, between the two published ones."""
_LEAST = FRAME_RATE / 40
"""Twice the pace of the fastest speakers."""
_LEAST_LENGTH = 24
"""Characters below which no length is too short: a word may be said in a moment."""
_MOST = FRAME_RATE / 5
_MOST_ANY = 100
"""Eight seconds that any text may take besides: very short ones come out of very uneven length."""


def expected_frames(text: str) -> int:
    """The usual number of frames for a text."""
    return max(6, round(_FRAMES_A_CHARACTER * len(text)))


def most_frames(text: str) -> int:
    """Frames beyond which the model has lost the text."""
    return _MOST_ANY + round(_MOST * len(text))


def least_frames(text: str) -> int:
    """Frames below which part of the text must be missing."""
    return round(_LEAST * len(text)) if len(text) >= _LEAST_LENGTH else 1


def fault(text: str, frames: int, ended: bool) -> str | None:
    """What is wrong with a turn of so many frames, or None."""
    if not ended:
        return f"did not end within {frames / FRAME_RATE:.1f} s"
    if frames < least_frames(text):
        return f"ended after {frames / FRAME_RATE:.1f} s"
    return None
