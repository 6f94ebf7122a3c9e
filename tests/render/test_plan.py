"""Planning: keys, takes and what is said about a script before anything is spoken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podgen.engines.base import Utterance
from podgen.errors import ScriptError
from podgen.render.keys import take_key
from podgen.render.plan import Plan, check

pytest.importorskip("hibari", reason="the draft engine is not installed")

WriteShow = Callable[..., Path]
lines = st.lists(
    st.tuples(
        st.sampled_from(["ADA", "BEN"]),
        st.sampled_from(["Good evening.", "Yes.", "It rains today.", "Not a word of it is true."]),
    ),
    min_size=1,
    max_size=8,
)
in_one_folder = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def plan(script: Path) -> Plan:
    return check(script, engine="hibari")


def keys(script: Path) -> list[str]:
    return [turn.key for turn in plan(script).turns]


@in_one_folder
@given(lines, st.randoms())
def test_moving_turns_changes_no_key(write_show: WriteShow, turns: list, random: object) -> None:
    moved = list(turns)
    random.shuffle(moved)  # type: ignore[attr-defined]
    assert sorted(keys(write_show(turns))) == sorted(keys(write_show(moved)))


@in_one_folder
@given(lines, st.data())
def test_changing_one_turn_changes_one_key(
    write_show: WriteShow, turns: list, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(turns) - 1))
    before = keys(write_show(turns))
    changed = [*turns[:place], (turns[place][0], "Something else."), *turns[place + 1 :]]
    after = keys(write_show(changed))
    assert [n for n, pair in enumerate(zip(before, after, strict=True)) if len(set(pair)) > 1] == [
        place
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "Other."),
        ("voice", "b"),
        ("language", "fr"),
        ("seed", 1),
        ("speed", 1.5),
        ("phonemes", (("Other", "ʌðɚ"),)),
        ("ref_text", "hello"),
        ("instructions", "whisper"),
        ("settings", {"steps": 8}),
    ],
)
def test_whatever_makes_the_sound_is_in_the_key(field: str, value: object) -> None:
    plain = {"id": "x", "text": "Hello.", "voice": "a"}
    one = take_key("engine 1", Utterance(**plain))
    assert take_key("engine 1", Utterance(**{**plain, field: value})) != one  # type: ignore[arg-type]
    assert take_key("engine 2", Utterance(**plain)) != one
    assert take_key("engine 1", Utterance(**{**plain, "id": "y"})) == one
    assert take_key("engine 1", Utterance(**plain, settings={"consent": "yes"})) == one


def test_reference_audio_counts_by_its_content_not_its_name(tmp_path: Path) -> None:
    def key(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        return take_key("e", Utterance("x", "Hello.", "a", ref_audio=tmp_path / name))

    assert key("one.wav", b"1") == key("two.wav", b"1")
    assert key("one.wav", b"22") != key("two.wav", b"1")


def test_a_lexicon_entry_changes_the_turns_with_its_word(write_show: WriteShow) -> None:
    turns = [("ADA", "Tea, please."), ("BEN", "Coffee."), ("ADA", "A teapot.")]
    before = keys(write_show(turns))
    after = keys(write_show(turns, "lexicon: {tea: tee}"))
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True, True]


def test_everything_wrong_is_said_at_once(write_show: WriteShow) -> None:
    script = write_show(
        [
            "- ADA: {text: Hello there my friends., voise: x}",
            "- CARL: Who am I?",
            "- BEN: {text: Quick., overlap: 30}",
            "- ADA: {text: Sing., instructions: with joy}",
            "- BEN: {text: Well., voice: hart}",
        ],
        "mastering: {preset: apple, sample_rate: 8000}\nunknown: 1",
    )
    with pytest.raises(ScriptError) as caught:
        plan(script)
    said = str(caught.value)
    for part in ("voise", "CARL", "overlap of 30 s", "instructions", "hart", "8000", "'unknown'"):
        assert part in said
    places = [problem.place for problem in caught.value.problems]
    assert all(place is not None and place.line for place in places)
    assert places == sorted(places, key=lambda place: (place.line, place.column))  # type: ignore


def test_what_one_voice_lacks_is_said_once_for_all_its_turns(write_show: WriteShow) -> None:
    script = write_show(
        [("ADA", f"Line {n}.") for n in range(50)], "cast: {ADA: {voices: {hibari: hart}}}"
    )
    with pytest.raises(ScriptError) as caught:
        plan(script)
    assert len(caught.value.problems) == 1


def test_settings_that_mean_nothing_on_an_engine_are_said_once(write_show: WriteShow) -> None:
    script = write_show([("ADA", "Hello."), ("BEN", "Hi.")], "defaults: {split: auto, seed: 4}")
    warnings = plan(script).warnings
    assert len(warnings) == 2
    assert any("seeds" in warning for warning in warnings)
    assert any("split" in warning for warning in warnings)


def test_the_engines_settings_come_from_voices_file_show_and_command_line(
    write_show: WriteShow, tmp_path: Path
) -> None:
    script = write_show([("ADA", "Hello.")], "engines: {hibari: {colour: blue}}")
    with pytest.raises(ScriptError, match="hibari has no setting"):
        plan(script)
    with pytest.raises(ScriptError, match="model: settings of an engine"):
        check(script, settings={"model": str(tmp_path)})


def test_json_of_a_wrong_script_names_every_place(podgen: Callable, write_show: WriteShow) -> None:
    run = podgen("check", "--json", write_show(["- ADA: {text: Hi., colour: red}"]))
    assert run.code == 2
    error = json.loads(run.out.splitlines()[-1])
    assert error["exit_code"] == 2
    assert error["problems"][0]["line"] == 4
