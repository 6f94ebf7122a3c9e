"""A source imported again: what changed in it comes, and what was made by hand stays."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.errors import ScriptError
from podgen.proposal.importing import import_script
from podgen.show.importers.draft import Draft, Line
from podgen.show.importers.last import load_base, save_base
from podgen.show.importers.merge import ids_of, merge, read_script
from podgen.show.importers.reading import read_source
from podgen.show.importers.script import fresh
from podgen.show.importers.units import align, units_of
from podgen.show.read import load_show

for package in ("lxml", "docx", "screenplain", "webvtt"):
    pytest.importorskip(package, reason="podgen[import] is not installed")


def imported(tmp_path: Path, text: str, script: Path | None = None) -> Any:
    """Import a text, again where `script` is there; what the merge came to."""
    source = tmp_path / "source.txt"
    source.write_text(text)
    draft = read_source(source)
    path = tmp_path / "show.yaml"
    changes = None
    if script is None:
        path.write_text(fresh(draft, [], "source.txt"))
    else:
        document, changes = merge(read_script(path), load_base(path), draft)
        path.write_text(document.text)
    (tmp_path / "show.import.json").write_text(save_base(draft, ids_of(path, draft)))
    return changes


PLAY = """ADA: The first line of the play.
BEN: The second, which will be changed a little.
ADA: The third goes.
BEN: The fourth moves to the end.
ADA: The fifth stays.
"""


def test_a_changed_source_keeps_ids_and_what_was_made_by_hand(tmp_path: Path) -> None:
    imported(tmp_path, PLAY)
    path = tmp_path / "show.yaml"
    before = {turn.text: turn.id for turn in load_show(path).turns}
    (tmp_path / "knock.wav").touch()
    text = path.read_text().replace(
        "  - BEN: The fourth moves to the end.\n",
        "  - sound: knock.wav\n  # Ben is far away\n"
        "  - BEN: {text: The fourth moves to the end., gain: -3, pan: 0.5} # left\n",
    )
    text = text.replace("The fifth stays.", "The fifth stayed.")
    path.write_text(text.replace("  - BEN: The second", "  # mine\n  - BEN: The second"))
    again = PLAY.replace("a little", "a lot").replace("ADA: The third goes.\n", "")
    again = again.replace("BEN: The fourth moves to the end.\n", "")
    again += "BEN: The fourth moves to the end.\nCLEO: A sixth is new.\n"
    changes = imported(tmp_path, again, path)
    assert (changes.changed, changes.added, changes.removed) == (1, 1, 1)
    turns = load_show(path).turns
    assert [turn.speaker for turn in turns] == ["ADA", "BEN", "ADA", "BEN", "CLEO"]
    second = turns[1]
    assert second.text == "The second, which will be changed a lot."
    assert second.id == before["The second, which will be changed a little."]
    assert turns[2].text == "The fifth stayed."
    moved = turns[3]
    assert (moved.gain, moved.pan, moved.id) == (-3, 0.5, before[moved.text])
    written = path.read_text()
    assert "# Ben is far away\n  - BEN: {text: The fourth" in written and "# left" in written
    assert "  # mine\n  - BEN:" in written
    assert "sound: knock.wav" in written
    assert any("removed: ADA: The third goes." in line for line in changes.told)
    # What is as it was stays as it was, to the letter.
    assert imported(tmp_path, again, path).changed == 0
    assert path.read_text() == written


def test_both_changed_is_told_and_the_source_stands(tmp_path: Path) -> None:
    imported(tmp_path, PLAY)
    path = tmp_path / "show.yaml"
    path.write_text(path.read_text().replace("The fifth stays.", "The fifth stays by hand."))
    changes = imported(tmp_path, PLAY.replace("fifth stays", "fifth stays put"), path)
    assert load_show(path).turns[4].text == "The fifth stays put."
    assert changes.told == ("line 5: changed here and in the script; the source's stands",)


def test_without_the_last_import_nothing_is_removed(tmp_path: Path) -> None:
    imported(tmp_path, PLAY)
    (tmp_path / "show.import.json").unlink()
    path = tmp_path / "show.yaml"
    changes = imported(tmp_path, PLAY.replace("ADA: The third goes.\n", ""), path)
    assert changes.removed == 0
    assert len(load_show(path).turns) == 5


def test_line_ends_and_a_cast_in_brackets_stay_as_they_are(tmp_path: Path) -> None:
    source, path = tmp_path / "source.txt", tmp_path / "show.yaml"
    source.write_text(PLAY)
    import_script(source, path, engine="kokoro")
    text = path.read_text()
    head, rest = text.split("cast:\n")
    rest = rest[rest.index("turns:") :].replace(
        "  - ADA: The third", "  # mine\n  - ADA: The third"
    )
    text = f"{head}cast: {{ADA: {{voices: {{kokoro: af_heart}}}}, BEN: {{}}}} # both\n{rest}"
    path.write_bytes(codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode())
    source.write_text(PLAY.replace("a little", "a lot") + "CLEO: (softly) A sixth is new.\n")
    import_script(source, path, engine="kokoro")
    written = path.read_bytes()
    assert written.startswith(codecs.BOM_UTF8)
    assert written.count(b"\n") == written.count(b"\r\n")
    before = text.splitlines()
    after = written.decode("utf-8-sig").splitlines()
    changed = [line for line in after if line not in before]
    assert changed[0].startswith(
        "cast: {ADA: {voices: {kokoro: af_heart}}, BEN: {}, CLEO: {voices:"
    )
    assert changed[0].endswith("} # both")
    assert changed[1:3] == [
        "  - BEN:",
        "      text: The second, which will be changed a lot.",
    ]
    assert changed[3].startswith("      id: ben-")
    assert changed[4:] == ["  # (softly)", "  - CLEO: A sixth is new."]


def test_an_entry_that_shares_its_parts_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    imported(tmp_path, PLAY)
    path = tmp_path / "show.yaml"
    text = path.read_text().replace("The fifth stays.", "&a The fifth stays.")
    path.write_text(text)
    line = 1 + next(n for n, one in enumerate(text.splitlines()) if "&a" in one)
    with pytest.raises(ScriptError) as raised:
        imported(tmp_path, PLAY.replace("fifth stays", "fifth stays put"), path)
    assert f"show.yaml:{line}: this entry shares a part" in str(raised.value)
    assert path.read_text() == text


LINES = st.lists(
    st.tuples(st.sampled_from(["ADA", "BEN"]), st.sampled_from(["one", "two", "three", "four"])),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(LINES, LINES)
def test_a_merge_comes_to_the_source(
    tmp_path_factory: pytest.TempPathFactory, one: Any, two: Any
) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = ["".join(f"{who}: It is {what}.\n" for who, what in play) for play in (one, two)]
    imported(folder, text[0])
    imported(folder, text[1], folder / "show.yaml")
    turns = load_show(folder / "show.yaml").turns
    assert [(turn.speaker, turn.text) for turn in turns] == [(w, f"It is {x}.") for w, x in two]


def test_align_pairs_each_item_once() -> None:
    draft = Draft("text")
    draft.entries = [Line("ADA", "Yes.", n) for n in range(4)]
    units = units_of(draft)
    assert align(units, units[:3]) == {0: 0, 1: 1, 2: 2}
