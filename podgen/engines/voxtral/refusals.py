"""What the published model cannot do about an utterance, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from podgen.engines.base import Utterance, VoiceInfo
from podgen.engines.checks import Problems
from podgen.engines.voxtral.model.config import HOTTEST, MAX_POSITIONS
from podgen.engines.voxtral.text import pace
from podgen.engines.voxtral.text.pieces import Piece

_MOST_ROWS = 320
"""Allowed for a voice's rows before they are read: the longest preset has 218, a recording 314."""


def refusals(utterance: Utterance) -> Problems:
    """Everything asked for beyond voice and text."""
    problems: Problems = []
    if utterance.instructions is not None:
        problems.append(
            (
                "voxtral takes no instructions: its prompt has a place for voice and text only",
                "take `instructions` out; the voice decides the style",
            )
        )
    if utterance.ref_text is not None:
        problems.append(("voxtral has no use for `ref_text`", "take it out"))
    if utterance.speed != 1.0:
        problems.append(("voxtral has one speed only", "take `speed` out"))
    most = utterance.settings.get("max_tokens", 1)
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        problems.append((f"max_tokens is {most!r}", "give a whole number of frames, 12.5 a second"))
    heat = utterance.settings.get("temperature", 0)
    if isinstance(heat, bool) or not isinstance(heat, (int, float)) or not 0 <= heat <= HOTTEST:
        problems.append((f"temperature is {heat!r}", f"give a number from 0 to {HOTTEST:g}"))
    for name in sorted(set(utterance.settings) - {"max_tokens", "split", "temperature", "consent"}):
        problems.append(
            (
                f"voxtral has no setting `{name}` for a voice or turn",
                "it has split, max_tokens and temperature",
            )
        )
    return problems


def voice_problems(voice: str, voices: Sequence[VoiceInfo]) -> Problems:
    """A voice that there is not, with the nearest name or all of them."""
    names = [info.name for info in voices]
    if voice in names:
        return []
    near = get_close_matches(voice, names, 1)
    if near:
        return [(f"voxtral has no voice `{voice}`", f"did you mean `{near[0]}`?")]
    if not names:
        return [(f"voxtral has no voice `{voice}`", "the model's voice_embedding folder is empty")]
    return [(f"voxtral has no voice `{voice}`", f"it has {', '.join(names)}")]


def read_max_tokens(settings: Mapping[str, object]) -> int | None:
    """The most frames of a piece, as a `max_tokens` setting has them: a token is a frame."""
    most = settings.get("max_tokens")
    return most if isinstance(most, int) else None


def read_temperature(settings: Mapping[str, object]) -> float | None:
    """The temperature that a voice or turn sets, if any."""
    heat = settings.get("temperature")
    return float(heat) if isinstance(heat, (int, float)) else None


def length_problems(pieces: Sequence[Piece], most: int | None) -> Problems:
    """The first piece that the model's positions do not hold, or `most` frames."""
    for piece in pieces:
        frames = pace.expected_frames(piece.text)
        # A token holds more than one character, in the worst script about one.
        positions = _MOST_ROWS + frames + len(piece.text)
        if positions > MAX_POSITIONS:
            return [
                (
                    f"{len(piece.text)} characters in one go need about {positions} of the "
                    f"model's {MAX_POSITIONS} positions",
                    "set split: auto, or break the turn up",
                )
            ]
        if most is not None and most < frames:
            return [
                (
                    f"max_tokens of {most} allows {most / pace.FRAME_RATE:.1f} s; "
                    f"{len(piece.text)} characters take about {frames / pace.FRAME_RATE:.1f} s",
                    f"raise it to {2 * frames} or leave it out",
                )
            ]
    return []
