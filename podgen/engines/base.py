"""The protocol that every speech engine satisfies, and the values that cross it.

An engine is handed all the utterances of a job at once and yields each as it is done, in any
order. Batching, worker processes and devices are its own business. Nothing in this module needs
an engine's packages, and an engine imports them only when it speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Samples: TypeAlias = "npt.NDArray[np.float32]"
"""Mono sound, shape [frames]. Named as text, so that listing voices does not load numpy."""


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """A voice an engine has. `language` is a BCP 47 tag, `gender` is "f", "m" or ""."""

    name: str
    language: str
    gender: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can take. Anything it cannot take is refused by `check`, never dropped."""

    languages: tuple[str, ...]
    sample_rate: int
    speed: tuple[float, float] | None = None
    """Slowest and fastest rate it can speak at, or None where it has one speed only."""
    blends: bool = False
    phonemes: bool = False
    """Whether `Utterance.phonemes` (IPA for single words) is honoured."""
    cloning: bool = False
    voice_files: bool = False
    """Whether `Utterance.voice_file` is honoured."""
    instructions: bool = False
    split: bool = False
    """Whether `Utterance.settings["split"]` is honoured: never, auto, or a number of characters."""
    frame_rate: float | None = None
    """Frames a second, of an engine that generates frames."""
    takes: bool = True
    """Whether another seed gives another reading of the same text."""
    at_once: int | None = None
    """How many utterances it speaks together on one GPU, of an engine that wants one."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether an engine can speak on this machine, and the reason or remedy in one line."""

    usable: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """One turn as an engine hears it.

    `text` is plain speech: markdown gone and the lexicon's respellings applied. `voice` is a name
    the engine knows, or a blend written `a:0.5+b:0.5`. `phonemes` holds `(word, IPA)` for lexicon
    entries that are given as phonemes and occur in the text. `seed` fixes whatever is random.
    `id` only labels the result.
    """

    id: str
    text: str
    voice: str
    language: str = "en"
    seed: int = 0
    speed: float = 1.0
    phonemes: tuple[tuple[str, str], ...] = ()
    voice_file: Path | None = None
    """Holds the voice, which `voice` then names by the file's path."""
    ref_audio: Path | None = None
    ref_text: str | None = None
    instructions: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    """Further per-voice or per-turn engine settings; an engine's `check` refuses unknown ones."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What an engine made of an utterance: mono float32 samples at `sample_rate`.

    Samples are as the model made them: neither normalised nor trimmed, and they may pass +-1.
    """

    id: str
    samples: Samples
    sample_rate: int
    notes: Mapping[str, object] = field(default_factory=dict)
    """What is to be known of it later that the utterance does not say, such as another `seed`."""


class Engine(Protocol):
    """A speech engine. All methods but `synthesize` are cheap and load no weights."""

    name: str

    def capabilities(self) -> Capabilities:
        """What the engine can take."""
        ...

    def availability(self) -> Availability:
        """Whether it can speak here: packages, weights, device. Never raises."""
        ...

    def voices(self) -> Sequence[VoiceInfo]:
        """The voices it has, in the order they should be listed."""
        ...

    def check(self, utterance: Utterance) -> list[tuple[str, str]]:
        """What it cannot do about an utterance, as `(what, remedy)` pairs; empty if nothing."""
        ...

    def estimate(self, utterance: Utterance) -> float:
        """How long the utterance will be in seconds, roughly."""
        ...

    def fingerprint(self) -> str:
        """Names everything that changes its sound: weights' digest, version, settings."""
        ...

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        """Speak all utterances, yielding each as it is done, in any order.

        The sound of an utterance depends on its own fields alone, never on its neighbours. One that
        fails stops none of the others.

        Raises:
            EngineError: after all that can be spoken, naming those utterances that cannot; or at
                once, naming none, where nothing can be.
        """
        ...

    def close(self) -> None:
        """Release worker processes, devices and memory. Safe to call twice."""
        ...


class Progress(Protocol):
    """How far a batch is: seconds of sound so far, of sound a second, and until the end."""

    @property
    def audio_seconds(self) -> float:
        """Sound so far, unfinished utterances' included."""
        ...

    @property
    def rate(self) -> float:
        """Sound a second."""
        ...

    @property
    def remaining(self) -> float:
        """Until the end, roughly; infinite where nothing is known yet."""
        ...


@runtime_checkable
class ReportsProgress(Protocol):
    """An engine that speaks many utterances at once and tells how far they are together."""

    on_progress: Callable[[Progress], None] | None


@runtime_checkable
class HearsRecordings(Protocol):
    """An engine that clones by a part of its own that may be changed for another."""

    def ear(self) -> str:
        """Names that part: what `ref_audio` becomes depends on it, and nothing else does."""
        ...


@runtime_checkable
class ForetellsSpeed(Protocol):
    """An engine that says how fast it should be here, where timing it costs too much."""

    def outlook(self) -> str:
        """Seconds of sound a second and what they are taken from, in one line, or nothing.

        Takes a few seconds and loads no weights.
        """
        ...


@runtime_checkable
class ShowsWeights(Protocol):
    """An engine that can say which weights lie on a machine."""

    def weights(self) -> str:
        """A digest of the weights' files, taken anew.

        Raises:
            EngineError: there are none.
        """
        ...
