"""A show as frozen values. None means "not said": whoever uses the value has its own default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from podgen.errors import Place, Problem
from podgen.text.lexicon import NO_WORDS, Lexicon

Split = Literal["never", "auto"] | int
"""Whether an engine may split a long turn, or the most characters of one part."""
Settings = Mapping[str, object]
"""Engine settings as written: text, numbers, true/false, lists and mappings."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A time relative to a turn: `seconds` after its start or its end."""

    turn: str
    edge: Literal["start", "end"] = "start"
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Recording:
    """A person's recording: the part of a file from `start` to `end` seconds, None for its end.

    With `trim`, the silence at its edges goes, as it does from a take.
    """

    file: Path
    start: float = 0.0
    end: float | None = None
    trim: bool = True


@dataclass(frozen=True, slots=True)
class Turn:
    """One character's turn.

    `gain` (dB) adds to the character's own; `pan` (-1 left to 1 right), `speed` and `voice`
    replace the character's. `overlap` is how many seconds before the end of the previous turn
    this one starts. `text` is as written, Markdown included. With a `recording` nobody speaks it: a
    person has.
    """

    id: str
    speaker: str
    text: str
    place: Place
    voice: str | None = None
    seed: int | None = None
    speed: float | None = None
    gain: float | None = None
    pan: float | None = None
    pause_before: float | None = None
    pause_after: float | None = None
    overlap: float | None = None
    pronunciation: Lexicon = NO_WORDS
    ref_audio: Path | None = None
    ref_text: str | None = None
    instructions: str | None = None
    split: Split | None = None
    settings: Settings = field(default_factory=dict)
    recording: Recording | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence that replaces the gap between two turns."""

    seconds: float
    place: Place


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter that begins with the next thing heard."""

    title: str
    place: Place
    url: str | None = None
    image: Path | None = None


@dataclass(frozen=True, slots=True)
class Duck:
    """How far (dB) music goes down under speech, and how fast (seconds)."""

    by: float
    attack: float = 0.3
    release: float = 0.8


@dataclass(frozen=True, slots=True)
class Music:
    """Music from this place on.

    `volume` is in dB relative to the speech's level; `envelope` holds (seconds from the music's
    start, dB added to the volume), piecewise linear. `trim` is (from, to) in seconds inside the
    file, `to` None for its end. `start` counts from this place, `end` from the music's start.
    `under` is by how many LU it lies under each turn, instead of the duck's depth. `lead` is how
    long it plays before the next turn starts. None means until its fade-out begins
    for an intro, and that nobody waits for any other.
    """

    file: Path
    place: Place
    role: Literal["intro", "bed", "outro"]
    volume: float
    loop: bool
    fade_in: float | None = None
    fade_out: float | None = None
    envelope: tuple[tuple[float, float], ...] = ()
    duck: Duck | None = None
    under: float | None = None
    trim: tuple[float, float | None] | None = None
    start: float | Anchor | None = None
    end: float | Anchor | None = None
    lead: float | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """An effect `at` seconds from this place; `volume` is in dB relative to the speech's level.

    With `wait` the next turn starts when the sound has ended.
    """

    file: Path
    place: Place
    volume: float = -6.0
    pan: float = 0.0
    at: float = 0.0
    wait: bool = False


Item = Turn | Pause | Chapter | Music | Sound


@dataclass(frozen=True, slots=True)
class Band:
    """An equaliser band: centre or corner in Hz, gain in dB, quality factor."""

    freq: float
    gain: float
    q: float = 1.0
    kind: Literal["peak", "lowshelf", "highshelf"] = "peak"


@dataclass(frozen=True, slots=True)
class Style:
    """How a voice is treated, said for a character or for one of its voices."""

    gain: float | None = None
    pan: float | None = None
    highpass: float | None = None
    eq: tuple[Band, ...] | None = None
    speed: float | None = None
    language: str | None = None
    lexicon: Lexicon = NO_WORDS
    ref_audio: Path | None = None
    ref_text: str | None = None
    instructions: str | None = None
    consent: str | None = None
    settings: Settings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Voice:
    """A character's voice on one engine; `name` is canonical, and empty for a cloned voice."""

    name: str
    style: Style
    place: Place


@dataclass(frozen=True, slots=True)
class Character:
    """One entry of a cast. `engine` fixes the engine; `voices` holds one voice per engine.

    `problems` is what is wrong with the entry; what it lacks for that is not to be reported.
    """

    name: str
    place: Place
    style: Style
    aliases: tuple[str, ...] = ()
    engine: str | None = None
    engine_place: Place | None = None
    voice: Voice | None = None
    voices: Mapping[str, Voice] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where neither turn nor character says otherwise; `pause` is between turns."""

    pause: float = 0.35
    speed: float | None = None
    seed: int | None = None
    gain: float | None = None
    pan: float | None = None
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Mastering:
    """The preset and what the show overrides in it.

    Loudness in LUFS and the tolerance in LU, true peak in dBTP, sample rate in Hz, bit rate in kb/s
    for all formats or by format, head and tail (the silence before the first and after the last
    sound) in seconds, noise floor in dBFS, `longest` (of the episode) in seconds.
    """

    preset: str = "apple"
    loudness: float | None = None
    tolerance: float | None = None
    true_peak: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    bitrate: int | Mapping[str, int] | None = None
    head: float | None = None
    tail: float | None = None
    noise_floor: float | None = None
    longest: float | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """A whole script. `files` is every file it depends on, itself included."""

    path: Path
    title: str
    items: tuple[Item, ...]
    files: tuple[Path, ...]
    show: str | None = None
    number: int | None = None
    description: str | None = None
    author: str | None = None
    date: str | None = None
    language: str = "en"
    cover: Path | None = None
    cover_place: Place | None = None
    lexicon: Lexicon = NO_WORDS
    defaults: Defaults = Defaults()
    mastering: Mastering = Mastering()
    deliverables: tuple[str, ...] = ("mp3",)
    stems: bool = False
    karaoke: bool = False
    room_tone: Path | bool = True
    room_tone_place: Place | None = None
    engine_settings: Mapping[str, Settings] = field(default_factory=dict)
    engine_places: Mapping[str, Place] = field(default_factory=dict)
    cast: Mapping[str, Character] = field(default_factory=dict)
    voices_path: Path | None = None

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns alone, in order."""
        return tuple(item for item in self.items if isinstance(item, Turn))
