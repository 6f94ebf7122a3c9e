import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podgen.errors import Place, ScriptError
from podgen.show import load_show
from podgen.show.model import Anchor, Chapter, Duck, Music, Pause, Show, Sound, Turn
from podgen.text.spoken import spoken

SCRIPT = """\
title: The Signal
show: Night Shift
number: 12
description: Two hosts.
author: Someone
language: en-GB
cover: cover.png
lexicon: lex.yaml
defaults: {pause: 0.5, speed: 1.1, seed: 7}
mastering: {preset: ebu, loudness: -20, sample_rate: 48000, channels: 1, bitrate: 96k, tail: 1}
deliverables: [mp3, opus, mp3]
stems: yes
engines: {kokoro: {threads: 2, exact: true, name: "3", ratio: 1.5, list: [1, x]}}
turns:
  - music: {file: m.wav, role: intro, fade_out: 3, envelope: [[0, -20], [1.5, 0]]}
  - chapter: Opening
  - CIPHERFOX: Welcome *back*.
  - MOTH:
      id: hello
      text: >
        Two lines
        as one.
      speed: 0.9
      pause_before: 1
      pronunciation: {one: wun}
      split: 300
      settings: {steps: 7}
      voice: {blend: {b: 3, a: 1}}
  - music: {file: m.wav, duck: {by: 6, attack: 1}, start: hello.end - 0.5, end: last, trim: [2]}
  - sound: {file: m.wav, pan: -0.5, at: -1, wait: true}
  - sound: m.wav
  - music: {file: m.wav, role: outro, duck: false, loop: true, trim: [1, 9], end: 30}
  - chapter: {title: 7, url: "https://example.org", image: cover.png}
  - CIPHERFOX: {text: Quite so., id: last, overlap: 0.3, pause_after: 2}
  - pause: 1.5
  - NO: no
  - "yes": 12:30
"""


@pytest.fixture
def show(folder: Path) -> Show:
    Path("s.yaml").write_text(SCRIPT)
    Path("lex.yaml").write_text("podgen: pod jen\n")
    Path("voices.yaml").write_text("characters: {}\n")
    return load_show("s.yaml")


def test_the_head_is_read(show: Show) -> None:
    assert (show.title, show.show, show.number) == ("The Signal", "Night Shift", 12)
    assert (show.language, show.cover) == ("en-GB", Path("cover.png"))
    assert show.lexicon.entries == {"podgen": "pod jen"}
    assert (show.defaults.pause, show.defaults.speed, show.defaults.seed) == (0.5, 1.1, 7)
    mastering = show.mastering
    assert (mastering.preset, mastering.loudness, mastering.true_peak) == ("ebu", -20, None)
    assert (mastering.sample_rate, mastering.channels, mastering.bitrate) == (48000, 1, 96)
    assert mastering.place == Place("s.yaml", 10, 1)
    assert show.deliverables == ("mp3", "opus")
    assert show.stems is True


def test_engine_settings_keep_quoted_numbers_as_text(show: Show) -> None:
    assert show.engine_settings == {
        "kokoro": {"threads": 2, "exact": True, "name": "3", "ratio": 1.5, "list": [1, "x"]}
    }


def test_turns_are_read_in_both_forms(show: Show) -> None:
    first, second, third, fourth, fifth = show.turns
    assert (first.speaker, first.text, first.place) == (
        "CIPHERFOX",
        "Welcome *back*.",
        Place("s.yaml", 17, 5),
    )
    assert (second.id, second.text) == ("hello", "Two lines as one.")
    assert (second.speed, second.pause_after, second.pause_before) == (0.9, None, 1.0)
    assert second.pronunciation.entries == {"one": "wun"}
    assert (second.split, second.settings) == (300, {"steps": 7})
    assert second.voice == "a:0.25+b:0.75"
    assert (third.id, third.overlap, third.pause_after) == ("last", 0.3, 2.0)
    assert (fourth.speaker, fourth.text) == ("NO", "no")
    assert (fifth.speaker, fifth.text) == ("yes", "12:30")


def test_other_items_are_read_with_their_defaults(show: Show) -> None:
    intro, bed, outro = (item for item in show.items if isinstance(item, Music))
    assert (intro.volume, intro.loop, intro.lead) == (-2.0, False, None)
    assert intro.duck == Duck(14.0, 0.3, 0.8)
    assert intro.envelope == ((0.0, -20.0), (1.5, 0.0))
    assert (bed.role, bed.volume, bed.loop, bed.lead) == ("bed", -12.0, True, None)
    assert bed.duck == Duck(6.0, 1.0, 0.8)
    assert bed.start == Anchor("hello", "end", -0.5)
    assert (bed.end, bed.trim) == (Anchor("last"), (2.0, None))
    assert (outro.volume, outro.duck, outro.loop) == (-2.0, None, True)
    assert (outro.trim, outro.end) == ((1.0, 9.0), 30.0)
    effect, knock = (item for item in show.items if isinstance(item, Sound))
    assert (effect.volume, effect.pan, effect.at, effect.wait) == (-6.0, -0.5, -1.0, True)
    assert (knock.pan, knock.at, knock.wait) == (0.0, 0.0, False)
    assert [item.seconds for item in show.items if isinstance(item, Pause)] == [1.5]
    opening, second = (item for item in show.items if isinstance(item, Chapter))
    assert (opening.title, second.title, second.url) == ("Opening", "7", "https://example.org")


def test_files_are_all_the_show_depends_on(show: Show) -> None:
    assert {str(path) for path in show.files} == {
        "s.yaml",
        "lex.yaml",
        "voices.yaml",
        "m.wav",
        "cover.png",
    }


def test_a_title_is_the_file_name_where_none_is_given(folder: Path) -> None:
    Path("my-show.yaml").write_text("turns:\n  - A: hi\n")
    show = load_show("my-show.yaml")
    assert (show.title, show.language, show.deliverables) == ("my-show", "en", ("mp3",))


def test_paths_count_from_the_scripts_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "s.yaml").write_text("turns:\n  - sound: m.wav\n  - A: hi\n")
    monkeypatch.chdir(tmp_path)
    show = load_show(folder / "s.yaml")
    assert folder / "m.wav" in show.files


@pytest.mark.parametrize(("up", "found"), [(0, True), (1, True), (3, True), (4, False)], ids=str)
def test_the_voices_file_is_beside_the_script_or_up_to_three_folders_above(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, up: int, found: bool
) -> None:
    place = folder
    for _ in range(up):
        place = place.parent
    (place / "voices.yaml").write_text("characters: {}\n")
    (folder / "s.yaml").write_text("turns:\n  - A: hi\n")
    path = load_show("s.yaml").voices_path
    assert (path is not None and path.samefile(place / "voices.yaml")) is found


def test_the_voices_file_may_be_in_the_current_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "s.yaml").write_text("turns:\n  - A: hi\n")
    other = tmp_path / "other"
    other.mkdir()
    (other / "voices.yaml").write_text("characters: {}\n")
    monkeypatch.chdir(other)
    assert load_show(folder / "s.yaml").voices_path == Path("voices.yaml")


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_change_nothing(
    folder: Path, before: bytes, end: str
) -> None:
    script = end.join(["turns:", "  - A: one", "  - B: >", "      two", "      three", ""])
    Path("s.yaml").write_bytes(before + script.encode())
    turns = load_show("s.yaml").turns
    assert [(turn.text, turn.place.line) for turn in turns] == [("one", 2), ("two three", 3)]


def test_a_bit_rate_holds_for_all_formats_or_by_format(folder: Path) -> None:
    for said, read in (("192k", 192), ("{mp3: 192, m4a: 128k}", {"mp3": 192, "m4a": 128})):
        Path("s.yaml").write_text(f"mastering: {{bitrate: {said}}}\nturns:\n  - A: hi\n")
        assert load_show("s.yaml").mastering.bitrate == read


# Ids

LINES = st.lists(
    st.tuples(st.sampled_from(["A", "B", "É"]), st.text("abc xyz", min_size=1, max_size=9)),
    min_size=1,
    max_size=12,
    unique=True,
).map(lambda pairs: [(name, f"say {text}") for name, text in pairs])
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def ids(lines: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    dump = yaml.safe_dump({"turns": [{name: text} for name, text in lines]}, allow_unicode=True)
    Path("s.yaml").write_text(dump)
    return {(turn.speaker, turn.text): turn.id for turn in load_show("s.yaml").turns}


@QUICK
@given(lines=LINES, data=st.data())
def test_moving_or_inserting_a_line_leaves_the_ids_of_the_others(folder: Path, lines, data) -> None:
    lines = list({(name, " ".join(text.split())): None for name, text in lines})
    before = ids(lines)
    assert len(set(before.values())) == len(lines)
    moved = data.draw(st.permutations(lines))
    moved.insert(data.draw(st.integers(0, len(lines))), ("A", "something new"))
    after = ids(moved)
    assert {line: after[line] for line in before} == before


def test_the_same_line_twice_is_numbered_and_never_takes_a_given_id(folder: Path) -> None:
    Path("s.yaml").write_text("turns:\n  - A: hi\n  - A: hi\n  - A: hi\n")
    first, second, third = (turn.id for turn in load_show("s.yaml").turns)
    assert first.startswith("a-")
    assert (second, third) == (f"{first}-2", f"{first}-3")
    Path("s.yaml").write_text(f"turns:\n  - A: hi\n  - B: {{text: ho, id: {first}}}\n")
    assert [turn.id for turn in load_show("s.yaml").turns] == [f"{first}-2", first]


def test_wrapping_a_line_otherwise_leaves_its_id(folder: Path) -> None:
    Path("s.yaml").write_text("turns:\n  - A: one two three\n")
    one = load_show("s.yaml").turns[0].id
    Path("s.yaml").write_text("turns:\n  - A: |\n      one two\n      three\n")
    assert load_show("s.yaml").turns[0].id == one


# Text

PRINTABLE = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn")), min_size=1
)


@QUICK
@given(text=PRINTABLE)
def test_quoted_text_comes_through_as_written(folder: Path, text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    Path("s.yaml").write_text(f"turns:\n  - A: {quoted}\n  - B: end\n", encoding="utf-8")
    try:
        turn = load_show("s.yaml").turns[0]
    except ScriptError as error:
        assert "nothing to say" in str(error) or "is empty" in str(error) or "U+FEFF" in str(error)
        assert "\ufeff" in text or not text[:1].isalnum()
    else:
        assert turn.text == text.strip()


@QUICK
@given(
    st.text(
        st.sampled_from("turns:\n -AB[]{}#&*!|>'\"%@`,?~0.5\ttext id pause music: file"),
        max_size=120,
    )
)
def test_no_file_makes_the_reader_fail_otherwise_than_by_saying_why(
    folder: Path, text: str
) -> None:
    for script in (
        text,
        f"turns:\n  - A: hi\n{text}",
        f"turns:\n  - A:\n      text: x\n      {text}",
    ):
        Path("s.yaml").write_text(script, encoding="utf-8")
        try:
            show = load_show("s.yaml")
        except ScriptError as error:
            assert all(problem.place for problem in error.problems)
        else:
            assert all(isinstance(turn, Turn) for turn in show.turns)


def test_the_time_of_reading_and_speaking_grows_with_the_length_alone(folder: Path) -> None:
    words = "".join(f"  word{n}: wurd {n}\n" for n in range(500))
    lexicon = f"lexicon:\n{words}turns:\n"

    def seconds_a_turn(turns: int) -> float:
        lines = [
            f"  - A: Line {n} of *this* goes on, says word{n % 700} and it's done.\n"
            f"  - B: {{text: 'Quite so, {n}.', id: b{n}, speed: 1.1}}\n"
            for n in range(turns // 2)
        ]
        Path("s.yaml").write_text(lexicon + "".join(lines))
        best = 9.0
        for _ in range(3):
            start = time.process_time()
            show = load_show("s.yaml")
            for turn in show.turns:
                spoken(turn.text, turn.pronunciation, show.lexicon, language=show.language)
            best = min(best, time.process_time() - start)
        return best / turns

    few = seconds_a_turn(1000)
    # Were it quadratic it would be five times; a busy machine alone can make it two.
    assert seconds_a_turn(5000) < 3.5 * few
