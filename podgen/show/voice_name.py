"""One canonical name for a voice or a blend of voices: `a` or `a:0.25+b:0.75`."""

from __future__ import annotations

import math
from collections.abc import Mapping


class VoiceNameError(ValueError):
    """What is wrong with a voice's name, what to do, and the voice of the blend at fault."""

    def __init__(self, what: str, remedy: str, at: str | None = None) -> None:
        super().__init__(what)
        self.what, self.remedy, self.at = what, remedy, at


def voice_name(text: str) -> str:
    """The canonical form of a name or of a blend written `a+b` or `a:0.3+b:0.7`.

    Raises:
        VoiceNameError: if it is no name, or a weight is not a positive number.
    """
    if "+" not in text and ":" not in text:
        if not text.strip() or len(text.split()) > 1:
            raise VoiceNameError(f"'{text}' is no voice's name", "give one name without spaces")
        return text.strip()
    weights: dict[str, str] = {}
    for part in text.split("+"):
        name, _, weight = part.strip().partition(":")
        if name.strip() in weights:
            raise VoiceNameError(f"'{name.strip()}' is in the blend twice", "give it one weight")
        weights[name.strip()] = weight.strip() or "1"
    return blend_name(weights)


def blend_name(weights: Mapping[str, object]) -> str:
    """The canonical form of voices and their weights: they sum to 1, names are sorted.

    Raises:
        VoiceNameError: if there is no voice, or a weight is not a positive number.
    """
    if not weights:
        raise VoiceNameError("a blend of no voices", "name the voices and their weights")
    shares: dict[str, float] = {}
    for name, weight in weights.items():
        if not name or set(name) & set(" +:"):
            raise VoiceNameError(f"'{name}' is no voice's name", "give one name without spaces")
        try:
            share = float(str(weight))
        except ValueError:
            share = math.nan
        if not 0 < share < math.inf:
            remedy = "give a number above 0"
            raise VoiceNameError(f"the weight of {name} cannot be '{weight}'", remedy, name)
        shares[name] = share
    if len(shares) == 1:
        return next(iter(shares))
    whole = sum(shares.values())
    return "+".join(f"{name}:{round(shares[name] / whole, 6):g}" for name in sorted(shares))
