"""Kokoro's voices: their names, and the style vectors that make them.

A voice is a float32 matrix [510, 256]; row n is the style for a text of n phonemes. Columns 0:128
hold the timbre, 128:256 the prosody. The data file keeps each half factored (see
scripts/build_kokoro_voices.py). A blend is the weighted mean of its voices' matrices.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from podgen.engines.base import VoiceInfo

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DATA = Path(__file__).parent.parent / "data" / "kokoro_voices.npz"
ROWS, WIDTH, HALF = 510, 256, 128

LANGUAGES = {
    "a": "en-US", "b": "en-GB", "e": "es", "f": "fr-FR", "h": "hi", "i": "it", "p": "pt-BR",
}  # fmt: skip
"""The first letter of a voice's name to the language it speaks."""

# English first, those that differ most from one another leading; then the other languages.
_NAMES = """
    af_heart bm_daniel am_onyx bm_fable am_eric bf_emma am_adam am_michael af_river bf_lily
    af_bella af_sarah af_nova af_kore af_aoede af_alloy af_jessica af_sky am_fenrir am_puck
    am_liam am_echo am_santa bm_george bm_lewis bf_alice bf_isabella af_nicole
    ef_dora em_alex em_santa ff_siwis hf_alpha hf_beta hm_omega hm_psi if_sara im_nicola
    pf_dora pm_alex pm_santa
"""
_PEOPLE = {"f": "woman", "m": "man"}
_ACCENTS = {
    "a": "American", "b": "British", "e": "Spanish", "f": "French", "h": "Hindi", "i": "Italian",
    "p": "Brazilian",
}  # fmt: skip
_REMARKS = {
    "af_heart": "warm, the model's best",
    "af_nicole": "whispers",
    "am_fenrir": "close to am_puck",
    "am_puck": "close to am_fenrir",
    "bm_daniel": "close to bm_george",
    "bm_george": "close to bm_daniel",
}


def _info(name: str) -> VoiceInfo:
    remark = _REMARKS.get(name)
    description = f"{_ACCENTS[name[0]]} {_PEOPLE[name[1]]}" + (f"; {remark}" if remark else "")
    return VoiceInfo(name, LANGUAGES[name[0]], name[1], description)


CATALOGUE = {name: _info(name) for name in _NAMES.split()}


class VoiceError(ValueError):
    """A voice's name that cannot be used: what is wrong, and the remedy."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice, or several with weights that sum to 1."""

    parts: tuple[tuple[str, float], ...]

    @property
    def lead(self) -> str:
        """The name of the heaviest part."""
        return max(self.parts, key=lambda part: part[1])[0]

    @property
    def language(self) -> str:
        """The language of all parts, with the lead's region."""
        return LANGUAGES[self.lead[0]]

    @property
    def british(self) -> bool:
        """Whether the lead speaks British English."""
        return self.lead.startswith("b")


def parse(text: str) -> Voice:
    """The voice that `name` or `a:0.5+b:0.5` means; a part without a weight weighs 1.

    Raises:
        VoiceError: for an unknown name, a bad weight, or voices of two languages.
    """
    weights: dict[str, float] = {}
    for part in text.split("+"):
        name, _, weight = (piece.strip() for piece in part.partition(":"))
        if name not in CATALOGUE:
            raise VoiceError(f"kokoro has no voice `{name}`", _suggestion(name))
        try:
            share = float(weight) if weight else 1.0
        except ValueError:
            share = -1.0
        if not 0.0 < share < float("inf"):
            raise VoiceError(
                f"`{weight}` is no weight for `{name}`", "write a blend as `a:0.5+b:0.5`"
            )
        weights[name] = weights.get(name, 0.0) + share
    tongues = {LANGUAGES[name[0]].split("-")[0] for name in weights}
    if len(tongues) > 1:
        raise VoiceError(
            f"the blend `{text}` mixes voices of {' and '.join(sorted(tongues))}",
            "blend voices of one language",
        )
    total = sum(weights.values())
    return Voice(tuple((name, share / total) for name, share in sorted(weights.items())))


def _suggestion(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, CATALOGUE, n=3, cutoff=0.6) or [
        known for known in CATALOGUE if name and known.endswith(f"_{name}")
    ]
    if close:
        return f"did you mean {' or '.join(f'`{c}`' for c in close)}?"
    return "`podgen voices` lists them"


def matrix(voice: Voice) -> npt.NDArray[np.float32]:
    """The style rows of a voice or blend: float32 [510, 256]."""
    import numpy as np

    out = np.zeros((ROWS, WIDTH), np.float32)
    for name, share in voice.parts:
        out += np.float32(share) * _single(name)
    return out


@lru_cache(maxsize=64)
def _single(name: str) -> npt.NDArray[np.float32]:
    import numpy as np

    with np.load(DATA) as file:
        timbre, prosody = (
            file[f"{name}.{half}u"].astype(np.float32) @ file[f"{name}.{half}v"].astype(np.float32)
            for half in "tp"
        )
    return np.concatenate((timbre, prosody), axis=1)


@lru_cache(maxsize=1)
def digest() -> str:
    """The first 12 hexadecimal digits of the voice file's SHA-256."""
    return hashlib.sha256(DATA.read_bytes()).hexdigest()[:12]
