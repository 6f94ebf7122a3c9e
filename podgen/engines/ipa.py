"""IPA as dictionaries write it, to the phoneme alphabet of Kokoro-82M (misaki's).

Two differences matter: diphthongs and affricates are single letters there, and the stress mark
stands directly before the stressed vowel instead of before its syllable. The letter values are
misaki's (github.com/hexgrad/misaki, EN_PHONES.md).
"""

from __future__ import annotations

import re
import unicodedata

ENGLISH_VOWELS = frozenset("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻɐᵊ")
ENGLISH_SOUNDS = ENGLISH_VOWELS | frozenset("bdfhjklmnpstvwzðŋɡɹTʃʒʤʧθt")
_STRESS = "ˈˌ"

# Applied in order; longer spellings come before their parts.
_BOTH = (
    ("͡", ""), ("͜", ""), ("‿", " "), (".", ""), ("-", ""), ("'", "ˈ"), ("ʼ", ""),
    ("tʃ", "ʧ"), ("dʒ", "ʤ"), ("aɪ", "I"), ("eɪ", "A"), ("ɔɪ", "Y"), ("aʊ", "W"),
    ("oʊ", "O"), ("əʊ", "Q"), ("ɝ", "ɜɹ"), ("ɚ", "əɹ"), ("r", "ɹ"), ("g", "ɡ"), ("ɫ", "l"),
    ("ɬ", "l"), ("ʍ", "w"), ("x", "k"), ("ç", "k"), ("ɲ", "nj"), ("ɨ", "ᵻ"), ("ʲ", ""), ("ʰ", ""),
    ("l̩", "ᵊl"), ("n̩", "ᵊn"), ("m̩", "ᵊm"), ("ɪ̈", "ᵻ"),
)  # fmt: skip
_AMERICAN = (
    ("Q", "O"), ("ɜː", "ɜɹ"), ("ɜɹɹ", "ɜɹ"), ("ɪə", "ɪɹ"), ("eə", "ɛɹ"), ("ɛə", "ɛɹ"),
    ("ʊə", "ʊɹ"), ("ɒ", "ɑ"), ("ː", ""), ("o", "O"), ("e", "ɛ"), ("ɾ", "T"), ("ʔ", "t"),
)  # fmt: skip
_BRITISH = (
    ("O", "Q"), ("eə", "ɛː"), ("ɛə", "ɛː"), ("o", "Q"), ("e", "ɛ"), ("ɾ", "t"), ("ʔ", "t"),
)  # fmt: skip


def to_kokoro(ipa: str, *, british: bool = False) -> str:
    """IPA of one English word or phrase in Kokoro's alphabet."""
    out = unicodedata.normalize("NFD", ipa.strip().strip("/[]")).replace(":", "ː")
    for old, new in (*_BOTH, *(_BRITISH if british else _AMERICAN)):
        out = out.replace(unicodedata.normalize("NFD", old), new)
    return _stress_at_vowels(re.sub(r"\s+", " ", out))


def _stress_at_vowels(phonemes: str) -> str:
    """Each stress mark moved to directly before the next vowel of its word."""
    out: list[str] = []
    waiting = ""
    for sound in phonemes:
        if sound in _STRESS:
            waiting = sound
            continue
        if sound in ENGLISH_VOWELS and waiting:
            out.append(waiting)
            waiting = ""
        elif sound == " ":
            waiting = ""
        out.append(sound)
    return "".join(out)


def foreign_sounds(ipa: str, *, british: bool = False) -> str:
    """The characters of `ipa` that an English voice has no sound for; empty if all is well."""
    allowed = ENGLISH_SOUNDS | frozenset("ˈˌ ː" if british else "ˈˌ ")
    found = [c for c in to_kokoro(ipa, british=british) if c not in allowed]
    return "".join(dict.fromkeys(found))
