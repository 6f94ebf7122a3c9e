"""The settings of the engine and of its voices, read from what a user wrote."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from podgen.engines.checks import Problems
from podgen.errors import EngineError

Values = Mapping[str, object]

TASKS = ("Base", "CustomVoice", "VoiceDesign")
LONGEST_EMBEDDING = 8192


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where the servers are and how they are asked.

    `timeout` is for one whole answer and `patience` for servers that are down or busy, both in
    seconds; `backoff` is the first wait after a failure, `in_flight` how many requests a server
    gets at once, `attempts` how many bad answers a turn may have.
    """

    base_url: tuple[str, ...] = ()
    model: str | None = None
    api_key_env: str | None = None
    timeout: float = 300.0
    connect_timeout: float = 10.0
    patience: float = 300.0
    in_flight: int = 16
    attempts: int = 6
    backoff: float = 0.5
    sample_rate: int | None = None
    extra_params: Values = field(default_factory=dict)

    def api_key(self) -> str | None:
        """The key to send, if one is configured; empty if its variable is not set."""
        return os.environ.get(self.api_key_env, "") if self.api_key_env else None


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """What a voice or turn says beyond the fields of an utterance.

    `ref_audio` is a URL; a file comes in the utterance. `language` is sent as it is written.
    """

    base_url: tuple[str, ...] = ()
    model: str | None = None
    consent: str | None = None
    ref_audio: str | None = None
    task_type: str | None = None
    language: str | None = None
    max_tokens: int | None = None
    x_vector_only_mode: bool | None = None
    speaker_embedding: tuple[float, ...] | None = None
    extra_params: Values = field(default_factory=dict)
    split: str | int = "auto"


def read_engine(values: Values) -> EngineSettings:
    """The engine's settings.

    Raises:
        EngineError: one is unknown or of the wrong kind.
    """
    read, problems = _read(values, EngineSettings, "the engine")
    if problems:
        raise EngineError("; ".join(f"{what}: {remedy}" for what, remedy in problems))
    return EngineSettings(**read)


def read_voice(values: Values) -> tuple[VoiceSettings, Problems]:
    """A voice's settings as far as they can be read, and what is wrong with the others."""
    read, problems = _read(values, VoiceSettings, "a voice or turn")
    return VoiceSettings(**read), problems


def _read(values: Values, form: Any, whose: str) -> tuple[dict[str, Any], Problems]:
    known = {entry.name for entry in fields(form)}
    read: dict[str, Any] = {}
    problems: Problems = []
    for name, value in values.items():
        key = "max_tokens" if name == "max_new_tokens" else name
        if key not in known:
            remedy = f"it has {', '.join(sorted(known))}; a model's own go under extra_params"
            problems.append((f"remote has no setting `{name}` for {whose}", remedy))
            continue
        try:
            read[key] = _READERS[key](value)
        except (TypeError, ValueError) as error:
            problems.append((f"`{name}` cannot be {value!r}", str(error)))
    return read, problems


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("give some text")
    return value.strip()


def _number(value: object, low: float, high: float) -> float:
    what = f"give a number from {low:g} to {high:g}"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(what)
    try:
        number = float(value)
    except ValueError:
        raise ValueError(what) from None
    if not low <= number <= high:
        raise ValueError(what)
    return number


def _whole(value: object, low: int, high: int) -> int:
    number = _number(value, low, high)
    if number != int(number):
        raise ValueError(f"give a whole number from {low} to {high}")
    return int(number)


def _urls(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list | tuple) else [value]
    urls = []
    for url in listed:
        text = _text(url).rstrip("/")
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("give addresses such as http://gpu1:8091/v1")
        urls.append(text if text.endswith("/v1") else f"{text}/v1")
    if not urls:
        raise ValueError("give at least one address")
    return tuple(dict.fromkeys(urls))


def _audio_url(value: object) -> str:
    text = _text(value)
    if not text.startswith(("http://", "https://", "data:audio/", "file://")):
        raise ValueError("give a file of this machine, or an address that the server can fetch")
    return text


def _task(value: object) -> str:
    if value not in TASKS:
        raise ValueError(f"give one of {', '.join(TASKS)}")
    return str(value)


def _yes_no(value: object) -> bool:
    if isinstance(value, str) and value.casefold() in ("true", "false"):
        return value.casefold() == "true"
    if not isinstance(value, bool):
        raise ValueError("give true or false")
    return value


def _embedding(value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= LONGEST_EMBEDDING:
        raise ValueError(f"give a list of up to {LONGEST_EMBEDDING} numbers")
    return tuple(_number(item, -1e9, 1e9) for item in value)


def _mapping(value: object) -> Values:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError("give names with values")
    return dict(value)


def _split(value: object) -> str | int:
    if value in ("auto", "never"):
        return str(value)
    return _whole(value, 50, 100_000)


_READERS: dict[str, Any] = {
    "base_url": _urls,
    "model": _text,
    "api_key_env": _text,
    "timeout": lambda value: _number(value, 0.1, 3600),
    "connect_timeout": lambda value: _number(value, 0.1, 600),
    "patience": lambda value: _number(value, 0, 86400),
    "in_flight": lambda value: _whole(value, 1, 1024),
    "attempts": lambda value: _whole(value, 1, 100),
    "backoff": lambda value: _number(value, 0, 60),
    "sample_rate": lambda value: _whole(value, 8000, 192_000),
    "extra_params": _mapping,
    "consent": _text,
    "ref_audio": _audio_url,
    "task_type": _task,
    "language": _text,
    "max_tokens": lambda value: _whole(value, 1, 4096),
    "x_vector_only_mode": _yes_no,
    "speaker_embedding": _embedding,
    "split": _split,
}
