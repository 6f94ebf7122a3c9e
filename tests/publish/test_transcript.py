from __future__ import annotations

import html
import json
import re
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from podgen.publish.episode import Episode, SpokenTurn
from podgen.publish.transcript import clock, srt, text, transcript_json, vtt

TIMING = re.compile(r"(\d+):(\d\d):(\d\d)[.,](\d{3}) --> (\d+):(\d\d):(\d\d)[.,](\d{3})")


def cues(document: str) -> list[tuple[int, int, list[str]]]:
    """A cue's start and end in milliseconds, and its lines: all by the formats' block rule."""
    found = []
    for block in document.split("\n\n"):
        lines = block.strip("\n").split("\n")
        for index, line in enumerate(lines):
            if match := TIMING.fullmatch(line):
                n = [int(g) for g in match.groups()]
                start, end = (((h * 60 + m) * 60 + s) * 1000 + ms for h, m, s, ms in (n[:4], n[4:]))
                found.append((start, end, lines[index + 1 :]))
                break
    return found


def spoken(lines: list[str]) -> tuple[str, str]:
    """The voice and the text of a WebVTT cue."""
    match = re.fullmatch(r"(?:<v ([^>]*)>)?(.*)", "\n".join(lines), re.DOTALL)
    assert match
    name, body = match.groups()
    assert "<" not in body and ">" not in body
    return html.unescape(name or ""), html.unescape(body).replace("\n", " ")


def make(*turns: SpokenTurn, rate: int = 44100) -> Episode:
    end = max(turn.end for turn in turns)
    return Episode("T", "S", None, "", "", "en", None, end / rate, rate, turns, ())


LONG = (
    "The first sentence is short. The second one, which goes on for a while and has a clause or "
    "two in it, ends here! Would a third be too much? It would not; there is always room for one "
    "more, and then for another, until the page is full and nobody remembers how it began."
)


def test_vtt_gives_back_what_was_said_by_whom(episode: Episode) -> None:
    document = vtt(episode)
    assert document.startswith("WEBVTT\n\n")
    assert document.count("-->") == 3
    assert [(start, end, *spoken(lines)) for start, end, lines in cues(document)] == [
        (100, 1587, "ANN", "Is 2 < 3 --> yes & no?"),
        (1500, 1701, "BO <b>", "Mhm."),
        (2041, 3855, "ANN", "A </script> tag, then a newline."),
    ]


def test_a_long_turn_breaks_at_sentences_and_clauses() -> None:
    parts = [
        spoken(lines)[1]
        for _, _, lines in cues(vtt(make(SpokenTurn("a", "ANN", LONG, 0, 900_000))))
    ]
    assert len(parts) > 2
    assert all(part[-1] in ".!?,;" for part in parts), parts
    assert " ".join(parts) == LONG


def test_no_caption_breaks_after_an_abbreviation() -> None:
    said = "We met Mr. Brown and Dr. Smith of St. Mary's, e.g. at No. 7, as Prof. Lee knows. " * 6
    episode = make(SpokenTurn("a", "ANN", said.strip(), 0, 2_000_000))
    for document in (vtt(episode), srt(episode)):
        parts = [spoken(lines)[1] for *_, lines in cues(document)]
        assert len(parts) >= 6
        assert not [p for p in parts if re.search(r"(Mr|Dr|St|e\.g|No|Prof)\.$", p)], parts


def test_a_caption_stays_until_it_can_be_read_or_somebody_else_speaks() -> None:
    rate, words = 44100, "Twenty-two characters."
    hurried = [SpokenTurn(str(n), "ANN", words, n * rate, n * rate + 22050) for n in range(3)]
    hurried[2] = replace(hurried[2], start=5 * rate, end=5 * rate + 22050)
    episode = replace(make(*hurried), duration=6.0)
    assert [cue[:2] for cue in cues(vtt(episode))] == [(0, 1000), (1000, 2100), (5000, 6000)]
    slow = make(
        SpokenTurn("a", "ANN", words, 0, 3 * rate), SpokenTurn("b", "BO", "Yes.", 400000, 410000)
    )
    assert cues(vtt(slow))[0][:2] == (0, 3000)


def test_a_turn_that_is_cut_into_is_named_within_its_columns() -> None:
    turns = [SpokenTurn("a", "ARCHIBALD", LONG, 0, 900_000)]
    turns += [SpokenTurn(f"b{n}", "BO", "Mhm.", n, n + 9000) for n in (200_000, 400_000, 600_000)]
    found = cues(srt(make(*turns)))
    assert sum(lines[0].startswith("ARCHIBALD: ") for *_, lines in found) >= 4
    assert max(len(line) for *_, lines in found for line in lines) <= 32


def test_no_caption_is_left_with_a_lonely_word() -> None:
    words = "word " * 40
    parts = [spoken(lines)[1] for *_, lines in cues(vtt(make(SpokenTurn("a", "A", words, 0, 99))))]
    assert min(len(part) for part in parts) > max(len(part) for part in parts) / 2


def test_srt_names_the_speaker_where_it_changes() -> None:
    document = srt(
        make(
            SpokenTurn("a", "ANN", LONG, 0, 900_000),
            SpokenTurn("b", "BO", "Right --> so.", 900_000, 950_000),
        )
    )
    found = cues(document)
    named = [lines[0].split(":")[0] for *_, lines in found if ":" in lines[0]]
    assert named == ["ANN", "BO"]
    assert found[-1][2] == ["BO: Right -> so."]
    assert [line for line in document.split("\n") if line.isdigit()] == [
        str(n + 1) for n in range(len(found))
    ]
    assert all(len(lines) <= 2 and max(map(len, lines)) <= 32 for *_, lines in found)


def test_json_is_exact_to_the_sample(episode: Episode) -> None:
    document = json.loads(transcript_json(episode))
    assert document["version"] == "1.0.0"
    for segment, turn in zip(document["segments"], episode.turns, strict=True):
        assert (segment["id"], segment["speaker"]) == (turn.id, turn.speaker)
        assert (segment["startSample"], segment["endSample"]) == (turn.start, turn.end)
        assert round(segment["startTime"] * document["sampleRate"]) == turn.start
        assert round(segment["endTime"] * document["sampleRate"]) == turn.end
    assert document["segments"][2]["body"] == "A </script> tag, then a newline."


def test_plain_text_has_chapters_before_their_first_turn(episode: Episode) -> None:
    lines = [line for line in text(episode).splitlines() if line and set(line) != {"-"}]
    assert lines == [
        "Rock & Roll <live>",
        "The Show, 7",
        "Opening; a=b #1 [00:00:00]",
        "ANN: Is 2 < 3 --> yes & no?",
        "BO <b>: Mhm.",
        "Élan [00:00:01]",
        "ANN: A </script> tag, then a newline.",
    ]


def test_clock_passes_a_hundred_hours() -> None:
    assert clock(360_000_000 + 61_001) == "100:01:01.001"


def test_text_without_spaces_is_cut_at_its_own_stops() -> None:
    sentence = "これは長い文章です。" * 12
    document = vtt(make(SpokenTurn("a", "桜", sentence, 0, 441_000)))
    parts = ["".join(lines) for *_, lines in cues(document)]
    assert all(part.endswith("。") for part in parts)
    assert "".join(part.removeprefix("<v 桜>") for part in parts) == sentence


turns = st.lists(
    st.builds(
        lambda index, name, body, start, length: SpokenTurn(
            str(index), name, body, start, start + length
        ),
        st.integers(),
        st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=30),
        st.text(st.sampled_from("ab &<>-.,;!?\n\t\"'é世。"), min_size=1, max_size=400).filter(
            lambda body: bool(body.strip())
        ),
        st.integers(0, 10_000_000),
        st.integers(5000, 3_000_000),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(turns, st.sampled_from([44100, 48000]))
@example([SpokenTurn("a", "--", "Well;", 0, 5000)], 44100)
def test_vtt_of_anything_parses_back(said: list[SpokenTurn], rate: int) -> None:
    episode = make(*(replace(turn, id=str(i)) for i, turn in enumerate(said)), rate=rate)
    document = vtt(episode)
    found = cues(document)
    assert document.count("-->") == len(found)
    assert all(max(map(len, lines)) <= 65 or "<v " in lines[0] for *_, lines in found)
    assert all(len(lines) <= 2 and start < end for start, end, lines in found)
    assert [start for start, *_ in found] == sorted(start for start, *_ in found)
    for name in {turn.speaker for turn in said}:
        mine = [cue for cue in found if spoken(cue[2])[0] == name]
        theirs = [turn for turn in episode.turns if turn.speaker == name]
        assert min(start for start, *_ in mine) == min(
            episode.milliseconds(turn.start) for turn in theirs
        )
        assert max(end for _, end, _ in mine) >= max(
            episode.milliseconds(turn.end) for turn in theirs
        )
        squeezed = sorted("".join(spoken(lines)[1] for *_, lines in mine).replace(" ", ""))
        assert squeezed == sorted("".join("".join(turn.text.split()) for turn in theirs))
