"""What servers say they have: models, voices, and podgen's own what their engine can do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from podgen.engines.base import VoiceInfo
from podgen.engines.remote.models import Model
from podgen.engines.remote.settings import EngineSettings

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Listing:
    """A server's answers. A server without a list of voices has an empty one."""

    models: tuple[str, ...]
    voices: tuple[VoiceInfo, ...]
    own: Mapping[str, Model]
    """By name, models that say of themselves what podgen's server says."""


def ask(settings: EngineSettings, urls: Iterable[str]) -> dict[str, Listing | None]:
    """What each server has; None where it does not answer, or not as a speech server does.

    They are asked at once, so that several that are gone cost no more time than one.
    """
    wanted = list(urls)
    key = settings.api_key()
    headers = {"Authorization": f"Bearer {key}"} if key else None
    seconds = min(settings.connect_timeout, _SECONDS)
    if not wanted:
        return {}
    with (
        httpx.Client(headers=headers, timeout=seconds) as http,
        ThreadPoolExecutor(len(wanted)) as pool,
    ):
        return dict(zip(wanted, pool.map(lambda url: _listing(http, url), wanted), strict=True))


def _listing(http: httpx.Client, url: str) -> Listing | None:
    try:
        models = http.get(f"{url}/models")
        voices = http.get(f"{url}/audio/voices")
    except httpx.HTTPError:
        return None
    if models.status_code >= 500:
        return None
    entries = list(_entries(models, "data"))
    names = tuple(name for entry in entries if (name := _name(entry)))
    found = [_voice(entry) for entry in _entries(voices, "voices", "uploaded_voices", "aliases")]
    own = {
        name: model
        for entry in entries
        if isinstance(entry, dict) and (name := _name(entry)) and (model := _own(entry))
    }
    return Listing(names, tuple(voice for voice in found if voice is not None), own)


def _entries(reply: httpx.Response, *keys: str) -> Iterable[Any]:
    value: Any = {}
    with contextlib.suppress(ValueError):
        value = reply.json() if reply.status_code == 200 else {}
    for key in keys if isinstance(value, dict) else ():
        yield from value.get(key) or ()


def _name(entry: Any) -> str | None:
    name = (entry.get("id") or entry.get("name")) if isinstance(entry, dict) else entry
    return name if isinstance(name, str) else None


def _voice(entry: Any) -> VoiceInfo | None:
    name = _name(entry)
    if name is None:
        return None
    said = entry if isinstance(entry, dict) else {}
    return VoiceInfo(name, str(said.get("language") or ""), str(said.get("gender") or ""))


def _own(entry: Mapping[str, Any]) -> Model | None:
    """What podgen's server says of its engine, or None where it is another's or says it badly."""
    said = entry.get("podgen")
    if not isinstance(said, dict):
        return None
    try:
        speed = said["speed"]
        return Model(
            name=f"podgen's {said['engine']}",
            sample_rate=int(said["sample_rate"]),
            voice="required",
            ref_audio="rejected",
            ref_text="rejected",
            instructions="used" if said["instructions"] else "rejected",
            task_type="rejected",
            language="tag",
            languages=tuple(map(str, said["languages"])),
            speed=(float(speed[0]), float(speed[1])),
            longest=int(said["characters"]),
            blends=bool(said["blends"]),
            phonemes=bool(said["phonemes"]),
            takes=bool(said["takes"]),
            sample_rates=(int(said["sample_rate"]),),
            own=True,
        )
    except (KeyError, TypeError, ValueError, IndexError):
        return None
