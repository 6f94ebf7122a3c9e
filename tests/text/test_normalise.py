# ruff: noqa: E501
"""Figures, dates, money, units and addresses as they are said, in nine languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("babel", reason="spelling figures out needs Babel")
pytest.importorskip("unicode_rbnf", reason="spelling figures out needs unicode-rbnf")

from podgen.text.normalise import spoken_text
from podgen.text.words import LANGUAGES


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        ("en", "Dr. Smith has 3 cats.", "Doctor Smith has three cats."),
        ("en", "It cost $3.50, not €5.", "It cost three dollars fifty, not five euros."),
        ("en", "$1.2 million", "one point two million dollars"),
        ("en", "£1", "one pound"),
        ("en", "on 2026-11-22", "on November twenty-second, twenty twenty-six"),
        ("en", "22/11/2026", "November twenty-second, twenty twenty-six"),
        ("en-US", "11/22/2026", "November twenty-second, twenty twenty-six"),
        ("en", "Nov. 5th", "November fifth"),
        ("en", "at 14:05 or 3:30 p.m. or 7am", "at fourteen oh five or three thirty P M or seven A M"),
        ("en", "the 1980s and '90s", "the nineteen eighties and nineties"),
        ("en", "1,234.5 kg and 5 km", "one thousand two hundred thirty-four point five kilograms and five kilometers"),
        ("en", "-4°C, 45%", "minus four degrees Celsius, forty-five percent"),
        ("en", "3–5 of the 21st", "three to five of the twenty-first"),
        ("en", "see https://www.example.com/a-b.", "see example dot com slash a dash b."),
        ("en", "mail me@host.org!", "mail me at host dot org!"),
        ("en", "version 1.2.3", "version one dot two dot three"),
        ("en", "call 0123", "call zero one two three"),
        ("en", "R2D2 & C3PO", "R two D two and C three PO"),
        ("en", "**bold** and [a link](http://x.y/z)", "bold and a link"),
        ("fr", "Le 1er mai 2026 à 14h30", "Le premier mai deux mille vingt-six à quatorze heures trente"),
        ("fr", "3,50 € et 45 %", "trois euros cinquante et quarante-cinq pour cent"),
        ("fr", "1 234,5 kg", "mille deux cent trente-quatre virgule cinq kilogrammes"),
        ("de", "am 3.10.1990", "am dritten Oktober neunzehnhundertneunzig"),
        ("de", "um 14:30 Uhr, z. B.", "um vierzehn Uhr dreißig, zum Beispiel"),
        ("de", "1.234,50 €", "eintausendzweihundertvierunddreißig Euro fünfzig"),
        ("es", "El 1 de mayo de 2026", "El primero de mayo de dos mil veintiséis"),
        ("es", "3,5 % de 1.234 €", "tres coma cinco por ciento de mil doscientos treinta y cuatro euros"),
        ("it", "il 2° posto, 20 °C", "il secondo posto, venti gradi Celsius"),
        ("pt", "3 de março de 2026", "três de março de dois mil e vinte e seis"),
        ("nl", "€ 3,50 om 14:30 uur", "drie euro vijftig om veertien uur dertig"),
        ("ar", "٣ و 5 km", "ثلاثة و خمسة كيلومترات"),
        ("hi", "५ km, 45%", "पाँच किलोमीटर, पैंतालीस प्रतिशत"),
        ("ja", "2026年", "2026年"),
    ],
)  # fmt: skip
def test_what_is_said(language: str, written: str, said: str) -> None:
    assert spoken_text(written, language) == said


@pytest.mark.parametrize(
    "text",
    [
        "No figures, no signs: nothing changes.",
        "She said “well…” — and left; he didn't.",
        "snake_case stays, and so does a lone * or 'quoted' word.",
    ],
)
@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_plain_text_is_left_alone(text: str, language: str) -> None:
    assert spoken_text(text, language) == text


@given(
    st.text(alphabet="0123456789.,:/-–%€$°hkm aeDr\n()[]*_@#&+=", max_size=40),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_no_figure_is_left_and_saying_it_again_changes_nothing(text: str, language: str) -> None:
    said = spoken_text(text, language)
    assert not any(char.isdigit() for char in said)
    assert "\u00ad" not in said


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("number", [0, 1, 12, 99, 100, 1066, 4096, 12345, 1000000])
def test_numbers_are_whole_words(language: str, number: int) -> None:
    said = spoken_text(f"a {number} b", language)
    assert said.startswith("a ") and said.endswith(" b") and len(said) > 5
