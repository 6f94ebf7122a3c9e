"""What is asked beside what a server says that it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from podgen.engines.base import VoiceInfo
from podgen.engines.checks import Problems
from podgen.engines.remote import request
from podgen.engines.remote.request import Ask
from podgen.text.language import primary

if TYPE_CHECKING:
    from podgen.engines.remote.listing import Listing


def problems(ask: Ask, url: str, listing: Listing) -> Problems:
    """What the server at `url` lacks of what is asked."""
    if listing.models and ask.model_name not in listing.models:
        return [(f"{url} has no model `{ask.model_name}`", some(listing.models))]
    name = request.voice_name(ask)
    if name is None or not listing.voices:
        return []
    known = {voice.name: voice for voice in listing.voices}
    parts = [part.split(":")[0] for part in name.split("+")] if ask.model.blends else [name]
    for part in parts:
        if part not in known:
            return [(f"{url} has no voice `{part}`", some(list(known)))]
    return _language_problems(ask, known[parts[0]], listing.voices) if ask.model.own else []


def _language_problems(ask: Ask, voice: VoiceInfo, voices: Sequence[VoiceInfo]) -> Problems:
    """A voice of podgen's own server has a language."""
    wanted = primary(ask.utterance.language)
    if not voice.language or primary(voice.language) == wanted:
        return []
    what = f"voice `{voice.name}` speaks {voice.language}, not `{ask.utterance.language}`"
    others = [other.name for other in voices if primary(other.language) == wanted]
    if not others:
        return [(what, "cast a voice of an engine that has the language")]
    return [(what, f"cast {' or '.join(others[:3])}")]


def some(names: Sequence[str]) -> str:
    """What there is, as a remedy."""
    more = ", ..." if len(names) > 12 else ""
    return f"it has {', '.join(names[:12])}{more}"
