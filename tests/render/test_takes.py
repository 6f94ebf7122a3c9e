"""The lock file of chosen takes: readable, stable, complete."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podgen.errors import ScriptError
from podgen.render.takes import (
    Choice,
    excerpt,
    load_choices,
    lock_path,
    save_choices,
    seed_of,
    with_choice,
)

names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
choices = st.dictionaries(
    names,
    st.dictionaries(
        names,
        st.builds(Choice, st.integers(1, 99), st.integers(0, 2**40), names),
        min_size=1,
        max_size=2,
    ),
    max_size=4,
)


@given(choices)
def test_what_is_saved_comes_back(tmp_path_factory: pytest.TempPathFactory, chosen: dict) -> None:
    script = tmp_path_factory.mktemp("show") / "pilot.yaml"
    save_choices(script, chosen)
    assert load_choices(script) == chosen


def test_the_file_is_sorted_and_explains_itself(tmp_path: Path) -> None:
    script = tmp_path / "pilot.yaml"
    chosen = with_choice({}, "second", "kokoro", Choice(3, 2000, "Yes."))
    chosen = with_choice(chosen, "first", "kokoro", Choice(2, 1000, "No, 1: two"))
    assert save_choices(script, chosen) == tmp_path / "pilot.lock.yaml"
    lines = lock_path(script).read_text().splitlines()
    assert lines[0].startswith("#")
    assert "pilot.yaml" in lines[0]
    assert [line.strip(" :") for line in lines if line.startswith("  ") and line[2] != " "] == [
        "first",
        "second",
    ]


def test_picking_the_first_take_again_removes_the_choice() -> None:
    chosen = with_choice({}, "hello", "kokoro", Choice(2, 1000, ""))
    assert with_choice(chosen, "hello", "kokoro", Choice(1, 0, "")) == {"hello": {}}


def test_takes_have_seeds_of_their_own_and_the_first_keeps_the_turns() -> None:
    assert seed_of(7, 1) == 7
    assert len({seed_of(7, take) for take in range(1, 100)}) == 99


@pytest.mark.parametrize(
    "text",
    [
        "turns: [1, 2]",
        "turns: {a: {kokoro: {seed: 1}}}",
        "turns: {a: 3}",
        "a: [",
        "[]",
        "turns: {a: {k: {take: 0, seed: 1}}}",
    ],
)
def test_a_broken_lock_file_is_named(tmp_path: Path, text: str) -> None:
    script = tmp_path / "pilot.yaml"
    lock_path(script).write_text(text)
    if text == "[]":
        assert load_choices(script) == {}
    else:
        with pytest.raises(ScriptError, match=r"pilot\.lock\.yaml: cannot read the chosen takes"):
            load_choices(script)


@given(st.text())
def test_an_excerpt_is_one_short_line(text: str) -> None:
    assert len(excerpt(text)) <= 60
    assert "\n" not in excerpt(text)
