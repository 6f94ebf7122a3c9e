"""Turns at their level, with their own peaks down, from the store or made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from podgen.audio.level import WORKING_LUFS
from podgen.audio.loudness import measure
from podgen.audio.presets import preset
from podgen.render.dress import Dressed
from podgen.render.levelling import LARGEST_REDUCTION_DB, Levelled, level_all, warnings
from podgen.render.plan import check
from podgen.render.store import Store

pytest.importorskip("hibari", reason="the draft engine is not installed")

RATE = 44100
Write = Callable[..., Path]


def peaky(seconds: float, seed: int, crest: float) -> np.ndarray:
    """Noise in syllables with clicks that stand so many dB over it."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    shape = np.clip(np.sin(2 * np.pi * 4 * np.arange(count) / RATE) + 0.6, 0.05, 1)
    samples = rng.standard_normal(count) * 0.03 * shape
    samples[2000::9000] = 0.03 * 10 ** (crest / 20)
    return samples.astype(np.float32)


def levelled(
    store: Store, script: Path, sounds: list[np.ndarray], name: str = "apple"
) -> list[Levelled]:
    plan = check(script, engine="hibari")
    dressed = []
    for number, (turn, samples) in enumerate(zip(plan.turns, sounds, strict=True)):
        clip = store.put("dressed", f"{number:064x}", samples, RATE, {})
        dressed.append(Dressed(turn, clip, clip, measure(samples, RATE)))
    return level_all(store, preset(name), dressed, lossy=True)


TURNS = [("ADA", "One long turn."), ("ADA", "Another one."), ("BEN", "A third."), ("BEN", "Last.")]
CRESTS = (8.0, 18.0, 10.0, 20.0)


def sounds() -> list[np.ndarray]:
    return [peaky(4, n, crest) for n, crest in enumerate(CRESTS)]


@pytest.mark.parametrize("name", ["apple", "spotify", "apple-mono"])
def test_every_turn_is_at_its_level_with_its_peaks_down(
    write_show: Write, tmp_path: Path, name: str
) -> None:
    own = preset(name)
    for turn in levelled(Store(tmp_path / "store"), write_show(TURNS), sounds(), name):
        made = measure(turn.clip.read(), RATE)
        assert made.loudness is not None and made.true_peak is not None
        assert made.loudness + turn.gain == pytest.approx(WORKING_LUFS, abs=0.15)
        ceiling = own.true_peak - 0.8 - (own.loudness - WORKING_LUFS)
        alone = 3.01 if own.channels == 2 else 0.0
        assert made.true_peak + turn.gain <= ceiling + alone + 0.2
        assert turn.short == pytest.approx(0, abs=0.1)


def test_a_turn_that_is_nearly_all_peaks_gets_its_level_too(
    write_show: Write, tmp_path: Path
) -> None:
    """Limiting takes most of each raise from it, so that raising by what is missing ends short."""
    beat = np.abs(np.sin(2 * np.pi * 2 * np.arange(4 * RATE) / RATE)) ** 60
    spiky = [
        (np.random.default_rng(n).standard_normal(4 * RATE) * (0.012 + 0.06 * beat)).astype(
            np.float32
        )
        for n in range(4)
    ]
    for turn in levelled(Store(tmp_path / "store"), write_show(TURNS), spiky, "spotify"):
        assert turn.reduction > 4
        loudness = measure(turn.clip.read(), RATE).loudness
        assert loudness is not None
        assert loudness + turn.gain == pytest.approx(WORKING_LUFS, abs=0.05)


def test_a_clip_without_peaks_is_taken_as_it_is(write_show: Write, tmp_path: Path) -> None:
    first, second, *_ = levelled(Store(tmp_path / "store"), write_show(TURNS), sounds())
    assert first.clip.kind == "dressed"
    assert first.reduction == 0
    assert second.clip.kind == "limited"
    assert second.reduction > 2


def test_what_is_in_the_store_is_not_made_again_and_damage_is_told(
    write_show: Write, tmp_path: Path
) -> None:
    store, script = Store(tmp_path / "store"), write_show(TURNS)
    once = levelled(store, script, sounds())
    changed = {turn.clip.path: turn.clip.path.stat().st_mtime_ns for turn in once}
    inodes = {path: path.stat().st_ino for path in changed if "limited" in str(path)}
    again = levelled(store, script, sounds())
    assert {path: path.stat().st_ino for path in inodes} == inodes
    assert [turn.gain for turn in again] == [turn.gain for turn in once]
    assert list(warnings(again)) == []
    victim = once[1].clip.path
    data = bytearray(victim.read_bytes())
    data[5000] ^= 1
    victim.write_bytes(data)
    mended = levelled(store, script, sounds())
    assert list(warnings(mended)) == [
        f"the stored clip of turn {once[1].turn.id} was corrupt; it is made again"
    ]
    assert np.array_equal(mended[1].clip.read(), levelled(store, script, sounds())[1].clip.read())


def test_a_gain_that_peaks_leave_no_room_for_is_a_warning(
    write_show: Write, tmp_path: Path
) -> None:
    items = ["- ADA: {text: Hello., gain: 24}", *TURNS[1:]]
    first, *_ = levelled(Store(tmp_path / "store"), write_show(items), sounds())
    assert first.reduction <= LARGEST_REDUCTION_DB + 0.2
    assert first.short > 1
    (told,) = warnings([first])
    assert "show.yaml:4:3: turn ada-" in told
    assert f"stays {first.short:.1f} LU below what was asked" in told


def test_a_whisper_and_a_wanted_gain_survive(write_show: Write, tmp_path: Path) -> None:
    items = [*TURNS[:2], "- ADA: {text: Softly., gain: -6}", TURNS[0]]
    made = [peaky(4, n, 10) for n in range(3)]
    made.append(peaky(4, 9, 10) * np.float32(10 ** (-20 / 20)))
    plain, _, soft, whisper = levelled(Store(tmp_path / "store"), write_show(items), made)

    def level(turn: Levelled) -> float:
        loudness = measure(turn.clip.read(), RATE).loudness
        assert loudness is not None
        return loudness + turn.gain

    assert level(soft) - level(plain) == pytest.approx(-6, abs=0.1)
    assert level(whisper) - level(plain) == pytest.approx(-14, abs=0.5)
