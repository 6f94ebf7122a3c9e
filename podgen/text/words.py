"""Numbers, months, units and currencies in words, in the nine languages of the model.

Spelling rules and names come from Unicode's CLDR by way of unicode-rbnf and Babel. What CLDR has
no entry for stands in `LANGUAGES` below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from babel import Locale
from babel.numbers import get_currency_name
from babel.units import format_unit
from unicode_rbnf import FormatPurpose, RbnfEngine


@dataclass(frozen=True, slots=True)
class Language:
    """What is said around numbers, and abbreviations that are never said as they are written.

    Attributes:
        date: a date in words, of {day}, {month} and {year}.
        first: the ruleset for the first of a month, where the others are cardinals.
        day: the ruleset for the other days.
        clock: a time of day with minutes, and on the hour.
        to: between the ends of a range.
        year_from: years that are read in pairs begin with this one, if any are.
        year_to: and end before this one.
        marks: what signs are called: & + = @ . / - _ # % and a leading minus.
        dollar: one and several, where CLDR would name the country as well.
        abbreviations: as written, as said.
    """

    date: str
    clock: tuple[str, str]
    to: str
    marks: str
    dollar: tuple[str, str]
    first: str = ""
    day: str = ""
    year_from: int = 0
    year_to: int = 0
    abbreviations: Mapping[str, str] = field(default_factory=dict)


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        date="{month} {day}, {year}",
        day="spellout-ordinal",
        clock=("{hour} {minute}", "{hour} o'clock"),
        to="to",
        marks="and|plus|equals|at|dot|slash|dash|underscore|number|percent|minus",
        dollar=("dollar", "dollars"),
        year_from=1100,
        year_to=2100,
        abbreviations={
            "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Dr.": "Doctor",
            "Prof.": "Professor", "St.": "Saint", "Jr.": "Junior", "Sr.": "Senior",
            "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus",
            "approx.": "approximately", "No.": "number", "Ph.D.": "P H D",
        },
    ),
    "fr": Language(
        date="{day} {month} {year}",
        first="spellout-ordinal-masculine",
        clock=("{hour} heures {minute}", "{hour} heures"),
        to="à",
        marks="et|plus|égale|arobase|point|barre oblique|tiret|tiret bas|numéro|pour cent|moins",
        dollar=("dollar", "dollars"),
        abbreviations={
            "M.": "Monsieur", "Mme": "Madame", "Mlle": "Mademoiselle", "Dr": "Docteur",
            "p. ex.": "par exemple", "etc.": "et cetera", "c.-à-d.": "c'est-à-dire",
            "av. J.-C.": "avant Jésus-Christ", "n°": "numéro",
        },
    ),
    "es": Language(
        date="{day} de {month} de {year}",
        first="spellout-ordinal-masculine",
        clock=("{hour} y {minute}", "{hour} en punto"),
        to="a",
        marks="y|más|igual a|arroba|punto|barra|guion|guion bajo|número|por ciento|menos",
        dollar=("dólar", "dólares"),
        abbreviations={
            "Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Dr.": "doctor",
            "Dra.": "doctora", "Ud.": "usted", "Uds.": "ustedes", "p. ej.": "por ejemplo",
            "etc.": "etcétera", "EE. UU.": "Estados Unidos", "a. C.": "antes de Cristo",
        },
    ),
    "de": Language(
        date="{day} {month} {year}",
        day="spellout-ordinal-n",
        clock=("{hour} Uhr {minute}", "{hour} Uhr"),
        to="bis",
        marks="und|plus|gleich|at|Punkt|Schrägstrich|Strich|Unterstrich|Nummer|Prozent|minus",
        dollar=("Dollar", "Dollar"),
        year_from=1100,
        year_to=2000,
        abbreviations={
            "z. B.": "zum Beispiel", "z.B.": "zum Beispiel", "d. h.": "das heißt",
            "d.h.": "das heißt", "u. a.": "unter anderem", "u.a.": "unter anderem",
            "usw.": "und so weiter", "bzw.": "beziehungsweise", "ca.": "circa", "Dr.": "Doktor",
            "Prof.": "Professor", "Nr.": "Nummer", "v. Chr.": "vor Christus",
            "n. Chr.": "nach Christus", "evtl.": "eventuell", "vgl.": "vergleiche",
        },
    ),
    "it": Language(
        date="{day} {month} {year}",
        first="spellout-ordinal-masculine",
        clock=("{hour} e {minute}", "{hour} in punto"),
        to="a",
        marks="e|più|uguale|chiocciola|punto|barra|trattino|trattino basso|numero|per cento|meno",
        dollar=("dollaro", "dollari"),
        abbreviations={
            "Sig.": "signor", "Sig.ra": "signora", "Dott.": "dottor", "Dott.ssa": "dottoressa",
            "Prof.": "professor", "ecc.": "eccetera", "p. es.": "per esempio",
            "a.C.": "avanti Cristo", "d.C.": "dopo Cristo",
        },
    ),
    "pt": Language(
        date="{day} de {month} de {year}",
        first="spellout-ordinal-masculine",
        clock=("{hour} e {minute}", "{hour} em ponto"),
        to="a",
        marks="e|mais|igual a|arroba|ponto|barra|traço|sublinhado|número|por cento|menos",
        dollar=("dólar", "dólares"),
        abbreviations={
            "Sr.": "senhor", "Sra.": "senhora", "Dr.": "doutor", "Dra.": "doutora",
            "Prof.": "professor", "p. ex.": "por exemplo", "etc.": "et cetera",
            "a.C.": "antes de Cristo", "d.C.": "depois de Cristo",
        },
    ),
    "nl": Language(
        date="{day} {month} {year}",
        clock=("{hour} uur {minute}", "{hour} uur"),
        to="tot",
        marks="en|plus|is|apenstaartje|punt|slash|streepje|liggend streepje|nummer|procent|min",
        dollar=("dollar", "dollar"),
        year_from=1100,
        year_to=2000,
        abbreviations={
            "dhr.": "de heer", "mevr.": "mevrouw", "dr.": "dokter", "prof.": "professor",
            "bijv.": "bijvoorbeeld", "bv.": "bijvoorbeeld", "d.w.z.": "dat wil zeggen",
            "enz.": "enzovoort", "o.a.": "onder andere", "ca.": "circa", "nr.": "nummer",
            "v.Chr.": "voor Christus",
        },
    ),
    "ar": Language(
        date="{day} {month} {year}",
        clock=("{hour} و {minute} دقيقة", "{hour}"),
        to="إلى",
        marks="و|زائد|يساوي|آت|نقطة|شرطة مائلة|شرطة|شرطة سفلية|رقم|بالمئة|ناقص",
        dollar=("دولار", "دولار"),
        abbreviations={"د.": "دكتور", "أ.": "أستاذ", "إلخ.": "إلى آخره", "ق.م.": "قبل الميلاد"},
    ),
    "hi": Language(
        date="{day} {month} {year}",
        clock=("{hour} बजकर {minute} मिनट", "{hour} बजे"),
        to="से",
        marks="और|धन|बराबर|ऐट|डॉट|स्लैश|डैश|अंडरस्कोर|नंबर|प्रतिशत|माइनस",
        dollar=("डॉलर", "डॉलर"),
        abbreviations={"डॉ.": "डॉक्टर", "श्री.": "श्री", "ई.पू.": "ईसा पूर्व", "प्रो.": "प्रोफ़ेसर"},
    ),
}  # fmt: skip

_UNITS = {
    "km": "length-kilometer", "m": "length-meter", "cm": "length-centimeter",
    "mm": "length-millimeter", "mi": "length-mile", "ft": "length-foot",
    "km²": "area-square-kilometer", "m²": "area-square-meter", "ha": "area-hectare",
    "m³": "volume-cubic-meter", "l": "volume-liter", "L": "volume-liter",
    "ml": "volume-milliliter", "kg": "mass-kilogram", "g": "mass-gram", "mg": "mass-milligram",
    "lb": "mass-pound", "km/h": "speed-kilometer-per-hour", "mph": "speed-mile-per-hour",
    "m/s": "speed-meter-per-second", "°C": "temperature-celsius",
    "°F": "temperature-fahrenheit", "h": "duration-hour",
    "min": "duration-minute", "s": "duration-second", "ms": "duration-millisecond",
    "Hz": "frequency-hertz", "kHz": "frequency-kilohertz", "MHz": "frequency-megahertz",
    "GHz": "frequency-gigahertz", "kB": "digital-kilobyte", "MB": "digital-megabyte",
    "GB": "digital-gigabyte", "TB": "digital-terabyte", "W": "power-watt",
    "kW": "power-kilowatt", "MW": "power-megawatt", "GW": "power-gigawatt",
    "kWh": "energy-kilowatt-hour", "kcal": "energy-kilocalorie",
    "V": "electric-volt", "hPa": "pressure-hectopascal",
}  # fmt: skip
UNITS = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))

_CURRENCIES = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW",
    "₽": "RUB", "₺": "TRY", "USD": "USD", "EUR": "EUR", "GBP": "GBP", "JPY": "JPY",
    "CHF": "CHF", "INR": "INR", "BRL": "BRL", "R$": "BRL",
}  # fmt: skip
CURRENCIES = "|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True))

_MARKS = (
    "and", "plus", "equals", "at", "dot", "slash", "dash", "underscore", "number", "percent",
    "minus",
)  # fmt: skip


@lru_cache(maxsize=16)
def _engine(language: str) -> RbnfEngine:
    return RbnfEngine.for_language(language)


@lru_cache(maxsize=16)
def locale(language: str) -> Locale:
    """CLDR's data of a language."""
    return Locale.parse(language)


def number(value: str, language: str) -> str:
    """A number in words: digits, at most one point, a minus before them at most."""
    engine = _engine(language)
    said = engine.format_number(value.removeprefix("-")).text
    minus = f"{mark('minus', language)} " if value.startswith("-") else ""
    return minus + _plain(said)


def year(value: int, language: str) -> str:
    """A year in words."""
    spec = LANGUAGES[language]
    if not spec.year_from <= value < spec.year_to:
        return number(str(value), language)
    return _plain(_engine(language).format_number(value, FormatPurpose.YEAR).text)


def ordinal(value: int, language: str, feminine: bool = False) -> str:
    """An ordinal in words."""
    said = _engine(language).format_number(value, FormatPurpose.ORDINAL).text_by_ruleset
    wanted = f"spellout-ordinal-{'feminine' if feminine else 'masculine'}"
    return _plain(said.get(wanted) or said.get("spellout-ordinal") or next(iter(said.values())))


def date(day: int, month: int, written_year: int | None, language: str) -> str:
    """A date in words; without a year where there is none."""
    spec = LANGUAGES[language]
    ruleset = spec.first if day == 1 and spec.first else spec.day
    if ruleset:
        said = _engine(language).format_number(day, FormatPurpose.ORDINAL)
        spoken_day = _plain(said.text_by_ruleset[ruleset])
    else:
        spoken_day = number(str(day), language)
    pattern = spec.date
    if written_year is None:
        pattern = pattern[: pattern.index("{month}") + 7]
        if "{day}" not in pattern:
            pattern = spec.date[: spec.date.index("{day}") + 5]
    return pattern.format(
        day=spoken_day,
        month=month_name(month, language),
        year="" if written_year is None else year(written_year, language),
    )


def month_name(month: int, language: str) -> str:
    """The name of a month as in a date."""
    return str(locale(language).months["format"]["wide"][month])


def clock(hour: int, minute: int, language: str) -> str:
    """A time of day on the 24 hours' clock."""
    with_minutes, on_the_hour = LANGUAGES[language].clock
    if not minute:
        return on_the_hour.format(hour=number(str(hour), language))
    said = number(str(minute), language)
    if minute < 10 and language == "en":
        said = f"oh {said}"
    return with_minutes.format(hour=number(str(hour), language), minute=said)


def unit(value: str, symbol: str, language: str) -> str | None:
    """A number with its unit in words; None where CLDR does not know the unit's name."""
    whole = float(value) if "." in value else int(value)
    try:
        said = format_unit(whole, _UNITS[symbol], "long", format="0.####", locale=language)
    except ValueError:
        return None
    digits = re.search(r"[-−\u200e\u200f]*\d[\d.,٫]*", said)
    if digits is None:
        return said  # languages with a dual have no number in it
    name = (said[: digits.start()] + said[digits.end() :]).replace("\u00a0", " ").strip()
    if name == _UNITS[symbol]:
        return None
    before = said[: digits.start()].strip("\u200e\u200f \u00a0")
    words = number(value, language)
    return f"{name} {words}" if before else f"{words} {name}"


def money(value: str, symbol: str, scale: str, language: str) -> str:
    """An amount in words. `scale` is a word such as million between number and currency."""
    code = _CURRENCIES[symbol]
    whole, _, cents = value.partition(".")
    split = len(cents) == 2 and not scale
    amount = int(whole) if split else float(value)
    if symbol == "$":
        name = LANGUAGES[language].dollar[0 if amount == 1 else 1]
    elif code == "GBP" and language == "en":
        name = "pound" if amount == 1 else "pounds"
    else:
        name = get_currency_name(code, amount, locale=language)
    said = f"{number(whole if split else value, language)} {scale}".strip()
    tail = f" {number(str(int(cents)), language)}" if split and int(cents) else ""
    return f"{said} {name}{tail}"


def mark(name: str, language: str) -> str:
    """What a sign is called."""
    return LANGUAGES[language].marks.split("|")[_MARKS.index(name)]


def _plain(said: str) -> str:
    return said.replace("\u00ad", "")
