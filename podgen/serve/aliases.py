"""The names that clients of OpenAI's speech endpoint know: its models and its voices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from podgen.engines.base import VoiceInfo
from podgen.text.language import primary

VOICES: Mapping[str, tuple[str, str]] = {
    "alloy": ("f", "af_alloy"),
    "ash": ("m", "am_michael"),
    "ballad": ("m", "bm_george"),
    "cedar": ("m", "am_fenrir"),
    "coral": ("f", "af_heart"),
    "echo": ("m", "am_echo"),
    "fable": ("m", "bm_fable"),
    "marin": ("f", "af_sarah"),
    "nova": ("f", "af_nova"),
    "onyx": ("m", "am_onyx"),
    "sage": ("f", "af_kore"),
    "shimmer": ("f", "af_bella"),
    "verse": ("m", "am_puck"),
}
"""The thirteen voices of OpenAI's guide "Text to speech": how each sounds, and the one of Kokoro's
that is most like it."""
_MODELS = re.compile(r"(?:tts-1(?:-hd)?|gpt-(?:4o|audio|realtime)(?:-mini)?(?:-tts)?)(?:-[\d-]+)?")


def is_openai_model(name: str) -> bool:
    """Whether it is a name of OpenAI's, dated or not: here all of them mean what is served."""
    return _MODELS.fullmatch(name) is not None


def aliases(voices: Sequence[VoiceInfo]) -> dict[str, str]:
    """OpenAI's voices as an engine's own, each as another one where it has enough of them."""
    own = {voice.name for voice in voices}
    english = [v for v in voices if primary(v.language) == "en" and v.name not in VOICES]
    choice = english or [v for v in voices if v.name not in VOICES]
    found = {alias: like for alias, (_, like) in VOICES.items() if like in own}
    free = [voice for voice in choice if voice.name not in found.values()]
    given = 0
    for alias, (gender, _) in VOICES.items():
        if alias in found or alias in own or not choice:
            continue
        fitting = [voice for voice in free if voice.gender == gender] or free
        if fitting:
            found[alias] = fitting[0].name
            free.remove(fitting[0])
        else:
            same = [voice for voice in choice if voice.gender == gender] or choice
            found[alias] = same[given % len(same)].name
            given += 1
    return {alias: name for alias, name in found.items() if alias not in own}
