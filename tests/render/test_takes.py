"""The lock file of chosen takes: readable, stable, complete."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podgen.engines import REGISTRY
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
        st.sampled_from(sorted(REGISTRY)),
        st.builds(Choice, st.integers(1, 99), st.integers(0, 2**32), names),
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


ENTRY = "turns:\n  a:\n    kokoro: {take: 2, seed: 1000}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("turns: [1, 2]", ":1:8: turns cannot be a list; give a mapping of names and values"),
        ("turns: {a: {kokoro: {seed: 1}}}", ":1:21: take is missing; add 'take:'"),
        ("turns: {a: 3}", ":1:12: a cannot be '3'; give a mapping of names and values"),
        ("a: [", ": a bracket is opened and never closed; close it, or put the text in quotes"),
        ("[]", ":1:1: no lock file; write 'turns:'"),
        ("turn: {}", ":1:1: unknown key 'turn'; did you mean 'turns'?"),
        (ENTRY + ENTRY, ":4:1: key 'turns' is given twice; keep one of the two"),
        ("turns: {a: {kokorro: {take: 2, seed: 1}}}", "did you mean 'kokoro'?"),
        ("turns: {a: {kokoro: {take: 0, seed: 1}}}", "take cannot be '0'"),
        ("turns: {a: {kokoro: {take: 100, seed: 1}}}", "take cannot be '100'"),
        ("turns: {a: {kokoro: {take: 2, seed: -1}}}", "seed cannot be '-1'"),
        (f"turns: {{a: {{kokoro: {{take: 2, seed: {10**23}}}}}}}", "seed cannot be '1000"),
        ("turns: {a: {kokoro: {take: 2, seed: 1.5}}}", "seed cannot be '1.5'"),
        ("turns: {a: {kokoro: {take: 2, seed: .inf}}}", "seed cannot be '.inf'"),
        ("turns: {a: {kokoro: {take: 2, seed: 1, sed: 2}}}", "unknown key 'sed'"),
        ("turns: " + "[" * 5000, "nested more than 100 levels deep; flatten it"),
        (
            f"<<<<<<< ours\n{ENTRY}=======\n{ENTRY}>>>>>>> theirs\n",
            ":1:1: an unresolved merge conflict; keep one side of it",
        ),
    ],
)
def test_a_broken_lock_file_is_told_with_place_and_remedy(
    tmp_path: Path, text: str, told: str
) -> None:
    script = tmp_path / "pilot.yaml"
    lock_path(script).write_text(text)
    with pytest.raises(ScriptError) as caught:
        load_choices(script)
    lines = str(caught.value).splitlines()
    assert any(told in line for line in lines), lines
    assert all("pilot.lock.yaml" in line for line in lines)


def test_other_entries_stay_as_they_are(tmp_path: Path) -> None:
    script = tmp_path / "show.yaml"
    kept = "turns:\n  b: {hibari: {take: 2, seed: 1000}} # fine\n"
    lock_path(script).write_text(kept)
    save_choices(script, {**load_choices(script), "c": {"kokoro": Choice(3, 2000, "Well.")}})
    assert lock_path(script).read_text().startswith(kept)


def test_comments_and_order_of_the_file_stay(tmp_path: Path) -> None:
    script = tmp_path / "pilot.yaml"
    lock_path(script).write_text(
        "# ours\nturns:\n  z:\n    kokoro: {take: 2, seed: 1000, text: 'Yes.'}  # Ann's choice\n"
        "  # the second one is better\n  b:\n    kokoro:\n      take: 3\n      seed: 2000\n"
    )
    before = lock_path(script).read_text()
    save_choices(script, load_choices(script))
    assert load_choices(script)["z"]["kokoro"] == Choice(2, 1000, "Yes.")
    for comment in ("# ours", "# Ann's choice", "# the second one is better"):
        assert comment in lock_path(script).read_text()
    more = with_choice(load_choices(script), "c", "voxtral", Choice(4, 3000, "No: 12:30"))
    save_choices(script, more)
    assert load_choices(script) == more
    text = lock_path(script).read_text()
    assert text.index("  z:") < text.index("  b:")
    assert [line for line in before.splitlines() if "#" in line] == [
        line for line in text.splitlines() if "#" in line
    ]
    save_choices(script, {})
    assert "# ours" in lock_path(script).read_text()
    assert load_choices(script) == {}


@given(st.text())
def test_an_excerpt_is_one_short_line(text: str) -> None:
    assert len(excerpt(text)) <= 60
    assert "\n" not in excerpt(text)
