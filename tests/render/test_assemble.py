"""From a script with music and effects to a scene: ids, fades, places of faults, warnings."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from podgen.audio.loudness import measure
from podgen.audio.mix import expectations
from podgen.errors import ScriptError
from podgen.render.assemble import Assembly, assemble, prepare_pieces
from podgen.render.dress import Dressed
from podgen.render.plan import check
from podgen.render.store import Store

pytest.importorskip("hibari", reason="the draft engine is not installed")

WriteShow = Callable[..., Path]
RATE = 44100


def sound(path: Path, seconds: float = 4.0, *, click: bool = False) -> None:
    """Noise at -30 dBFS, with one sample near full scale if it is to `click`."""
    samples = np.random.default_rng(1).standard_normal(round(seconds * RATE)) * 10 ** (-30 / 20)
    if click:
        samples[len(samples) // 2] = 0.9
    soundfile.write(path, samples, RATE)


def assembled(script: Path, store: Path) -> Assembly:
    """The scene of a script in which every turn is two seconds of noise."""
    plan = check(script, engine="hibari")
    cache = Store(store)
    samples = np.random.default_rng(2).standard_normal(2 * RATE).astype(np.float32) * 0.05
    clip = cache.put("dressed", "0" * 64, samples, RATE, {})
    dressed = [Dressed(turn, clip, clip, measure(samples, RATE)) for turn in plan.turns]
    return assemble(plan, dressed, prepare_pieces(plan, cache), cache)


def test_an_effect_is_never_taken_for_a_turn(write_show: WriteShow, tmp_path: Path) -> None:
    sound(tmp_path / "knock.wav", 1)
    script = write_show(["- ADA: {id: knock-1, text: Who is it?}", "- sound: knock.wav"])
    scene = assembled(script, tmp_path / "store").scene
    assert len(scene.clips) == 2
    turn, effect = scene.timeline.speech[0], scene.timeline.sounds[0]
    assert scene.clips[turn.id].path != scene.clips[effect.id].path


def test_an_intro_with_an_end_fades_within_it(write_show: WriteShow, tmp_path: Path) -> None:
    sound(tmp_path / "theme.wav", 10)
    script = write_show(["- music: {file: theme.wav, role: intro, end: 3}", ("ADA", "Welcome.")])
    timeline = assembled(script, tmp_path / "store").timeline
    (span,) = timeline.music
    assert span.end - span.start == 3 * RATE
    assert span.fade_out == round(1.2 * RATE)  # 0.4 of what plays, not the usual 3 s
    assert timeline.speech[0].start == span.end - span.fade_out


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        (
            ["- music: {file: a.wav, start: late.start - 60}", "- ADA: {id: late, text: Hello.}"],
            r"show\.yaml:4:3: .*a\.wav.* would begin .* before the episode",
        ),
        (
            [("ADA", "Hello."), "- sound: {file: a.wav, at: -50}"],
            r"show\.yaml:5:3: .*a\.wav.* would begin .* before the episode",
        ),
        (
            [
                "- ADA: {id: one, text: Hello.}",
                ("BEN", "Hi."),
                "- music: {file: a.wav, end: one.end + 0.1}",
                ("BEN", "Hi."),
            ],
            r"show\.yaml:6:\d+: .*(ends|would end).* before it begins",
        ),
    ],
)
def test_what_cannot_be_placed_is_told_with_its_line(
    write_show: WriteShow, tmp_path: Path, items: list[str], fault: str
) -> None:
    sound(tmp_path / "a.wav")
    with pytest.raises(ScriptError) as caught:
        assembled(write_show(items), tmp_path / "store")
    assert re.search(fault, str(caught.value)), caught.value
    assert all(problem.place and problem.place.line for problem in caught.value.problems)


def test_a_volume_that_peaks_do_not_allow_is_a_warning(
    write_show: WriteShow, tmp_path: Path
) -> None:
    sound(tmp_path / "click.wav", click=True)
    sound(tmp_path / "even.wav")
    script = write_show(
        [
            "- sound: {file: click.wav, volume: 6}",
            ("ADA", "Hello."),
            "- sound: {file: click.wav, volume: 6}",
            "- sound: {file: even.wav, volume: 0}",
            "- music: {file: click.wav, volume: -20}",
            ("ADA", "Goodbye."),
        ]
    )
    assembly = assembled(script, tmp_path / "store")
    (warning,) = assembly.warnings
    told = re.search(r"show\.yaml:4:3: click\.wav is (\d+\.\d) dB softer than its .* 6 dB", warning)
    assert told
    held = float(told[1])
    assert held > 6
    # As much softer may it be before it counts as missing.
    first, _, even = [item.floor for item in expectations(assembly.scene) if "sound" in item.what]
    assert even - first == pytest.approx(held - 6, abs=0.06)


def test_a_silent_file_is_no_missing_effect(write_show: WriteShow, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "nothing.wav", np.zeros(RATE), RATE)
    sound(tmp_path / "something.wav")
    script = write_show(
        [
            "- sound: nothing.wav",
            "- sound: {file: something.wav, volume: -50}",
            "- sound: something.wav",
            ("ADA", "Hello."),
        ]
    )
    heard = expectations(assembled(script, tmp_path / "store").scene)
    assert [item.what for item in heard][1:] == ["sound something.wav#3"]
