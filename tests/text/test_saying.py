"""Figures, dates, money, units, signs and addresses as they are said, in nine languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from podgen.text.languages import LANGUAGES
from podgen.text.saying import in_words

ENGLISH = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("said_en.tsv").read_text(encoding="utf-8").splitlines()
]


def heard(text: str) -> str:
    """The words alone: without case, stops and hyphens, letters that are spelt in one run."""
    bare = re.sub(r"[^\w ]", " ", text.casefold().replace("'", ""))
    words = " ".join(word for word in bare.split() if word != "and")
    return re.sub(r"\b(\w) (?=\w\b)", r"\1", words)


@pytest.mark.parametrize(("kind", "written", "said"), ENGLISH, ids=[row[1] for row in ENGLISH])
def test_english_as_a_person_reads_it(kind: str, written: str, said: str) -> None:
    assert heard(in_words(written, "en").text) in [heard(each) for each in said.split(" | ")]


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        ("en", "It cost $3.50, not €5.", "It cost three dollars and fifty cents, not five euros."),
        (
            "en",
            "on 22/11/2026 or 5/6/2024",
            "on November twenty-second, twenty twenty-six or May sixth, twenty twenty-four",
        ),
        ("en-GB", "on 5/6/2024", "on the fifth of June, twenty twenty-four"),
        ("en", "at 10 p.m. Then we left at 7 a.m.", "at ten P.M. Then we left at seven A.M."),
        ("en", "R2D2 plays an MP3 on A4.", "R-two-D-two plays an M-P-three on A-four."),
        ("en", "He came on Sun. and saw the Sun.", "He came on Sunday and saw the Sun."),
        ("en", "I like it... a lot -- really!!! Why?!?!", "I like it... a lot — really! Why?!"),
        ("en", "well-known, state-of-the-art", "well-known, state-of-the-art"),
        ("pt", "O D. Pedro leu o Plano D.", "O Dom Pedro leu o Plano D."),
        ("en", "Call Dr. Smith at St. Paul.", "Call Doctor Smith at Saint Paul."),
        ("en", "He took Elm Dr. Then Oak St. north.", "He took Elm Drive. Then Oak Street north."),
        (
            "fr",
            "Le 1er mai 2026 à 14h30",
            "Le premier mai deux mille vingt-six à quatorze heures trente",
        ),
        ("fr", "3,50 € et 45 %", "trois euros cinquante et quarante-cinq pour cent"),
        ("fr", "1 234,5 kg", "mille deux cent trente-quatre virgule cinq kilogrammes"),
        ("fr", "la 2e fois, M. Dupont", "la deuxième fois, Monsieur Dupont"),
        (
            "fr",
            "le 3/4/2025 : 2+2=4",
            "le trois avril deux mille vingt-cinq : deux plus deux égale quatre",
        ),
        ("de", "am 3.10.1990", "am dritten Oktober neunzehnhundertneunzig"),
        ("de", "um 14:30 Uhr, z. B. hier", "um vierzehn Uhr dreißig, zum Beispiel hier"),
        ("de", "1.234,50 €", "eintausendzweihundertvierunddreißig Euro fünfzig"),
        (
            "de",
            "½ Liter, -4 °C, 20 km/h",
            "ein halb Liter, minus vier Grad Celsius, zwanzig Kilometer pro Stunde",
        ),
        ("es", "El 1 de mayo de 2026", "El primero de mayo de dos mil veintiséis"),
        (
            "es",
            "3,5 % de 1.234 €",
            "tres coma cinco por ciento de mil doscientos treinta y cuatro euros",
        ),
        ("es", "La Sra. López, a las 9:15", "La señora López, a las nueve y quince"),
        ("it", "il 2° posto, 20 °C", "il secondo posto, venti gradi Celsius"),
        ("it", "scrivi a me@host.org", "scrivi a me chiocciola host punto org"),
        ("pt", "3 de março de 2026", "três de março de dois mil e vinte e seis"),
        ("pt", "R$ 5,50 & 10%", "cinco reais brasileiros cinquenta e dez por cento"),
        ("nl", "€ 3,50 om 14:30 uur", "drie euro vijftig om veertien uur dertig"),
        ("nl", "de 3e keer, bijv. hier", "de derde keer, bijvoorbeeld hier"),
        ("ar", "٣ و 5 km", "ثلاثة و خمسة كيلومترات"),
        ("hi", "५ km, 45%", "पाँच किलोमीटर, पैंतालीस प्रतिशत"),
        (
            "fr",
            "21 chats, 81 souris, 1 200 000 gens",
            "vingt-et-un chats, quatre-vingt-un souris, un million deux cent mille gens",
        ),
        ("fr", "Louis XIV, au 3e étage", "Louis quatorze, au troisième étage"),
        ("es", "Hay 21 gatos y 101 perros.", "Hay veintiún gatos y ciento un perros."),
        ("es", "el 3.er piso de 1.200.000", "el tercer piso de un millón doscientos mil"),
        ("es", "Felipe II y Alfonso XIII", "Felipe segundo y Alfonso trece"),
        ("de", "Er wohnt im 3. Stock.", "Er wohnt im dritten Stock."),
        (
            "de",
            "die 3. Frage. Es sind 3. Mehr nicht.",
            "die dritte Frage. Es sind drei. Mehr nicht.",
        ),
        (
            "de",
            "Ludwig XIV. wurde 1638 geboren.",
            "Ludwig der Vierzehnte wurde sechzehnhundertachtunddreißig geboren.",
        ),
        ("de", "1.200.000 Leute", "eine Million zweihunderttausend Leute"),
        ("it", "Il sig. Rossi, al 3º piano", "Il signor Rossi, al terzo piano"),
        ("it", "1.200.000 persone, Umberto II", "un milione duecentomila persone, Umberto secondo"),
        ("pt", "D. Pedro II, no 3.º andar", "Dom Pedro segundo, no terceiro andar"),
        ("pt", "Custa 3,50 €.", "Custa três euros cinquenta."),
        ("nl", "Dhr. Jansen, in 1792", "De heer Jansen, in zeventienhonderdtweeënnegentig"),
        (
            "nl",
            "Willem II, 1.200.000 mensen",
            "Willem de tweede, een miljoen tweehonderdduizend mensen",
        ),
        ("ar", "21 قطة و101 كلب", "واحد وعشرون قطة ومائة وواحد كلب"),
        ("hi", "14:30 बजे, 12.5 %", "चौदह बजकर तीस मिनट, बारह दशमलव पाँच प्रतिशत"),
        ("ja", "2026年", "2026年"),
    ],
)
def test_what_is_said(language: str, written: str, said: str) -> None:
    assert in_words(written, language).text == said


@pytest.mark.parametrize(
    ("written", "said", "passed_over"),
    [
        ("Great 🎉🎉 news 👩‍👩‍👧!", "Great news!", ("🎉🎉", "👩‍👩‍👧")),
        ("A → B, and ★.", "A B, and.", ("→", "★")),
        ("Fine :) she said ;-)", "Fine she said", ()),
        ("a | b ~ c ^ d", "a b c d", ()),
        ("100 °", "one hundred degrees", ()),
    ],
)
def test_what_has_no_sound_is_passed_over_and_named(
    written: str, said: str, passed_over: tuple[str, ...]
) -> None:
    words = in_words(written, "en")
    assert (words.text, words.passed_over) == (said, passed_over)


@pytest.mark.parametrize(
    "text",
    [
        "No figures, no signs: nothing changes.",
        "She said “well…” — and left; he didn't.",
        "[sighs] Well, (softly) yes.",
        "Ça alors, déjà fini ?",
    ],
)
@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_plain_text_is_left_alone(text: str, language: str) -> None:
    assert in_words(text, language).text == text


def test_words_with_phonemes_stay_as_they_are_written() -> None:
    said = in_words("C3PO met R2D2 on 3 May.", "en", ("C3PO",)).text
    assert said == "C3PO met R-two-D-two on the third of May."


@example("0D.", "pt")
@settings(deadline=None)
@given(
    st.text(alphabet="0123456789.,:/-–%€$°hkm aeDrSt\n()[]*_@#&+=<>½'\"IVX", max_size=40),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_no_figure_is_left_and_saying_it_again_changes_nothing(text: str, language: str) -> None:
    said = in_words(text, language).text
    assert not any(char.isdigit() for char in said)
    assert "\u00ad" not in said
    assert heard(in_words(said, language).text) == heard(said)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize(
    "number", ["0", "1", "12", "99", "100", "1066", "4096", "12345", "1000000", "2.0"]
)
def test_numbers_are_whole_words(language: str, number: str) -> None:
    written = number if language in ("en", "ar", "hi") else number.replace(".", ",")
    said = in_words(f"a {written} b", language).text
    assert said.startswith("a ") and said.endswith(" b") and len(said) > 5
    assert not any(char.isdigit() for char in said)


@pytest.mark.parametrize(
    "unit", ["a.b", "1/", "$1", "Dr. ", "(", "well-", "I ", "'a ", "<a", "1.2.", "A1"]
)
def test_no_text_takes_long(unit: str) -> None:
    """Eight thousand characters of anything; quadratic rules would take minutes."""
    in_words((unit * 8000)[:8000], "en")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize(
    "written",
    [
        "{}",
        "{}.5",
        "${}",
        "{} km",
        "{}%",
        "{}th",
        "A{}",
        "{}-{}",
        "1,{}",
        "v{}.1.2",
        "+{}",
        "{}:00",
    ],
)
def test_a_number_without_a_name_is_said_figure_by_figure(language: str, written: str) -> None:
    said = in_words(f"x {written.format('9' * 60, '9' * 60)} y", language).text
    assert not any(char.isdigit() for char in said)
    assert len(said) > 60 * 2
