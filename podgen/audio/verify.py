"""Whether a finished file is what was asked: decoded once, measured, held against the timeline."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from podgen.audio.asset import Format
from podgen.audio.encode import sample_rate
from podgen.audio.frames import PER_SECOND, Series, longest_run
from podgen.audio.hearing import Heard, hear
from podgen.audio.loudness import GATE_SECONDS, decibels
from podgen.audio.mix import Expectation
from podgen.audio.presets import Preset
from podgen.audio.r128 import STEP_SECONDS, centred, gated, highest, loudness_range

DURATION_TOLERANCE = 0.05
"""Seconds by which a file may differ from its timeline."""
WAVEFORM_POINTS = 2000
LOUDNESS_POINTS = 1200
_TELLING_SECONDS = 2.0  # speech so long holds a pause or a closure
_AAC_MOST = 1.5  # an average that follows the material: in silence it is next to nothing
_SPAN = 50  # points drawn from one reading


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is not as asked: what, where in seconds, and in which turn.

    `figure` is whether it is one of the verdict's figures, not a sound that is missing.
    """

    what: str
    seconds: float | None = None
    turn: str | None = None
    figure: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a deliverable measures, decoded, and how it fails.

    Loudness in LUFS, its range in LU, true peak in dBTP, RMS and noise floor in dBFS, None for
    silence. The short-term loudness is drawn in steps of `loudness_step` seconds, each the loudest
    whose window has its middle there; the waveform as the largest sample of each of at most 2000
    equal parts, linear. `turns` holds the integrated loudness of each turn, with all that sounds
    beside it. The bit rate, in kb/s, is the whole file's where the format names none.
    """

    path: Path
    form: str
    loudness: float | None
    true_peak: float | None
    rms: float | None
    noise_floor: float | None
    loudness_range: float | None
    highest_short_term: float | None
    highest_momentary: float | None
    seconds: float
    sample_rate: int
    channels: int
    bit_rate: int | None
    loudness_step: float
    short_term: tuple[float, ...]
    waveform: tuple[float, ...]
    turns: Mapping[str, float]
    failures: tuple[Failure, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dump`."""
        return {**asdict(self), "path": str(self.path)}


def verify(
    path: Path,
    form: str,
    preset: Preset,
    total: int,
    expected: Iterable[Expectation] = (),
    progress: Callable[[float], None] | None = None,
    heard: Heard | None = None,
) -> Verdict:
    """Decode and measure a deliverable; `total` and `expected` are in samples at the preset's rate.

    `heard` is what it holds where that is known already.

    Raises:
        ResultError: the file holds no audio that can be decoded.
    """
    rate = sample_rate(form, preset)
    sounds = list(expected)
    length = total / preset.sample_rate
    if heard is None:

        def tell(seconds: float) -> None:
            if progress is not None:
                progress(min(1.0, seconds / max(length, 1e-9)))

        heard = hear(path, rate, preset.channels, tell)
    found, meter, frames = heard.format, heard.meter, heard.frames
    figures = _Figures(
        loudness=meter.integrated,
        true_peak=decibels(heard.true_peak),
        rms=decibels(frames.rms),
        noise_floor=_noise_floor(frames.powers, preset.sample_rate, sounds),
        seconds=frames.samples / rate,
    )
    failures = [
        *_wrong_format(found, form, preset),
        *_wrong_figures(figures, preset, length),
        *_wrong_silences(frames.powers, preset, sounds),
    ]
    step, short_term = _decimated(centred(meter), LOUDNESS_POINTS)
    _, waveform = _decimated(frames.peaks, WAVEFORM_POINTS)
    return Verdict(
        path=path,
        form=form,
        loudness=figures.loudness,
        true_peak=figures.true_peak,
        rms=figures.rms,
        noise_floor=figures.noise_floor,
        loudness_range=loudness_range(meter.short_term),
        highest_short_term=highest(meter.short_term),
        highest_momentary=highest(meter.momentary),
        seconds=figures.seconds,
        sample_rate=found.rate,
        channels=found.channels,
        bit_rate=found.bit_rate or round(path.stat().st_size / 125 / figures.seconds),
        loudness_step=step * STEP_SECONDS,
        short_term=tuple(round(float(value), 2) for value in short_term),
        waveform=tuple(round(float(value), 4) for value in waveform),
        turns=_turns(meter.momentary, preset.sample_rate, sounds),
        failures=tuple(failures),
    )


def measured(verdict: Verdict, preset: Preset) -> float | None:
    """The figure of a verdict that the preset's `loudness` is about."""
    return verdict.rms if preset.measure == "rms" else verdict.loudness


@dataclass(frozen=True, slots=True)
class _Figures:
    loudness: float | None
    true_peak: float | None
    rms: float | None
    noise_floor: float | None
    seconds: float


def _wrong_format(found: Format, form: str, preset: Preset) -> list[Failure]:
    failures = []
    rate = sample_rate(form, preset)
    if found.rate != rate:
        failures.append(Failure(f"sample rate {found.rate} Hz, asked for {rate}", figure=True))
    if found.channels != preset.channels:
        what = f"{found.channels} channels, asked for {preset.channels}"
        failures.append(Failure(what, figure=True))
    asked, got = bit_rate_range(form, preset), found.bit_rate
    if asked and got and not asked[0] <= got <= asked[1]:
        what = f"{got} kb/s, asked for {preset.bitrate[form]}"
        failures.append(Failure(what, figure=True))
    return failures


def bit_rate_range(form: str, preset: Preset) -> tuple[float, float] | None:
    """The lowest and highest bit rate (kb/s) that a deliverable may have; None if it is not held
    to one."""
    if form not in ("mp3", "m4a"):
        return None
    asked = preset.bitrate[form]
    return (asked, asked) if form == "mp3" else (0.0, asked * _AAC_MOST)


def _wrong_figures(figures: _Figures, preset: Preset, length: float) -> list[Failure]:
    failures: list[Failure] = []
    wrong: list[str] = []
    value = figures.rms if preset.measure == "rms" else figures.loudness
    unit = "dB RMS" if preset.measure == "rms" else "LUFS"
    if value is None:
        if figures.seconds > GATE_SECONDS:
            failures.append(Failure("nothing but silence"))
    elif abs(value - preset.loudness) > preset.tolerance:
        wrong.append(
            f"{value:.2f} {unit}, asked for {preset.loudness:g} within {preset.tolerance:g}"
        )
    if figures.true_peak is not None and figures.true_peak > preset.true_peak:
        wrong.append(
            f"true peak {figures.true_peak:.2f} dBTP, asked for at most {preset.true_peak:g}"
        )
    floor = preset.noise_floor
    if floor is not None and figures.noise_floor is not None and figures.noise_floor > floor:
        wrong.append(f"noise floor {figures.noise_floor:.1f} dB RMS, asked for at most {floor:g}")
    if abs(figures.seconds - length) > DURATION_TOLERANCE:
        wrong.append(f"{figures.seconds:.3f} s long, the timeline has {length:.3f}")
    if preset.longest is not None and figures.seconds > preset.longest:
        wrong.append(f"{figures.seconds:.0f} s long, {preset.longest:g} at most")
    return [*failures, *(Failure(what, figure=True) for what in wrong)]


def _wrong_silences(
    powers: Series, preset: Preset, expected: Iterable[Expectation]
) -> list[Failure]:
    failures = []
    frame = preset.sample_rate / PER_SECOND
    for sound in expected:
        first, last = math.floor(sound.start / frame), math.ceil(sound.end / frame)
        last = min(last, len(powers))
        if first >= last:
            failures.append(Failure(f"{sound.what} is missing", first / PER_SECOND, sound.turn))
            continue
        floor = 10 ** ((preset.loudness + sound.floor) / 10)
        start, run = longest_run(part < floor for part in powers.parts(first, last))
        least = last - first if sound.longest is None else max(1, sound.longest * PER_SECOND)
        if run >= least:
            failures.append(
                Failure(
                    f"{sound.what} is silent for {run / PER_SECOND:.2f} s",
                    (first + start) / PER_SECOND,
                    sound.turn,
                )
            )
    return failures


def _noise_floor(powers: Series, rate: int, expected: Sequence[Expectation]) -> float | None:
    """RMS of the noise under the noisiest turn in dBFS; None where no turn tells.

    That is the quietest twentieth of the turn: what is left between words and in the closures of
    its stops. The gaps between turns are made here and say nothing of a voice's noise.
    """
    frame = rate / PER_SECOND
    floors = []
    for sound in expected:
        first, last = math.ceil(sound.start / frame), math.floor(sound.end / frame)
        if not sound.alone or last - first < _TELLING_SECONDS * PER_SECOND:
            continue
        quietest = np.sort(powers[first:last])[: (last - first) // 20]
        if len(quietest):
            floors.append(float(quietest.mean(dtype=np.float64)))
    worst = max(floors, default=0.0)
    return decibels(worst**0.5) if worst > 1e-15 else None


def _turns(momentary: Series, rate: int, expected: Sequence[Expectation]) -> dict[str, float]:
    """The integrated loudness in LUFS of each turn that holds a gating block or more."""
    levels = {}
    for sound in expected:
        # A block's value stands at its end.
        first = math.ceil((sound.start / rate + GATE_SECONDS) / STEP_SECONDS - 0.5) - 1
        last = math.floor(sound.end / rate / STEP_SECONDS + 0.5)
        if sound.turn is not None and last > first >= 0:
            level = gated(momentary, first, last)
            if level is not None:
                levels[sound.turn] = round(level, 2)
    return levels


def _decimated(values: Series, points: int) -> tuple[int, npt.NDArray[np.float32]]:
    """The largest of every `step` values, with `step` such that few enough remain."""
    step = max(1, -(-len(values) // points))
    largest = [np.zeros(0, np.float32)]
    for at in range(0, len(values), step * _SPAN):
        part = values[at : at + step * _SPAN]
        largest.append(np.maximum.reduceat(part, np.arange(0, len(part), step)))
    return step, np.concatenate(largest)
