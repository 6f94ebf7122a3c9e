"""Sources of other forms become scripts that can be read and checked."""

from __future__ import annotations

import json
import unicodedata
import zipfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.errors import ScriptError
from podgen.show.importers.draft import Draft, Heading, Line, Remark
from podgen.show.importers.reading import read_source
from podgen.show.importers.script import fresh
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


def test_our_own_transcripts_come_back(tmp_path: Path) -> None:
    segments = [{"speaker": "ADA", "startTime": 0.0, "endTime": 1.0, "body": "Hello, BEN."}]
    document = {"version": "1.0.0", "segments": segments}
    source = tmp_path / "transcript.json"
    source.write_text(json.dumps(document))
    assert said(read_source(source)) == [("ADA", "Hello, BEN.")]
