"""What differs between a text and what was heard: words, not spelling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.proof import Evidence, Said
from podgen.proof.alignment import align, times
from podgen.proof.ctc import Misfit
from podgen.proof.differences import differences
from podgen.proof.hearing import HeardWord
from podgen.proof.judge_words import word_findings
from podgen.proof.sound import measure
from podgen.proof.spelling import split
from podgen.proof.voice import WIDTH, Windows
from podgen.text.spoken import spoken


def heard(text: str) -> list[HeardWord]:
    """A reading in which every word lasts half a second."""
    return [HeardWord(word, n / 2, n / 2 + 0.5, 0.9) for n, word in enumerate(text.split())]


def told(text: str, reading: str, language: str = "en", names: tuple[str, ...] = ()) -> list[str]:
    """What is said to differ, as written>heard."""
    words = split(spoken(text, language=language).text)
    found = differences(words, heard(reading), language, names)
    return [f"{one.written}>{one.heard}" for one in found]


@pytest.mark.parametrize(
    ("text", "reading", "language"),
    [
        ("The colour of it, he said.", "the color of it he said", "en"),
        ("Every day, anyone may come.", "Everyday any one may come.", "en"),
        (
            "In 1998 it rose by 40 percent.",
            "in nineteen ninety-eight it rose by forty percent",
            "en",
        ),
        ("Dr. Alvarez knows Mr. Holm.", "Dr. Alvarez knows Mister Holm", "en"),
        ("The flour rose.", "the flower rows", "en"),
        ("Hm, I am not sure.", "I am not sure", "en"),
        ("¿Cuántos años tenía?", "cuantos anos tenia", "es"),
        ("Die Straße ist weiß.", "die strasse ist weiss", "de"),
    ],
)
def test_spelling_is_no_difference(text: str, reading: str, language: str) -> None:
    assert told(text, reading, language) == []


@pytest.mark.parametrize(
    ("language", "text", "readings"),
    [
        (
            "en",
            "It cost 1,200 dollars.",
            ["it cost twelve hundred dollars", "it cost a thousand two hundred dollars"],
        ),
        (
            "en",
            "In 1998 it rose.",
            [
                "in one thousand nine hundred ninety-eight it rose",
                "in nineteen hundred and ninety eight it rose",
            ],
        ),
        (
            "en",
            "In 2004 it fell.",
            ["in twenty oh four it fell", "in two thousand and four it fell"],
        ),
        ("en", "In 1905 it fell.", ["in nineteen hundred five it fell"]),
        (
            "en",
            "We counted 198 steps.",
            ["we counted a hundred and ninety eight steps", "we counted one ninety-eight steps"],
        ),
        (
            "en",
            "It is 0.5 percent.",
            ["it is oh point five per cent", "it is nought point five percent"],
        ),
        ("en", "About 345,000 of them.", ["about three hundred and forty five thousand of them"]),
        ("en", "He came 21st.", ["he came twenty first"]),
        ("en", "Ring 5550.", ["ring five five five oh", "ring fifty five fifty"]),
        ("en", "Room 101.", ["room one oh one"]),
        ("en", "A 24-hour day of 5 km.", ["a twenty four hour day of five kilometers"]),
        (
            "de",
            "Es kostet 1.200 Euro.",
            ["es kostet zwölfhundert euro", "es kostet ein tausend zwei hundert euro"],
        ),
        (
            "de",
            "Im Jahr 1998.",
            [
                "im jahr neunzehn hundert acht und neunzig",
                "im jahr eintausendneunhundertachtundneunzig",
            ],
        ),
        ("de", "Im Jahr 2004.", ["im jahr zweitausendundvier"]),
        (
            "de",
            "Es sind 2 von 102.",
            ["es sind zwo von hundertzwei", "es sind zwei von einhundert zwei"],
        ),
        ("de", "Genau 3,5 Meter.", ["genau drei komma fünf meter"]),
        ("de", "Am 3. Mai kam 1 Million.", ["am dritten mai kam eine million"]),
        ("de", "Er hat 25.", ["er hat fünf und zwanzig"]),
        ("es", "Cuesta 1.200 euros.", ["cuesta mil dos cientos euros"]),
        ("es", "En 1998 subió.", ["en mil novecientos noventa y ocho subio"]),
        ("es", "Son 21 días.", ["son veintiuno días", "son veinte y un días"]),
        ("es", "Son 16 días.", ["son diez y seis dias"]),
        ("es", "Son 200 casas.", ["son doscientos casas"]),
        ("es", "Son 100 años.", ["son ciento años"]),
        ("es", "Son 31 años.", ["son treinta y uno años"]),
        ("es", "Un 3,5 % más", ["un tres coma cinco por ciento mas"]),
        ("es", "1.000.000 de personas", ["un millon de personas"]),
    ],
)
def test_a_number_in_another_form_is_no_difference(
    language: str, text: str, readings: list[str]
) -> None:
    pytest.importorskip("text_to_num")
    assert [told(text, reading, language) for reading in readings] == [[]] * len(readings)


@pytest.mark.parametrize(
    ("text", "reading", "language", "expected"),
    [
        ("In 1998 it rose.", "in nineteen eighty it rose", "en", ["ninety-eight>eighty"]),
        ("It cost 1,200.", "it cost thirteen hundred", "en", ["one thousand two>thirteen"]),
        ("Twenty twenty it is.", "twenty it is", "en", ["twenty>"]),
        ("He came first.", "he came one", "en", ["first>one"]),
        ("Es sind 23.", "es sind zweiunddreißig", "de", ["dreiundzwanzig>zweiunddreißig"]),
        ("Es sind 102.", "es sind hundert", "de", ["einhundertzwei>hundert"]),
        ("Son 16 días.", "son seis días", "es", ["dieciséis>seis"]),
    ],
)
def test_another_number_is_a_difference(
    text: str, reading: str, language: str, expected: list[str]
) -> None:
    assert told(text, reading, language) == expected


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        ("the keeper climbed those stairs evening", ["each>"]),
        ("the keeper climbed those", ["stairs each evening>"]),
        ("the keeper climbed those stairs those stairs each evening", [">those stairs"]),
        ("the keeper climbed those stairs each Wednesday", ["evening>Wednesday"]),
    ],
)
def test_words_that_differ_are_named(reading: str, expected: list[str]) -> None:
    assert told("The keeper climbed those stairs each evening.", reading) == expected


def test_some_letters_in_common_make_no_word_of_another() -> None:
    assert told("It lives in my kitchen.", "it lives in my garden") == ["kitchen>garden"]
    assert told("It lives in my kitchen.", "it lives in my kitchin") == []


def test_a_name_may_be_heard_as_anything_near() -> None:
    text, reading = "We met Nguyen there.", "we met when there"
    assert told(text, reading) == ["Nguyen>when"]
    assert told(text, reading, names=("nguyen",)) == []


WORD = st.text("abcdefgh", min_size=1, max_size=6)


@settings(deadline=None)
@given(st.lists(WORD, max_size=12), st.lists(WORD, max_size=12))
def test_an_alignment_has_every_word_once_and_in_order(text: list[str], reading: list[str]) -> None:
    steps = align(text, heard(" ".join(reading)), "en")
    assert [n for step in steps for n in range(step.first, step.last)] == list(range(len(text)))
    heard_words = [n for step in steps for n in range(step.heard_first, step.heard_last)]
    assert heard_words == list(range(len(reading)))


@settings(deadline=None)
@given(st.lists(WORD, max_size=12), st.lists(WORD, max_size=12))
def test_word_times_run_forward(text: list[str], reading: list[str]) -> None:
    spans = times(text, heard(" ".join(reading)), 10.0, "en")
    assert len(spans) == len(text)
    flat = [moment for span in spans for moment in span]
    assert flat == sorted(flat)


def test_figures_share_the_time_between_the_words_beside_them() -> None:
    reading = heard("in nineteen ninety eight it rose")
    spans = times(["In", "1998", "it", "rose."], reading, 3.0, "en")
    assert spans == [(0.0, 0.5), (0.5, 2.0), (2.0, 2.5), (2.5, 3.0)]


def findings(
    text: str, reading: str, *, gain: float = 0.0, unlike: tuple[Misfit, ...] = ()
) -> list[tuple[str, str]]:
    """Grade and kind of what two readings alike come to, where letters are heard.

    `gain` is how much likelier the letters are what was heard, in nats, at each difference.
    """
    said, words = Said(text, "en"), tuple(heard(reading))
    differing = tuple(replace(one, gain=gain) for one in differences(said.words, words, "en"))
    sound = measure(np.zeros(16_000, np.float32), 16_000)
    voice = Windows(np.zeros((0, WIDTH), np.float32), np.zeros((0, 2)))
    evidence = Evidence(words, words, unlike, (differing, differing), sound, voice)
    return [(one.grade, one.kind) for one in word_findings(evidence, said)]


@pytest.mark.parametrize(
    ("reading", "gain", "expected"),
    [
        ("then we stock data there", 12.0, [("doubtful", "changed")]),  # half alike
        ("then we stock data there", 25.0, [("bad", "changed")]),
        ("then we had lunch there", 12.0, [("bad", "changed")]),
        ("then we had lunch there", -12.0, []),  # the letters are those of the text
        ("then we stopped it over there there", -5.0, [("bad", "added")]),
        ("then we stopped it there then we stopped it there", -300.0, []),  # begun anew
    ],
)
def test_what_both_readings_say_is_weighed_by_the_letters(
    reading: str, gain: float, expected: list[tuple[str, str]]
) -> None:
    assert findings("Then we stopped it there.", reading, gain=gain) == expected


@pytest.mark.parametrize(
    ("first", "last", "weight", "lasting", "letters", "expected"),
    [
        (2, 3, 40.0, 0.6, "", [("doubtful", "missing")]),  # a long word that is spelt oddly
        (2, 3, 40.0, 0.2, "", [("bad", "missing")]),  # in no time
        (4, 5, 36.0, 0.4, "", [("bad", "missing")]),
        (3, 4, 36.0, 0.4, "", [("doubtful", "missing")]),  # a name
        (3, 4, 50.0, 0.1, "", [("bad", "missing")]),
        (2, 2, 9.0, 0.0, "thola", [("bad", "added")]),
        (2, 2, 31.0, 0.0, "s", [("doubtful", "added")]),
        (0, 0, 12.0, 0.0, "iche", [("doubtful", "added")]),  # beside what is said in any way
    ],
)
def test_what_does_not_fit_counts_by_its_letters(
    first: int, last: int, weight: float, lasting: float, letters: str, expected: object
) -> None:
    text = "Hm, in ninety-eight Alvarez what left."
    misfit = Misfit(1.0, 1.3, weight, first, last, letters, lasting)
    assert findings(text, text, unlike=(misfit,)) == expected
