"""The voices of a model folder, and the names other systems know them by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from podgen.engines.base import VoiceInfo
from podgen.engines.voxtral.model.files import VOICES, voice_files

PRESETS: Mapping[str, VoiceInfo] = {
    name: VoiceInfo(name, language, gender, f"{manner} preset of the published model")
    for name, language, gender, manner in (
        ("casual_female", "en", "f", "casual"),
        ("casual_male", "en", "m", "casual"),
        ("cheerful_female", "en", "f", "cheerful"),
        ("neutral_female", "en", "f", "neutral"),
        ("neutral_male", "en", "m", "neutral"),
        ("fr_female", "fr", "f", "French"),
        ("fr_male", "fr", "m", "French"),
        ("es_female", "es", "f", "Spanish"),
        ("es_male", "es", "m", "Spanish"),
        ("de_female", "de", "f", "German"),
        ("de_male", "de", "m", "German"),
        ("it_female", "it", "f", "Italian"),
        ("it_male", "it", "m", "Italian"),
        ("pt_female", "pt", "f", "Portuguese"),
        ("pt_male", "pt", "m", "Portuguese"),
        ("nl_female", "nl", "f", "Dutch"),
        ("nl_male", "nl", "m", "Dutch"),
        ("ar_male", "ar", "m", "Arabic"),
        ("hi_female", "hi", "f", "Hindi"),
        ("hi_male", "hi", "m", "Hindi"),
    )
}

LANGUAGES = ("en", "fr", "es", "de", "it", "pt", "nl", "ar", "hi")

ALIASES: Mapping[str, str] = {
    "alloy": "neutral_female",
    "echo": "casual_male",
    "fable": "cheerful_female",
    "onyx": "neutral_male",
    "nova": "casual_female",
    "shimmer": "fr_female",
}
"""The voice names of OpenAI's speech endpoint, each as the preset nearest to it."""


def list_voices(folder: Path | None) -> list[VoiceInfo]:
    """The voices a folder holds: presets first, then others, then the aliases that lead to one.

    Without a folder, the published presets.
    """
    names = list(PRESETS) if folder is None else list(voice_files(folder))
    known = [PRESETS[name] for name in PRESETS if name in names]
    others = [VoiceInfo(name, "en", "", f"from {VOICES}") for name in names if name not in PRESETS]
    aliases = [
        VoiceInfo(alias, PRESETS[name].language, PRESETS[name].gender, f"alias of {name}")
        for alias, name in ALIASES.items()
        if name in names
    ]
    return known + others + aliases
