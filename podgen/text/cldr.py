"""Numbers, months, units and currencies in words, in nine languages.

Spelling rules and names come from Unicode's CLDR by way of unicode-rbnf and Babel.
"""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale
from babel.numbers import get_currency_name
from babel.units import format_unit
from unicode_rbnf import FormatPurpose, RbnfEngine

from podgen.text.languages import LANGUAGES, SIGNS

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
    "V": "electric-volt", "hPa": "pressure-hectopascal", "°": "angle-degree",
    "mL": "volume-milliliter", "dl": "volume-deciliter", "cl": "volume-centiliter",
    "t": "mass-tonne", "µg": "mass-microgram", "μg": "mass-microgram", "oz": "mass-ounce",
    "lbs": "mass-pound", "µm": "length-micrometer", "μm": "length-micrometer",
    "nm": "length-nanometer", "yd": "length-yard", "cm²": "area-square-centimeter",
    "km2": "area-square-kilometer", "m2": "area-square-meter", "m3": "volume-cubic-meter",
    "kmh": "speed-kilometer-per-hour", "kph": "speed-kilometer-per-hour",
    "A": "electric-ampere", "mA": "electric-milliampere", "mW": "power-milliwatt",
    "PB": "digital-petabyte",
}  # fmt: skip
UNITS = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))

_CURRENCIES = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW",
    "₽": "RUB", "₺": "TRY", "₪": "ILS", "₫": "VND", "₴": "UAH", "R$": "BRL", "C$": "CAD",
    "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD",
    "USD": "USD", "EUR": "EUR", "GBP": "GBP", "JPY": "JPY", "CHF": "CHF", "INR": "INR",
    "BRL": "BRL", "CAD": "CAD", "AUD": "AUD",
}  # fmt: skip
CURRENCIES = "|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True))


@lru_cache(maxsize=16)
def _engine(language: str) -> RbnfEngine:
    return RbnfEngine.for_language(language)


@lru_cache(maxsize=16)
def locale(language: str) -> Locale:
    """CLDR's data of a language."""
    return Locale.parse(language)


_LONGEST = 18
"""Figures of a number that has a name in every language; longer ones are said one by one."""


@lru_cache(maxsize=4096)
def number(value: str, language: str) -> str:
    """A number in words: digits, at most one point, a minus before them at most.

    Zeros at the end of a decimal are said, as a version or a price has them for a reason.
    """
    engine = _engine(language)
    bare = value.removeprefix("-")
    if len(bare.partition(".")[0]) > _LONGEST or len(bare) > 2 * _LONGEST:
        digits = (number(digit, language) if digit != "." else None for digit in bare)
        said = " ".join(digit or sign("dot", language) for digit in digits)
    elif "." in bare and bare.endswith("0"):  # the rules drop them: said with a digit more, less it
        said = _plain(engine.format_number(f"{bare}1").text).rpartition(" ")[0]
    else:
        said = _plain(engine.format_number(bare).text)
    return f"{sign('minus', language)} {said}" if value.startswith("-") else said


def year(value: int, language: str) -> str:
    """A year in words; in English its zero is an oh."""
    spec = LANGUAGES[language]
    if not spec.year_from <= value < spec.year_to:
        return number(str(value), language)
    if language == "nl" and value % 100:  # CLDR leaves "honderd" out
        return f"{number(str(value // 100), language)}honderd{number(str(value % 100), language)}"
    return _plain(_engine(language).format_number(value, FormatPurpose.YEAR).text).replace(
        "oh-", "oh "
    )


def ordinal(value: int, language: str, feminine: bool = False) -> str:
    """An ordinal in words."""
    if value >= 10**_LONGEST:
        return number(str(value), language)
    said = _engine(language).format_number(value, FormatPurpose.ORDINAL).text_by_ruleset
    wanted = f"spellout-ordinal-{'feminine' if feminine else 'masculine'}"
    return _plain(said.get(wanted) or said.get("spellout-ordinal") or next(iter(said.values())))


def date(
    day: int, month: int, written_year: int | None, language: str, *, day_first: bool = True
) -> str:
    """A date in words, without a year where there is none; its order matters in English alone."""
    spec = LANGUAGES[language]
    ruleset = spec.first if day == 1 and spec.first else spec.day
    if ruleset:
        said = _engine(language).format_number(day, FormatPurpose.ORDINAL)
        spoken_day = _plain(said.text_by_ruleset[ruleset])
    else:
        spoken_day = number(str(day), language)
    pattern = spec.day_first if day_first and spec.day_first else spec.date
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
    # Only one or several, and which several, follow from the number.
    whole = float(value[-_LONGEST:]) if "." in value else int(value[-_LONGEST:])
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


def money(value: str, symbol: str, scale: str, language: str, *, alone: bool = True) -> str:
    """An amount in words.

    Args:
        value: digits, at most one point.
        symbol: the currency's sign or code.
        scale: a word such as million between number and currency, or nothing.
        language: a key of `LANGUAGES`.
        alone: whether the amount stands by itself; before a noun ("a $20 bill") it is singular.
    """
    whole, _, cents = value.partition(".")
    split = len(cents) == 2 and not scale
    coins = coin_names(symbol) if language == "en" else None
    if split and not int(cents):
        value, split = whole, False
    if split and coins and not int(whole):
        return _coins(cents, coins)
    several = alone and (split or bool(scale) or float(value) != 1)
    name = currency(symbol, language, 1 if not several or (split and int(whole) == 1) else 2)
    said = f"{number(whole if split else value, language)} {scale}".strip()
    if not split:
        return f"{said} {name}"
    if coins:
        return f"{said} {name} and {_coins(cents, coins)}"
    return f"{said} {name} {number(str(int(cents)), language)}"


def currency(symbol: str, language: str, count: int) -> str:
    """What a currency is called, in the singular or the plural."""
    names = LANGUAGES[language].currencies.get(symbol)
    if names:
        return names[0 if count == 1 else 1]
    name = get_currency_name(_CURRENCIES[symbol], count, locale=language)
    return name if language in ("de", "en") else name.lower()  # as in running text


def coin_names(symbol: str) -> tuple[str, str] | None:
    """A hundredth of a currency in English, where it is said: one, several."""
    return {"£": ("penny", "pence"), "₹": ("paisa", "paise")}.get(
        symbol, ("cent", "cents") if "$" in symbol or symbol == "€" else None
    )


def _coins(cents: str, names: tuple[str, str]) -> str:
    return f"{number(str(int(cents)), 'en')} {names[0 if int(cents) == 1 else 1]}"


def sign(name: str, language: str) -> str:
    """What a sign of `SIGNS` is called."""
    return LANGUAGES[language].signs.split("|")[SIGNS.index(name)]


def _plain(said: str) -> str:
    return said.replace("\u00ad", "")
