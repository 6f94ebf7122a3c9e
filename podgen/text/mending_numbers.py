"""Figures in English text: money, measures, times, versions, telephone numbers, dates."""

from __future__ import annotations

import re
from collections.abc import Callable

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_SCALE = {
    "k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion",
    "t": "trillion", "tn": "trillion",
}  # fmt: skip
_SCALES = r"(?:\s(hundred|thousand|million|billion|trillion)\b|\s?(bn|mn|tn|[kKmMbBtT])\b)?"
# symbol -> (one, many, one hundredth, hundredths)
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₩": ("won", "won", "", ""),
    "₽": ("rouble", "roubles", "kopeck", "kopecks"),
    "₺": ("lira", "lira", "", ""),
    "₪": ("shekel", "shekels", "", ""),
    "₫": ("dong", "dong", "", ""),
    "₴": ("hryvnia", "hryvnias", "", ""),
    "₿": ("bitcoin", "bitcoins", "", ""),
}
_SYMBOLS = "".join(_CURRENCIES)
_COUNTRY = {
    "US": "US", "C": "Canadian", "CA": "Canadian", "A": "Australian", "AU": "Australian",
    "NZ": "New Zealand", "HK": "Hong Kong", "S": "Singapore",
}  # fmt: skip
_UNITS = {
    "m": ("metre", "metres"), "L": ("litre", "litres"), "l": ("litre", "litres"),
    "mL": ("millilitre", "millilitres"), "V": ("volt", "volts"), "W": ("watt", "watts"),
    "A": ("amp", "amps"), "mA": ("milliamp", "milliamps"), "g": ("gram", "grams"),
    "t": ("tonne", "tonnes"), "ha": ("hectare", "hectares"), "dB": ("decibel", "decibels"),
    "m/s": ("metre per second", "metres per second"),
    "kmh": ("kilometre per hour", "kilometres per hour"),
    "mi": ("mile", "miles"), "rpm": ("revolution per minute", "revolutions per minute"),
    "m²": ("square metre", "square metres"), "m2": ("square metre", "square metres"),
    "km²": ("square kilometre", "square kilometres"), "m³": ("cubic metre", "cubic metres"),
    "km2": ("square kilometre", "square kilometres"), "h": ("hour", "hours"),
    "μm": ("micrometre", "micrometres"), "μg": ("microgram", "micrograms"),
    "PB": ("petabyte", "petabytes"),
    "bps": ("bit per second", "bits per second"),
    "kbps": ("kilobit per second", "kilobits per second"),
    "LUFS": ("LUFS", "LUFS"), "LU": ("L U", "L U"),
}  # fmt: skip
_UNIT_NAMES = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_UNIT = re.compile(
    rf"(?<![\w.$£€])(-?{_NUMBER})\s?({_UNIT_NAMES})"
    r"(?![\w'/²³]|\.\w)"
)
_DIGIT_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_PHONE = re.compile(
    r"(?<![\w.,$£€-])(?:\+?\d{1,3}[ .-])?(?:\(\d{2,5}\) ?|\d{2,5}[.-])?\d{3}[.-]\d{4}"
    r"(?![\w-]|[.,]\d)"
    r"|(?<!\w)\+\d{1,3}(?:[ -]\d{2,5}){2,5}(?!\w)"
)


def mend_numbers(text: str, *, british: bool) -> str:
    """`text` with figures in the form hibari's G2P reads right."""
    if not re.search(r"\d|[¢%½¼¾⅓⅔]", text):
        return text
    rules: tuple[Callable[[str], str], ...] = (
        _phones, _money, _times, _dates_british if british else _as_is, _measures, _versions,
        _sums, _ratios, _zeros,
    )  # fmt: skip
    for rule in rules:
        text = rule(text)
    return text


def _as_is(text: str) -> str:
    return text


def digits(run: str) -> str:
    """A run of figures read one by one."""
    return " ".join(_DIGIT_WORDS[int(c)] for c in run)


def _plural(amount: str, one: str, many: str) -> str:
    return one if amount.lstrip("-").replace(",", "") in ("1", "1.0", "1.00") else many


# -- telephone numbers ---------------------------------------------------------------------------


def _phones(text: str) -> str:
    def read(match: re.Match[str]) -> str:
        groups = re.findall(r"\d+", match[0])
        if len("".join(groups)) < 7:
            return match[0]
        plus = "plus " if match[0].startswith("+") else ""
        return plus + ", ".join(digits(group) for group in groups)

    return _PHONE.sub(read, text)


# -- money ---------------------------------------------------------------------------------------


def _money(text: str) -> str:
    text = re.sub(
        rf"(?<!\w)(US|CA?|AU?|NZ|HK|S)\$(?={_NUMBER})", lambda m: f"{_COUNTRY[m[1]]} $", text
    )
    text = re.sub(
        rf"([{_SYMBOLS}])({_NUMBER})\s?[-–—]\s?\1?({_NUMBER}){_SCALES}",
        lambda m: f"{m[2]} to {_amount(m[3], m[1], m[4] or m[5])}",
        text,
    )
    text = re.sub(
        rf"(US|Canadian|Australian|New Zealand|Hong Kong|Singapore) \$({_NUMBER}){_SCALES}",
        lambda m: _amount(m[2], "$", m[3] or m[4], m[1] + " "),
        text,
    )
    text = re.sub(
        rf"([{_SYMBOLS}])\s?({_NUMBER}){_SCALES}(-(?=[^\W\d])|\s(?=(?:bill|note|coin)s?\b))?",
        lambda m: _amount(m[2], m[1], m[3] or m[4], single=bool(m[5])) + (" " if m[5] else ""),
        text,
    )
    return re.sub(rf"({_NUMBER})\s?([{_SYMBOLS}])(?!\w)", lambda m: _amount(m[1], m[2], None), text)


def _amount(
    figures: str, symbol: str, scale: str | None, country: str = "", *, single: bool = False
) -> str:
    one, many, part, parts = _CURRENCIES[symbol]
    if scale:
        scale = _SCALE.get(scale.lower(), scale)
        return f"{figures} {scale} {country}{one if single else many}"
    whole, _, hundredths = figures.partition(".")
    if len(hundredths) == 2 and part:
        coins = f"{int(hundredths)} {part if int(hundredths) == 1 else parts}"
        if not int(hundredths):
            figures = whole
        elif not int(whole.replace(",", "")):
            return coins
        else:
            return f"{whole} {country}{_plural(whole, one, many)} and {coins}"
    return f"{figures} {country}{one if single else _plural(figures, one, many)}"


# -- times and dates -----------------------------------------------------------------------------


def _times(text: str) -> str:
    text = re.sub(r"\b0?0:00\b", "midnight", text)
    return re.sub(r"\b(\d{1,2})h(\d{2})\b", r"\1:\2", text)


def _dates_british(text: str) -> str:
    def read(match: re.Match[str]) -> str:
        day, month, year = int(match[1]), int(match[2]), match[3]
        if not (1 <= day <= 31 and 1 <= month <= 12):
            return match[0]
        year = year if len(year) == 4 else ("19" if int(year) > 30 else "20") + year
        return f"{day} {MONTHS[month - 1]} {year}"

    return re.sub(r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b", read, text)


# -- measures ------------------------------------------------------------------------------------


def _measures(text: str) -> str:
    text = re.sub(r"\b(\d{1,2})'\s?(\d{1,2})(?:\"|”|'')?(?!\w)", r"\1 foot \2", text)
    text = re.sub(r"\b(\d+) ?ft\.? (\d+) ?in\b\.?", r"\1 feet \2 inches", text)
    text = re.sub(rf"\b({_NUMBER})\s?(M)(?= [a-z])", r"\1 million", text)
    text = re.sub(rf"\b({_NUMBER})\s?(bn|mn|tn)\b", lambda m: f"{m[1]} {_SCALE[m[2]]}", text)
    text = _UNIT.sub(lambda m: f"{m[1]} {_plural(m[1], *_UNITS[m[2]])}", text)
    for sign, words in (("½", "a half"), ("¼", "a quarter"), ("¾", "three quarters")):
        text = re.sub(rf"(?<=\d)\s?{sign}", f" and {words}", text)
    return text.replace("⅓", " one third ").replace("⅔", " two thirds ")


# -- versions, addresses of machines, decimals ----------------------------------------------------


def _versions(text: str) -> str:
    def dotted(match: re.Match[str]) -> str:
        spoken = [digits(g) if g.startswith("0") and len(g) > 1 else g for g in match[2].split(".")]
        return ("version " if match[1] else "") + " point ".join(spoken)

    text = re.sub(r"(?i)\b(version) v(?=\d)", r"\1 ", text)
    text = re.sub(r"(?<![\w.])([vV])?(\d+(?:\.\d+){2,})(?![\w]|\.\d)", dotted, text)
    text = re.sub(r"(?<![\w.])[vV](\d+(?:\.\d+)?)(?![\w.]*\w)", r"version \1", text)

    def decimal(match: re.Match[str]) -> str:
        return f"{match[1]} point {digits(match[2])}"

    # G2P drops the zeros at the end of a decimal ("2.0" as "two").
    text = re.sub(r"(?<![\w.,])(\d+(?:,\d{3})*)\.(\d*0)(?![\d%]|\.\d)", decimal, text)
    return re.sub(r"(?<![\w.])(-?)\.(\d+)(?!\w)", lambda m: f"{m[1]}point {digits(m[2])}", text)


# -- sums, ratios, zeros -------------------------------------------------------------------------


def _sums(text: str) -> str:
    text = re.sub(r"(?<=\d)\s?[-–]\s?(?=\d+(?:\.\d+)?\s?=)", " minus ", text)
    text = re.sub(r"(?<=\d)\s?[*×]\s?(?=\d)", " times ", text)
    text = re.sub(r"(?<=\d)\s?/\s?(?=\d+\s?=)", " divided by ", text)
    return re.sub(r"\b(\d+)[x×]\b(?!\d)", r"\1 times", text)


def _ratios(text: str) -> str:
    text = re.sub(r"\b24/7\b", "24 7", text)
    text = re.sub(r"\b50/50\b", "50 50", text)
    text = re.sub(r"\b9/11\b", "9 11", text)
    return re.sub(r"(?<![\w:.])(\d{1,3}):(\d)(?![\d:]|\s?[AaPp]\.?[Mm])", r"\1 to \2", text)


def _zeros(text: str) -> str:
    text = re.sub(r"(?<![\w.,:/-])0(\d+)(?![\w.,:/-]*\d|[a-z])", lambda m: digits("0" + m[1]), text)
    return re.sub(r"(?<![\w.,])\d{13,}(?![\w.,]*\d)", lambda m: digits(m[0]), text)
