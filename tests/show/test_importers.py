"""Sources of other forms become scripts that can be read, checked and merged again."""

from __future__ import annotations

import codecs
import json
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.errors import ScriptError
from podgen.proposal.importing import import_script
from podgen.show.importers.draft import Draft, Heading, Line, Remark
from podgen.show.importers.last import load_base, save_base
from podgen.show.importers.merge import ids_of, merge, read_script
from podgen.show.importers.reading import read_source
from podgen.show.importers.script import fresh
from podgen.show.importers.units import align, units_of
from podgen.show.read import load_show

for package in ("lxml", "docx", "screenplain", "webvtt"):
    pytest.importorskip(package, reason="podgen[import] is not installed")

SOURCES = Path(__file__).parent / "sources"


def said(draft: Draft) -> list[tuple[str, str]]:
    return [(line.speaker, line.text) for line in draft.lines]


def left(draft: Draft) -> dict[int, str]:
    return {one.line: one.what for one in draft.left}


def test_a_play_in_plain_text() -> None:
    draft = read_source(SOURCES / "earnest.txt")
    assert draft.form == "text"
    assert draft.head == {"title": "THE IMPORTANCE OF BEING EARNEST"}
    assert [speaker for speaker, _ in said(draft)] == ["ALGERNON", "LANE"] * 4
    assert said(draft)[2][1].endswith("sentiment is my forte. I keep science for Life.")
    assert draft.lines[6].directions == ["Inspects them, takes two, and sits down on the sofa."]
    assert set(left(draft)) == {5, 7, 28, 31}


def test_a_play_as_it_is_printed(tmp_path: Path) -> None:
    play = (SOURCES / "printed.txt").read_text()
    framed = tmp_path / "framed.txt"
    framed.write_text(
        "Of the eBook, this much: it is for the use of anyone.\n\nTitle: Trivial\n\n"
        "Author: Oscar Wilde\n\nLICENCE: long.\n\n"
        "*** START OF THIS PROJECT GUTENBERG EBOOK TRIVIAL ***\n\n"
        f"{play}\nEnd of the Project Gutenberg EBook of Trivial, by Oscar Wilde\n\n"
        "*** END OF THIS PROJECT GUTENBERG EBOOK TRIVIAL ***\n\nLICENCE: longer.\n"
    )
    draft = read_source(framed)
    assert draft.head == {"title": "Trivial", "author": "Oscar Wilde"}
    assert draft.speakers == ["Algernon", "Lane", "Miss Prism", "Cecily"]
    assert said(draft)[0] == ("Algernon", "Did you hear what I was playing, Lane?")
    assert said(draft)[6][1].startswith("Oh! . . . by the way, Lane, I see from your book")
    assert draft.lines[6].directions == ["Inspects them, takes two, and sits down on the sofa."]
    assert [entry.title for entry in draft.entries if isinstance(entry, Heading)] == [
        "FIRST ACT: SCENE",
        "SECOND ACT: SCENE",
    ]
    remarks = [entry.text for entry in draft.entries if isinstance(entry, Remark)]
    assert "TIME: The Present." in remarks
    assert (
        "(Miss Prism discovered seated at the table. Cecily is at the back watering flowers.)"
        in (remarks)
    )
    told = left(draft)
    assert "header" in told[1]
    assert "licence" in told[12 + play.count("\n")]
    assert not any("LICENCE" in text for text in (*remarks, *map(str, said(draft))))
    lines = framed.read_text().split("\n")
    assert lines[draft.lines[0].line - 1].startswith("Algernon.  Did you hear")


def test_directions_of_plays_in_capitals(tmp_path: Path) -> None:
    source = tmp_path / "plays.txt"
    source.write_text(
        "HIGGINS [throwing the book aside and marching down on Doolittle with a\n"
        "poser] What else did you come for?\n\n"
        "DOOLITTLE [sweetly] Well, what would a man come for? Be human, governor.\n\n"
        "HIGGINS. Alfred: did you put her up to it?\n\n"
        "MRS. PEARCE.\n\nIf you please, sir.\n\n"
        "  The dustman comes from the right into the inner room,\n  humming to himself.\n\n"
        "DOOLITTLE. So help me, Governor, I never did: I take my Bible oath.\n\n"
        "MRS. PEARCE. Here I have a pilot's thumb.                Drum within.\n\n"
        "Enter Macbeth and Banquo.\n\n"
        "HIGGINS. So foul and fair a day.\n\n"
        "DOOLITTLE. !!!\n"
    )
    draft = read_source(source)
    assert said(draft) == [
        ("HIGGINS", "What else did you come for?"),
        ("DOOLITTLE", "Well, what would a man come for? Be human, governor."),
        ("HIGGINS", "Alfred: did you put her up to it?"),
        ("MRS. PEARCE", "If you please, sir."),
        ("DOOLITTLE", "So help me, Governor, I never did: I take my Bible oath."),
        ("MRS. PEARCE", "Here I have a pilot's thumb."),
        ("HIGGINS", "So foul and fair a day."),
    ]
    told = left(draft)
    assert {12, 17, 19, 23} <= set(told)
    assert "the direction '(The dustman comes from the right" in told[12]
    assert "says only '!!!'" in told[23]


def test_what_plays_are_read_by_is_for_plays(tmp_path: Path) -> None:
    source = tmp_path / "talk.txt"
    source.write_text("ADA: Hi.\nBEN: Ho.\n\n" * 4 + "BEN: Now:\n\n    Enter your name.\n")
    draft = read_source(source)
    assert said(draft)[-1] == ("BEN", "Now:\n\nEnter your name.")
    assert draft.left == []


def test_a_chapter_in_which_nothing_sounds_is_one_with_the_next(tmp_path: Path) -> None:
    source = tmp_path / "play.md"
    source.write_text("# A\n\n## One\n\n## Two\n\n**ADA:** Hi.\n\n## Three\n\n(Applause.)\n")
    draft = read_source(source)
    headings = [entry.title for entry in draft.entries if isinstance(entry, Heading)]
    assert headings == ["One: Two"]
    assert left(draft)[9] == "nothing sounds in the chapter 'Three'"


def test_markdown() -> None:
    draft = read_source(SOURCES / "interview.md")
    assert draft.form == "Markdown"
    assert draft.head == {"title": "Two Cities", "author": "Charles Dickens"}
    host, guest = said(draft)[:2]
    assert host == ("HOST", "It was the best of times, it was the worst of times.")
    assert guest[0] == "Guest"
    assert (
        guest[1].split("\n\n")[1]
        == "It was the epoch of belief, it was the epoch of *incredulity*."
    )
    assert draft.lines[1].directions == ["quietly"]
    told = left(draft)
    assert "tags" in told[4] and "laughs" in told[20] and "not in the folder" in told[25]
    script = yaml.safe_load(fresh(draft, [], "interview.md"))
    assert [next(iter(item)) for item in script["turns"]] == [
        "chapter", "HOST", "Guest", "pause", "chapter", "HOST", "Guest",
    ]  # fmt: skip


def test_fountain_says_what_screenplain_says() -> None:
    from screenplain import types
    from screenplain.parsers import fountain

    source = SOURCES / "macbeth.fountain"
    draft = read_source(source)
    with source.open() as file:
        play = fountain.parse(file)
    spoken: list[tuple[str, str]] = []
    for paragraph in play:
        dual = isinstance(paragraph, types.DualDialog)
        for dialog in [paragraph.left, paragraph.right] if dual else [paragraph]:
            if isinstance(dialog, types.Dialog):
                name = str(dialog.character).split("(")[0].strip()
                spoken.append((name, " ".join(str(t) for aside, t in dialog.blocks if not aside)))
    assert said(draft) == spoken
    assert draft.lines[1].directions == ["hoarsely"]
    assert draft.lines[-1].directions == ["V.O."]
    dual_line = draft.lines[7]
    assert (dual_line.speaker, dual_line.line) == ("SECOND WITCH", 35)
    assert 0.3 <= float(str(dual_line.options["overlap"])) < 2.5
    assert set(left(draft)) == {1, 7, 30, 35, 38, 40}


def test_ssml() -> None:
    draft = read_source(SOURCES / "daffodils.ssml")
    script = yaml.safe_load(fresh(draft, [], "daffodils.ssml"))
    assert script["language"] == "en-GB"
    first, pause, second, third = script["turns"]
    assert first == {
        "Dorothy": "I wandered lonely as a cloud that floats on high o'er vales and hills."
    }
    assert pause == {"pause": 0.8}
    assert second["Dorothy"]["speed"] == 0.9
    assert second["Dorothy"]["pronunciation"] == {"daffodils": "/ˈdæfədɪlz/"}
    assert third["William"]["text"] == "Written in 1804 by W. W. Birds."
    assert third["William"]["pronunciation"] == {"W. W.": "Mister Wordsworth"}
    told = left(draft)
    assert "pitch" in told[7] and "passwd" in told[12]


@pytest.mark.parametrize("name", ["hamlet.vtt", "hamlet.srt"])
def test_captions(name: str) -> None:
    draft = read_source(SOURCES / name)
    turns = [(who.capitalize(), text.replace("&", "and")) for who, text in said(draft)]
    assert turns == [
        ("Bernardo", "Who's there?"),
        ("Francisco", "Nay, answer me. Stand and unfold yourself."),
        ("Bernardo", "Long live the king!"),
        ("Francisco", "Bernardo?"),
    ]
    assert "times" in left(draft)[1]


def test_cues_are_near_by_fractions_of_a_second(tmp_path: Path) -> None:
    source = tmp_path / "two.vtt"
    cues = ["00:01.000 --> 00:02.900\n<v Ada>One,", "00:03.100 --> 00:04.200\n<v Ada>two."]
    cues.append("00:04.800 --> 00:05.900\n<v Ada>Three.")
    source.write_text("WEBVTT\n\n" + "\n\n".join(cues) + "\n")
    assert [text for _, text in said(read_source(source))] == ["One, two.", "Three."]


def test_transcripts_of_generators() -> None:
    tags = read_source(SOURCES / "podcastfy.txt")
    assert [line.speaker for line in tags.lines] == ["Person1", "Person2", "Person1", "Person2"]
    assert tags.lines[2].text == "Conceived in liberty."
    assert "applause" in left(tags)[4]
    notebook = read_source(SOURCES / "notebook.json")
    assert notebook.head == {"title": "Walden", "language": "en"}
    assert [line.line for line in notebook.lines] == [6, 7, 8]
    assert "emotion" in left(notebook)[7]


def word(path: Path) -> Path:
    import docx

    document = docx.Document()
    document.add_heading("A Modest Proposal", 0)
    document.add_heading("The streets", 1)
    paragraph = document.add_paragraph()
    paragraph.add_run("SWIFT:").bold = True
    paragraph.add_run(" It is a melancholy object.")
    document.add_paragraph("READER: To whom?")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "SWIFT", "To those who walk."
    document.save(str(path))
    return path


def test_word(tmp_path: Path) -> None:
    draft = read_source(word(tmp_path / "play.docx"))
    assert draft.head["title"] == "A Modest Proposal"
    assert said(draft) == [
        ("SWIFT", "It is a melancholy object."),
        ("READER", "To whom?"),
        ("SWIFT", "To those who walk."),
    ]


BOMB = """<?xml version="1.0"?><!DOCTYPE speak [<!ENTITY a "ha ha ha ha ha ha ha">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<speak>&b;&c;</speak>"""


def test_entities_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "bomb.ssml"
    source.write_text(BOMB)
    with pytest.raises(ScriptError, match="document type"):
        read_source(source)


def test_a_bomb_in_a_document_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    source = word(tmp_path / "bomb.docx")
    with zipfile.ZipFile(source, "a", zipfile.ZIP_DEFLATED) as archive:
        for part in range(2):
            archive.writestr(f"word/media/{part}.bin", b"\0" * 60_500_000)
    assert source.stat().st_size < 200_000
    with pytest.raises(ScriptError, match="unpacks to 122 MB"):
        read_source(source)


def test_entities_in_a_document_stay_closed(tmp_path: Path) -> None:
    source, bombed = word(tmp_path / "play.docx"), tmp_path / "bomb.docx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(bombed, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename == "word/document.xml":
                text = data.decode().replace("To whom?", "&c;")
                head, _, body = text.partition("?>")
                data = (
                    f'{head}?><!DOCTYPE w [<!ENTITY c SYSTEM "file:///etc/passwd">]>{body}'.encode()
                )
            new.writestr(part, data)
    try:
        words = str(said(read_source(bombed)))
    except ScriptError:
        return
    assert "root:" not in words


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\1\2", b"PK\3\4broken", b"[1, 2, {}]", b'{"a": ' * 3000, b"<speak><p>", b"WEBVTT",
     b"Just a text in which nobody is named.\n\nAnd more of it.", b"\xff\xfe\x00"],
)  # fmt: skip
def test_what_is_no_script_is_refused_in_a_line(tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "source"
    source.write_bytes(data)
    with pytest.raises(ScriptError) as raised:
        read_source(source)
    assert str(source) in str(raised.value)


def test_sounds_of_the_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out.wav").touch()
    (tmp_path / "in" / "a b.wav").touch()
    (tmp_path / "in" / "link.wav").symlink_to(tmp_path / "out.wav")
    source = tmp_path / "in" / "play.txt"
    source.write_text(
        "ADA: Listen.\n[sound: a b.wav]\n[sound: ../out.wav]\n"
        "[sound: link.wav]\n[music: /out.wav]\n"
    )
    draft = read_source(source)
    script = yaml.safe_load(fresh(draft, [], "play.txt"))
    assert script["turns"] == [{"ADA": "Listen."}, {"sound": "a b.wav"}]
    assert set(left(draft)) == {3, 4, 5}


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Co", "Cn"]),
    min_size=1,
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["ADA", "BEN", "NO", "Dr. X: y", "- z"]), WORDS), min_size=1)
)
def test_any_text_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[str, str]]
) -> None:
    draft = Draft("text", {"title": turns[0][1]})
    draft.entries = [Line(name, f"Say {text} now", n) for n, (name, text) in enumerate(turns, 1)]
    script = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    script.write_text(fresh(draft, [], "x"))
    found = [(turn.speaker, " ".join(turn.text.split())) for turn in load_show(script).turns]
    assert [" ".join(text.split()) for _, text in found] == [
        " ".join(unicodedata.normalize("NFC", f"Say {text} now").split()) for _, text in turns
    ]


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


def test_our_own_transcripts_come_back(tmp_path: Path) -> None:
    segments = [{"speaker": "ADA", "startTime": 0.0, "endTime": 1.0, "body": "Hello, BEN."}]
    document = {"version": "1.0.0", "segments": segments}
    source = tmp_path / "transcript.json"
    source.write_text(json.dumps(document))
    assert said(read_source(source)) == [("ADA", "Hello, BEN.")]
