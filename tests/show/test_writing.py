"""Scripts changed in place: what a change does not concern stays to the letter."""

from __future__ import annotations

import difflib
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podgen.errors import ScriptError
from podgen.show import load_show
from podgen.show.model import Turn
from podgen.show.writing.document import Document, read_document
from podgen.show.writing.item import new_item, read_item, with_key
from podgen.show.writing.words import with_word
from tests.support.places import ROOT

PILOT = (ROOT / "shows" / "pilot.yaml").read_text(encoding="utf-8")
STYLES = """\
title: Styles   # kept
# above the turns
turns:
  - ADA: Plain and short.   # a remark

  - BEN: 'Single, with it''s quote.'
  - ADA: "Double: quoted."
  # about the next one
  - BEN: >-
      Folded over lines, one two three
      four five six seven eight nine.
  - ADA: |
      Line one.

      Line two.
  - "BEN": {text: In brackets, speed: 1.1}
  - ADA:
      id: long      # its name
      text: Plain that goes on
        over two lines.
      gain: -1
# the end
"""


def diff(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def number_of(document: Document, part: str) -> int:
    [found] = [entry.number for entry in document.entries if part in entry.body]
    return found


def texts(script: str, folder: Path) -> list[str]:
    path = folder / "show.yaml"
    path.write_text(script, encoding="utf-8")
    return [turn.text for turn in load_show(path).turns]


@pytest.mark.parametrize("path", sorted((ROOT / "shows").glob("*.yaml")), ids=lambda p: p.name)
def test_every_part_of_a_script_is_kept(path: Path) -> None:
    if path.name == "lexicon.yaml":
        return
    text = path.read_text(encoding="utf-8")
    assert read_document(text).text == text


def test_one_changed_word_is_one_changed_line() -> None:
    document = read_document(PILOT)
    number = number_of(document, "id: promise")
    old = str(document.entries[document.at(number)].values["text"])
    after = document.with_key(number, ("text",), old.replace("three minutes", "four minutes"))
    removed, added = diff(PILOT, after.text)
    assert removed[1:].replace("three minutes", "four minutes") == added[1:]


WORDS = st.text(
    st.sampled_from("abc,.:;#&*!|>'\"%@`-?[]{}<\\ \n~äß—🙂"), min_size=1, max_size=80
).map(lambda text: "\n".join(" ".join(line.split()) for line in text.strip().splitlines()))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    place=st.integers(0, 6),
    text=WORDS.filter(lambda text: text.strip() != ""),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_a_text_changes_its_own_lines_and_says_what_it_should(
    place: int, text: str, newline: str
) -> None:
    script = STYLES.replace("\n", newline)
    document = read_document(script)
    entry = document.entries[place]
    after = document.with_key(entry.number, ("text",), text)
    again = read_document(after.text)
    assert after.text.count("\r\n") in (0, after.text.count("\n"))
    for one, two in zip(document.entries, again.entries, strict=True):
        if one.number != entry.number:
            assert (one.lead, one.body, one.values) == (two.lead, two.body, two.values)
    said = again.entries[place].values["text"]
    assert (str(said).strip() if said is not None else None) == text.strip()
    others = {k: v for k, v in again.entries[place].values.items() if k != "text"}
    assert others == {k: v for k, v in entry.values.items() if k != "text"}
    assert (again.head, again.tail) == (document.head, document.tail)
    if "#" in entry.body:
        assert entry.body[entry.body.index("#") :].split(newline)[0] in after.text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("delete"), st.integers(0, 9), st.integers(0, 9)),
            st.tuples(st.just("move"), st.integers(0, 9), st.integers(0, 9)),
            st.tuples(st.just("insert"), st.integers(0, 9), st.integers(0, 9)),
            st.tuples(st.just("key"), st.integers(0, 9), st.integers(0, 9)),
        ),
        max_size=6,
    )
)
def test_whatever_is_done_the_file_reads_back_as_what_it_is(
    steps: list[tuple[str, int, int]],
) -> None:
    document = read_document(STYLES)
    for what, one, two in steps:
        entries = document.entries
        number = entries[one % len(entries)].number
        after = entries[two % len(entries)].number
        if what == "delete" and len(entries) > 1:
            document = document.deleted(number)
        elif what == "move":
            document = document.moved(number, None if two == 0 else after)
        elif what == "insert":
            document = document.inserted(after, "BEN", f"New {one}: {two}.")
        elif what == "key":
            document = document.with_key(number, ("speed",), 0.5 + two / 10)
    again = read_document(document.text)
    assert [(e.name, e.values) for e in again.entries] == [
        (e.name, e.values) for e in document.entries
    ]
    remarks = [line.strip() for line in STYLES.splitlines() if line.startswith("#")]
    assert all(remark in document.text for remark in remarks)


def test_a_turn_is_split_and_joined_with_what_its_voice_is_told(tmp_path: Path) -> None:
    script = "turns:\n  - ADA: {id: one, text: First. Second., speed: 0.9, pause_after: 2}\n"
    document = read_document(script)
    after = document.split(1, "First.", "Second.")
    (tmp_path / "show.yaml").write_text(after.text)
    one, two = load_show(tmp_path / "show.yaml").turns
    assert (one.id, one.text, one.speed, one.pause_after) == ("one", "First.", 0.9, None)
    assert (two.text, two.speed, two.pause_after) == ("Second.", 0.9, 2.0)
    assert two.id != "one"
    back = after.joined(1)
    (tmp_path / "show.yaml").write_text(back.text)
    [turn] = load_show(tmp_path / "show.yaml").turns
    assert (turn.text, turn.pause_after) == ("First. Second.", 2.0)
    with pytest.raises(ScriptError, match="no turn comes after"):
        back.joined(1)


def test_a_remark_goes_with_its_turn_and_stays_without_it() -> None:
    document = read_document(STYLES)
    folded = number_of(document, "Folded over")
    moved = document.moved(folded, document.entries[0].number).text.splitlines()
    at = next(n for n, line in enumerate(moved) if "about the next one" in line)
    assert "BEN: >-" in moved[at + 1]
    assert "# about the next one" in document.deleted(folded).text


def test_what_others_changed_keeps_the_numbers_of_what_they_did_not() -> None:
    document = read_document(STYLES)
    theirs = STYLES.replace("Plain and short.", "Plain and long.").replace(
        "# the end", "  - ADA: At the end.\n# the end"
    )
    after = read_document(theirs, document)
    numbers = [entry.number for entry in after.entries]
    assert numbers[:-1] == [entry.number for entry in document.entries]
    assert numbers[-1] > max(numbers[:-1])


@pytest.mark.parametrize(
    ("body", "path", "value", "expected"),
    [
        ("- ADA: {text: Hi., speed: 1.1}\n", ("speed",), None, "- ADA: {text: Hi.}\n"),
        ("- ADA: {speed: 1.1, text: Hi.}\n", ("speed",), None, "- ADA: {text: Hi.}\n"),
        ("- ADA: Hi.\n", ("gain",), -2, "- ADA: {text: Hi., gain: -2}\n"),
        ("- ADA: Hi, you.\n", ("gain",), -2, "- ADA:\n    text: Hi, you.\n    gain: -2\n"),
        ("- ADA: Hi.\n", ("pronunciation", "Hi"), "/h/", None),
        ("- A: {text: Hi?}\n", ("gain",), 1, "- A: {text: Hi?, gain: 1}\n"),
        ("- pause: 1 # long\n", (), 1.5, "- pause: 1.5 # long\n"),
        ("- ADA:\n    text: Hi.\n    id: x\n", ("id",), "y", "- ADA:\n    text: Hi.\n    id: y\n"),
        ("- ADA:\n    text: Hi.\n    id: x\n", ("id",), None, "- ADA:\n    text: Hi.\n"),
    ],
)
def test_keys_are_written_where_they_belong(
    body: str, path: tuple[str, ...], value: float | str | None, expected: str | None
) -> None:
    found = with_key(body, path, value)
    if expected is not None:
        assert found == expected
    else:
        assert read_item(found).values["pronunciation"] == {"Hi": "/h/"}


@pytest.mark.parametrize("body", ["- ADA: &a Hi.\n", "- ADA: *a\n"])
def test_what_is_shared_is_not_changed_behind_the_writers_back(body: str) -> None:
    with pytest.raises(ScriptError, match="shares a part"):
        with_key(body, ("text",), "Other.")


@pytest.mark.parametrize(
    ("text", "script", "line"),
    [
        ("turns:\n  - ADA: Hi.\n", True, "lexicon: {Redmond: red mond}"),
        (
            "lexicon: {AI: A I}\nturns:\n  - ADA: Hi.\n",
            True,
            "lexicon: {AI: A I, Redmond: red mond}",
        ),
        ("lexicon:\n  AI: A I\nturns:\n  - ADA: Hi.\n", True, "  Redmond: red mond"),
        ("# words\nAI: A I\n", False, "Redmond: red mond"),
    ],
)
def test_a_word_goes_into_the_lexicon(text: str, script: bool, line: str) -> None:
    after = with_word(text, "Redmond", "red mond", script=script)
    added = [one[1:] for one in diff(text, after) if one.startswith("+")]
    assert added == [line]


def test_a_long_new_turn_is_folded() -> None:
    text = "One word after another, and no end. " * 8
    body = new_item("ADA", text.strip(), 2)
    assert max(map(len, body.splitlines())) <= 100
    assert read_item(body).values["text"] == text.strip()


def test_turns_in_brackets_are_left_to_their_writer() -> None:
    with pytest.raises(ScriptError, match="brackets"):
        read_document("turns: [{ADA: Hi.}]\n")


def test_made_scripts_load(tmp_path: Path) -> None:
    document = read_document(textwrap.dedent(STYLES))
    for entry in document.entries:
        document = document.with_key(entry.number, ("text",), f"Said by {entry.number}: yes.")
    assert texts(document.text, tmp_path) == [f"Said by {n}: yes." for n in range(1, 8)]
    assert isinstance(load_show(tmp_path / "show.yaml").items[0], Turn)
