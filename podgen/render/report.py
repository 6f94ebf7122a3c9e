"""What a render came to: the values of the report, and `report.json`."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from podgen.publish.episode import Episode
from podgen.publish.soundbites import Soundbite


@dataclass(frozen=True, slots=True)
class EngineUse:
    """An engine that spoke, why it was chosen, and what names its sound."""

    name: str
    why: str
    fingerprint: str
    turns: int


@dataclass(frozen=True, slots=True)
class Target:
    """What the master aims at: LUFS, LU either side of it, dBTP; None where there is no such."""

    preset: str
    loudness: float | None
    tolerance: float | None
    true_peak: float | None


@dataclass(frozen=True, slots=True)
class Check:
    """A figure read back from a decoded deliverable.

    `unit` is LUFS, LU, dBTP, dB, s, Hz, kb/s or "". `asked` is the demand in words, such as
    "-16 ±0.2"; `passed` is None for a figure that nothing was demanded of. A failure that is no
    figure, such as a silent turn, has its sentence as the name and nothing measured.
    """

    name: str
    measured: float | None
    unit: str
    asked: str = ""
    passed: bool | None = None


@dataclass(frozen=True, slots=True)
class Deliverable:
    """A finished file: its path as seen from the report's folder, its bytes and its figures."""

    path: str
    format: str
    size: int
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no demand was missed."""
        return all(check.passed is not False for check in self.checks)


@dataclass(frozen=True, slots=True)
class Master:
    """How the mix became the master: its level before (LUFS, or dB RMS where that is measured), the
    gain in dB, the limiter's ceiling in dBTP and its deepest reduction in each second in dB, and
    how often it was encoded."""

    mix: float | None
    gain: float
    ceiling: float
    reductions: tuple[float, ...]
    rounds: int


@dataclass(frozen=True, slots=True)
class MusicSpan:
    """Music or an effect on the timeline, `[start, end)` in samples.

    `kind` is intro, bed, outro or sound; `label` is the file's name.
    """

    kind: str
    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A turn as it was spoken and placed: `[start, end)` in samples, levels in LUFS, gain in dB.

    `loudness_after` is measured in the first deliverable, with all that sounds beside the turn. A
    level is None where the turn is too short to measure. `reduction` is what its own peaks were
    turned down by, in dB, before the mix, and `limiter` the deepest that the master's limiter went
    in the seconds of the turn; `over_music` is by how many LU the turn is louder than
    the music under it, None where there is none. `clip` is the path of its sound as seen from the
    report's folder. Of a turn that was heard, `verdict` is good, doubtful or bad, `findings` says
    why in sentences, and `heard` is what was heard if there are any.
    """

    id: str
    speaker: str
    text: str
    start: int
    end: int
    loudness_before: float | None
    loudness_after: float | None
    gain: float
    reduction: float
    limiter: float
    over_music: float | None
    reason: str
    cached: bool
    take: int
    engine: str
    voice: str
    clip: str | None
    verdict: str = ""
    heard: str = ""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a reader of the report sees.

    `waveform` holds the lowest and highest sample (-1 to 1) of equal slices of the episode, and
    `loudness` the short-term loudness over time as (seconds, LUFS). `audio` is the deliverable
    that the page plays, as a path from the report's folder, as is what lies `beside` (transcripts,
    chapters, feed item, stems, preview). `made` is shown if it is not empty. `soundbites` are
    suggested passages, published nowhere.
    """

    episode: Episode
    engines: tuple[EngineUse, ...]
    target: Target
    master: Master
    deliverables: tuple[Deliverable, ...]
    warnings: tuple[str, ...]
    waveform: tuple[tuple[float, float], ...]
    loudness: tuple[tuple[float, float], ...]
    music: tuple[MusicSpan, ...]
    turns: tuple[TurnRow, ...]
    audio: str | None
    made: str = ""
    beside: tuple[str, ...] = ()
    soundbites: tuple[Soundbite, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every deliverable is what was asked."""
        return all(deliverable.passed for deliverable in self.deliverables)


def write_json(report: Report, path: Path) -> None:
    """Write the report for programs.

    Times are in samples at `episode.sample_rate` unless named otherwise; a level of silence is
    null. The waveform, a picture rather than a figure, is left out.
    """
    episode = replace(report.episode, turns=())
    document = {"version": 1, "passed": report.passed, **asdict(replace(report, episode=episode))}
    del document["waveform"], document["episode"]["turns"]
    text = json.dumps(_plain(document), ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _plain(value: object) -> object:
    """A value as JSON can hold it: paths as text, numbers that are not finite as None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
