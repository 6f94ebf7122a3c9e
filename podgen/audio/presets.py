"""Mastering presets: figures from `presets.toml`, any of which a show may override."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from podgen.errors import ScriptError

SAMPLE_RATES = (44100, 48000)
"""What all formats share; MP3 below 44.1 kHz silently loses bit rate."""
MP3_BITRATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""kb/s of MPEG-1 Layer III (ISO/IEC 11172-3), the MP3 of 44.1 and 48 kHz."""
OPUS_MOST = 256
"""kb/s a channel that libopus takes."""
AAC_MOST = 160
"""kb/s a channel that ffmpeg's AAC encoder makes of speech and music; asked for more, it gives
about 165 mono and 280 stereo (measured on 30 s of an episode)."""
AAC_LEAST = 12
"""kb/s a channel below which it gives more than it is asked for (14 mono and 21 stereo for 8)."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What a master must measure; units as in `presets.toml`.

    `tolerance` is how far off `loudness` may be, `noise_floor` (dBFS RMS under any turn)
    and `longest` (seconds) hold where they are given.
    """

    name: str
    loudness: float
    true_peak: float
    sample_rate: int
    channels: int
    bitrate: Mapping[str, int]
    head: float
    tail: float
    measure: Literal["lufs", "rms"] = "lufs"
    tolerance: float = 0.2
    noise_floor: float | None = None
    longest: float | None = None


def names() -> tuple[str, ...]:
    """The presets there are."""
    return tuple(_table())


def preset(
    name: str,
    overrides: Mapping[str, Any] | None = None,
    formats: Collection[str] = ("mp3", "m4a", "opus"),
) -> Preset:
    """A preset with its figures overridden; entries of None are passed over.

    `bitrate` may be a number by format, or one number, which then holds for all formats; one that
    is not among `formats` and does not have it keeps the preset's.

    Raises:
        ScriptError: an unknown preset or figure, or a figure that no master could have.
    """
    table = _table()
    if name not in table:
        raise ScriptError(f"unknown preset {name}", f"one of {', '.join(table)}")
    base = Preset(name=name, **table[name])
    asked = {key: value for key, value in (overrides or {}).items() if value is not None}
    known = [field.name for field in fields(Preset) if field.name != "name"]
    for key in asked:
        if key not in known:
            raise ScriptError(f"a preset has no {key}", f"one of {', '.join(known)}")
    channels = asked.get("channels", base.channels)
    own = {form: min(rate, _most(form) * channels) for form, rate in base.bitrate.items()}
    rate = asked.get("bitrate")
    if isinstance(rate, Mapping):
        own |= rate
    elif rate is not None:
        own = {
            form: rate if form in formats or _wrong_bitrate(form, rate, channels) is None else usual
            for form, usual in own.items()
        }
    asked["bitrate"] = own
    return _checked(replace(base, **asked))


def _checked(preset: Preset) -> Preset:
    if preset.sample_rate not in SAMPLE_RATES:
        rates = " or ".join(map(str, SAMPLE_RATES))
        raise ScriptError(f"sample_rate {preset.sample_rate} is not possible", f"use {rates}")
    if preset.channels not in (1, 2):
        raise ScriptError(f"{preset.channels} channels are not possible", "use 1 or 2")
    if preset.true_peak > 0:
        raise ScriptError(f"true_peak {preset.true_peak:g} dBTP is over full scale", "use -1")
    if not -40 <= preset.loudness <= -5:
        raise ScriptError(
            f"loudness {preset.loudness:g} is out of reach", "use a value from -40 to -5"
        )
    if preset.longest is not None and preset.longest <= preset.head + preset.tail:
        raise ScriptError(
            f"longest {preset.longest:g} s is no longer than head and tail alone", "raise it"
        )
    for form, rate in preset.bitrate.items():
        wrong = _wrong_bitrate(form, rate, preset.channels)
        if wrong is not None:
            raise ScriptError(*wrong)
    return replace(preset, bitrate=MappingProxyType(dict(preset.bitrate)))


def _wrong_bitrate(form: str, rate: int, channels: int) -> tuple[str, str] | None:
    """What is wrong with a bit rate, and what to do."""
    if form == "mp3" and rate not in MP3_BITRATES:
        return (
            f"mp3 has no bit rate of {rate} kb/s",
            f"use one of {', '.join(map(str, MP3_BITRATES))}",
        )
    most = _most(form) * channels
    if rate > most:
        return f"{form} has no bit rate of {rate} kb/s", f"use {most} or less"
    least = AAC_LEAST * channels
    if form == "m4a" and rate < least:
        return f"m4a has no bit rate of {rate} kb/s", f"use {least} or more"
    return None


def _most(form: str) -> int:
    """kb/s a channel."""
    return {"opus": OPUS_MOST, "m4a": AAC_MOST}.get(form, max(MP3_BITRATES))


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("podgen.audio").joinpath("presets.toml").read_text("utf-8"))
