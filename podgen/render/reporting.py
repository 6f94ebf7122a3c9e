"""The report's values from what a render found."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from podgen.audio.balance import over_music
from podgen.audio.encode import sample_rate
from podgen.audio.master import Mastered
from podgen.audio.presets import Preset
from podgen.audio.verify import DURATION_TOLERANCE, Verdict, bit_rate_range
from podgen.casting import RECORDED
from podgen.publish.episode import Episode
from podgen.publish.soundbites import suggestions
from podgen.render.assemble import Assembly, Piece
from podgen.render.levelling import Levelled
from podgen.render.plan import Plan
from podgen.render.proving import Proved, describe
from podgen.render.report import (
    Check,
    Deliverable,
    EngineUse,
    Master,
    MusicSpan,
    Report,
    Target,
    TurnRow,
)
from podgen.render.turns import PlannedTurn
from podgen.show import model


def make_report(
    plan: Plan,
    assembly: Assembly,
    mastered: Mastered,
    episode: Episode,
    *,
    folder: Path,
    spoken: Collection[str],
    clips: Mapping[str, Path],
    warnings: Sequence[str],
    beside: Sequence[Path] = (),
    proved: Sequence[Proved] = (),
) -> Report:
    """What a render came to. Paths in it are as seen from `folder`; `beside` is what else it leads
    to, `proved` what was heard of its turns."""
    first = mastered.deliverables[0].verdict
    preset = plan.preset
    lufs = preset.measure == "lufs"
    return Report(
        episode=episode,
        engines=_engines(plan),
        target=Target(
            preset=preset.name,
            loudness=preset.loudness if lufs else None,
            tolerance=preset.tolerance if lufs else None,
            true_peak=preset.true_peak,
        ),
        master=Master(
            mix=mastered.mix_loudness,
            gain=round(mastered.gain, 2),
            ceiling=round(mastered.ceiling, 2),
            reductions=mastered.reductions,
            rounds=mastered.rounds,
        ),
        deliverables=tuple(
            Deliverable(
                path=_seen(file.path, folder),
                format=file.verdict.form,
                size=file.size,
                checks=_checks(file.verdict, preset, episode.duration),
            )
            for file in mastered.deliverables
        ),
        warnings=tuple(warnings),
        waveform=tuple((-peak, peak) for peak in first.waveform),
        loudness=tuple(
            (index * first.loudness_step, level) for index, level in enumerate(first.short_term)
        ),
        music=tuple(_spans(assembly)),
        turns=tuple(_rows(plan, assembly, mastered, episode, folder, spoken, clips, proved)),
        audio=_seen(mastered.deliverables[0].path, folder),
        beside=tuple(_seen(path, folder) for path in beside),
        soundbites=tuple(suggestions(episode)),
    )


def _seen(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _engines(plan: Plan) -> tuple[EngineUse, ...]:
    return tuple(
        EngineUse(
            name=name,
            why=_why(plan, name),
            fingerprint=engine.fingerprint(),
            turns=sum(turn.part.engine == name for turn in plan.turns),
        )
        for name, engine in plan.engines.items()
    )


def _why(plan: Plan, engine: str) -> str:
    if engine == RECORDED:
        return "people were recorded"
    return plan.casting.reason if engine == plan.casting.engine else "its characters name it"


def _checks(verdict: Verdict, preset: Preset, length: float) -> tuple[Check, ...]:
    within = f"{preset.loudness:g} ±{preset.tolerance:g}"
    lufs = preset.measure == "lufs"
    rate = sample_rate(verdict.form, preset)

    def near(value: float | None) -> bool | None:
        return None if value is None else abs(value - preset.loudness) <= preset.tolerance

    checks = [
        Check(
            "integrated loudness",
            verdict.loudness,
            "LUFS",
            within if lufs else "",
            near(verdict.loudness) if lufs else None,
        ),
        Check(
            "true peak",
            verdict.true_peak,
            "dBTP",
            f"at most {preset.true_peak:g}",
            None if verdict.true_peak is None else verdict.true_peak <= preset.true_peak,
        ),
        Check(
            "duration",
            verdict.seconds,
            "s",
            f"{length:.2f} ±{DURATION_TOLERANCE:g}",
            abs(verdict.seconds - length) <= DURATION_TOLERANCE,
        ),
        Check("sample rate", verdict.sample_rate, "Hz", f"{rate:g}", verdict.sample_rate == rate),
        Check(
            "channels",
            verdict.channels,
            "",
            f"{preset.channels:g}",
            verdict.channels == preset.channels,
        ),
        _bit_rate(verdict, preset),
    ]
    checks += [
        Check("loudness range", verdict.loudness_range, "LU"),
        Check("highest short-term", verdict.highest_short_term, "LUFS"),
        Check("highest momentary", verdict.highest_momentary, "LUFS"),
    ]
    if not lufs:
        checks.append(Check("RMS", verdict.rms, "dB", within, near(verdict.rms)))
    floor, most = verdict.noise_floor, preset.noise_floor
    quiet = None if most is None else floor is None or floor <= most
    checks.append(
        Check("noise floor", floor, "dB", "" if most is None else f"at most {most:g}", quiet)
    )
    if preset.longest is not None:
        checks.append(
            Check(
                "longest",
                verdict.seconds,
                "s",
                f"at most {preset.longest:g}",
                verdict.seconds <= preset.longest,
            )
        )
    for failure in verdict.failures:
        if not failure.figure:
            where = "" if failure.seconds is None else f" at {failure.seconds:.2f} s"
            checks.append(Check(f"{failure.what}{where}", None, "", "", False))
    return tuple(checks)


def _bit_rate(verdict: Verdict, preset: Preset) -> Check:
    asked, got = bit_rate_range(verdict.form, preset), verdict.bit_rate
    if asked is None or got is None:
        return Check("bit rate", got, "kb/s")
    low, high = asked
    words = f"{low:g}" if low == high else f"at most {high:g}"
    return Check("bit rate", got, "kb/s", words, low <= got <= high)


def _spans(assembly: Assembly) -> list[MusicSpan]:
    pieces = {piece.id: piece for piece in assembly.pieces}
    timeline = assembly.timeline
    placed = [(item.id, item.start, item.end) for item in timeline.music]
    placed += [(item.id, item.start, item.end) for item in timeline.sounds]
    return [
        MusicSpan(_kind(pieces[name]), pieces[name].item.file.name, start, end)
        for name, start, end in placed
    ]


def _reason(levelled: Levelled) -> str:
    if levelled.reduction < 0.05:
        return levelled.level.reason
    made_up = levelled.gain - levelled.level.gain
    return (
        f"{levelled.level.reason}; peaks {levelled.reduction:.1f} dB down, "
        f"which {made_up:+.1f} dB makes up"
    )


def _deepest(reductions: Sequence[float], start: int, end: int, rate: int) -> float:
    return max(reductions[start // rate : -(-end // rate)], default=0.0)


def _kind(piece: Piece) -> str:
    return piece.item.role if isinstance(piece.item, model.Music) else "sound"


def _rows(
    plan: Plan,
    assembly: Assembly,
    mastered: Mastered,
    episode: Episode,
    folder: Path,
    spoken: Collection[str],
    clips: Mapping[str, Path],
    proved: Sequence[Proved],
) -> list[TurnRow]:
    heard = {one.turn.id: one for one in proved}
    planned: dict[str, PlannedTurn] = {turn.id: turn for turn in plan.turns}
    over = over_music(assembly.scene)
    rows: list[TurnRow] = []
    for said in episode.turns:
        turn, levelled = planned[said.id], assembly.levels[said.id]
        proof = heard.get(said.id)
        after = mastered.deliverables[0].verdict.turns.get(said.id)
        rows.append(
            TurnRow(
                id=said.id,
                speaker=said.speaker,
                text=said.text,
                start=said.start,
                end=said.end,
                loudness_before=levelled.dressed.measurement.loudness,
                loudness_after=after,
                gain=levelled.gain,
                reduction=round(levelled.reduction, 2),
                limiter=_deepest(mastered.reductions, said.start, said.end, episode.sample_rate),
                over_music=over.get(said.id),
                reason=_reason(levelled),
                cached=said.id not in spoken,
                take=turn.take,
                engine=turn.part.engine,
                voice=turn.utterance.voice,
                clip=_seen(clips[said.id], folder),
                verdict=proof.verdict.grade if proof else "",
                heard=proof.verdict.heard if proof and proof.verdict.findings else "",
                findings=tuple(describe(proof)) if proof else (),
            )
        )
    return rows
