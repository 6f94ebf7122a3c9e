"""What English writes short: titles, streets, initials, sizes, telephone numbers, chemistry."""

from __future__ import annotations

import re

from podgen.text import cldr
from podgen.text.numerals import numerals
from podgen.text.roman import AFTER_NAME, read_numeral
from podgen.text.rules import Rule, rule

# Said so only before a name.
_TITLES = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Mx": "Mix", "Prof": "Professor",
    "Gen": "General", "Col": "Colonel", "Maj": "Major", "Capt": "Captain", "Lt": "Lieutenant",
    "Sgt": "Sergeant", "Cpl": "Corporal", "Cmdr": "Commander", "Adm": "Admiral", "Rev": "Reverend",
    "Hon": "Honorable", "Gov": "Governor", "Sen": "Senator", "Rep": "Representative",
    "Pres": "President", "Supt": "Superintendent", "Msgr": "Monsignor", "Fr": "Father",
    "St": "Saint", "Mt": "Mount", "Ft": "Fort",
}  # fmt: skip
# Said so only after a name.
_STREETS = {
    "St": "Street", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Dr": "Drive",
    "Ln": "Lane", "Sq": "Square", "Hwy": "Highway", "Pkwy": "Parkway", "Ct": "Court",
    "Jr": "Junior", "Sr": "Senior", "Bros": "Brothers", "Co": "Company", "Corp": "Corporation",
    "Inc": "Incorporated", "Ltd": "Limited", "Esq": "Esquire",
}  # fmt: skip
# Said so only before a figure.
_COUNTED = {
    "no": "number", "nos": "numbers", "fig": "figure", "figs": "figures", "ch": "chapter",
    "chs": "chapters", "vol": "volume", "vols": "volumes", "p": "page", "pp": "pages",
    "sec": "section", "par": "paragraph", "art": "article", "est": "established", "ed": "edition",
    "ca": "circa", "apt": "apartment", "ext": "extension", "rm": "room",
}  # fmt: skip
_DAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday",
    "Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Jun": "June",
    "Jul": "July", "Aug": "August", "Sep": "September", "Sept": "September", "Oct": "October",
    "Nov": "November", "Dec": "December",
}  # fmt: skip
# Short for days and months, and words or names besides: only where a date is spoken of.
_DAYS_ELSE = "Mon|Wed|Sat|Sun|Jan|Mar|Dec"
_DAY_CUE = re.compile(
    r"(?:\b(?:in|on|of|since|until|till|by|from|to|through|and|or|every|next|last|this|early|late|"
    r"mid|before|after|each)|\d(?:st|nd|rd|th)?|[-–,/])\s*$",
    re.IGNORECASE,
)
_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California",
    "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "DC": "D.C.", "FL": "Florida",
    "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana",
    "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine",
    "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota",
    "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
    "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York",
    "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon",
    "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_UNITS = {
    "fps": ("frame per second", "frames per second"), "dB": ("decibel", "decibels"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "kbps": ("kilobit per second", "kilobits per second"),
    "kb/s": ("kilobit per second", "kilobits per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "bps": ("bit per second", "bits per second"), "LU": ("L U", "L U"),
    "sq ft": ("square foot", "square feet"), "yrs": ("year", "years"), "hrs": ("hour", "hours"),
    "hr": ("hour", "hours"), "secs": ("second", "seconds"), "sec": ("second", "seconds"),
    "mins": ("minute", "minutes"), "A": ("amp", "amps"),
}  # fmt: skip
_ACROSS = "foot|mile|meter|centimeter|millimeter|kilometer|inch|pound|gallon|liter|year|minute|hour"


def english_rules() -> list[Rule]:
    """The rules of English alone, before those that all languages share."""
    return [*_names(), *_addresses(), *_words(), *_measures()]


def _names() -> list[Rule]:
    return [
        rule(AFTER_NAME, read_numeral),
        rule(r"\bWW(I{1,2})\b", lambda m: f"World War {('one', 'two')[len(m[1]) - 1]}"),
        rule(r"\b(Mr|Mrs|Ms)\.?(?=\s+(?:and|&)\s+(?:Mr|Mrs|Ms)\b)", lambda m: _TITLES[m[1]]),
        rule(rf"\b({_any(_TITLES)})\.(?=\s+[A-Z(])(?<!\d St\.)", _title),
        rule(r"\bSt(?=\s+[A-Z][a-z])", "Saint"),
        rule(rf"(?<=[\w)])(,?\s)({_any(_STREETS)})\.(?!\w)", _after_name),
        rule(r"\b([A-Z])\.\s?([A-Z])\.(?=\s[A-Z][a-z])", r"\1 \2"),
    ]


def _title(match: re.Match[str]) -> str | None:
    """A title before a name; after a name and before another sentence it is a street. A word that
    opens its sentence is no name, whatever its first letter ("Call Dr. Smith")."""
    before = match.string[: match.start()]
    name = re.search(r"\b(?!The|In|At|On|To|By|Of)[A-Z][\w']*\s$", before)
    if match[1] in _STREETS and name:
        opens = re.match(
            r"\s+(?:The|He|She|It|We|They|I|You|This|That|There|And|But|Then|In|On|At)\b",
            match.string[match.end() :],
        )
        if opens:
            return f"{_STREETS[match[1]]}."
        if not re.search(r"(?:^|[.!?:;…]|[\"“(–—])\s*$", before[: name.start()]):
            return None
    return _TITLES[match[1]]


def _after_name(match: re.Match[str]) -> str | None:
    before, after = match.string[: match.start() + 1], match.string[match.end() :]
    if not re.search(r"[A-Z][\w.&']*[,)]?\s?$|\d\w*\s?$", before[-40:]):
        return None
    if match[2] in _TITLES and re.match(r"\s+[A-Z]", after) and match[2] not in ("Dr", "St"):
        return None
    stop = "." if not after.strip() or re.match(r"\s+[A-Z]", after) else ""
    return f"{match[1]}{_STREETS[match[2]]}{stop}"


def _addresses() -> list[Rule]:
    n = numerals("en")

    def digits(match: re.Match[str]) -> str:
        return ", ".join(n.one_by_one(group) for group in re.findall(r"\d+", match[0]))

    def zip_code(match: re.Match[str]) -> str | None:
        state = _STATES.get(match[1])
        return state and f"{state} {n.one_by_one(match[2])}"

    def house(match: re.Match[str]) -> str:
        hundreds, rest = divmod(int(match[1]), 100)
        said = f"{n.words(str(hundreds))} {'oh ' * (rest < 10)}{n.words(str(rest))}"
        return f"{said} {match[2].upper()}" if match[2] else said

    def thrice(match: re.Match[str]) -> str:
        """A flight, a room or a Boeing: seven forty-seven, four oh five."""
        rest = f"oh {match[3][1]}" if match[3][0] == "0" else match[3]
        return f"{match[1]} {match[2]} {rest}"

    numbered = "Boeing|flight|highway|route|room"
    street = "St|Street|Ave|Avenue|Rd|Road|Blvd|Boulevard|Ln|Lane|Dr|Drive"
    area = r"(?:1[ .-])?(?:\(\d{3}\)\s?|\d{3}[.-])?"
    return [
        rule(rf"(?<![\w.,$£€+-]){area}\d{{3}}[.-]\d{{4}}(?![\w-]|[.,]\d)", digits),
        rule(r"\b([A-Z]{2}) (\d{5})(?:-\d{4})?\b", zip_code),
        rule(
            r"(?<![\w.,$£€])([1-9]\d[1-9]|[1-9][1-9]\d)([A-Za-z]?)"
            rf"(?=\s(?:[A-Z][a-z]+\s){{1,3}}(?:{street})\b)",
            house,
        ),
        rule(rf"(?i)\b({numbered}) ([1-9])([1-9]\d|0[1-9])\b", thrice),
    ]


def _words() -> list[Rule]:
    def counted(match: re.Match[str]) -> str:
        said = _COUNTED[match[1].lower()]
        return said.capitalize() if match[1][0].isupper() else said

    def day(match: re.Match[str]) -> str | None:
        before, after = match.string[: match.start()], match.string[match.end() :]
        if re.fullmatch(_DAYS_ELSE, match[1]) and not (
            _DAY_CUE.search(before) or re.match(r"\s*(?:[-–,]?\s?\d|[-–])", after)
        ):
            return None
        return _DAYS[match[1]] + _stop(match)

    return [
        rule(r"(?i)\b(rock|salt|drum|mac)\s+'?n'?\s+(?=\w)", r"\1 and "),
        rule(r"(?<!\w)24/7(?!\w)", "twenty-four seven"),
        rule(r"(?<!\w)50/50(?!\w)", "fifty-fifty"),
        rule(r"(?<!\w)9/11(?!\w)", "nine eleven"),
        rule(r"(?i)(?<!\w)w/o(?!\w)", "without"),
        rule(r"(?<!\w)w/\s?(?=\w)", "with "),
        rule(r"(?i)\be\.\s?g\.", "for example"),
        rule(r"(?i)\bi\.\s?e\.", "that is"),
        rule(r"\b(?:etc|&c)\.(?=\s*[,;:)\w])", "et cetera"),
        rule(r"\betc\.", "et cetera."),
        rule(r"\b(vs|v)\.(?=\s)", "versus"),
        rule(r"(?i)\bapprox\.", "approximately"),
        rule(r"(?i)\bdept\.(?=\s)", "department"),
        rule(r"(?i)\bgovt\.(?=\s)", "government"),
        rule(r"\b(\d+(?:st|nd|rd|th)|second|third|new|revised) ed\.", r"\1 edition"),
        rule(rf"(?i)(?<![\w.])({_any(_COUNTED)})\.\s?(?=\d)", lambda m: f"{counted(m)} "),
        rule(rf"(?<![\w.])({_any(_DAYS)})\.(?!\w)", day),
        rule(r"\b([CFDGA])#", r"\1 sharp"),
        rule(r"\b([A-Z])\+\+", r"\1 plus plus"),
        rule(r"(?<!\w)\.NET\b", "dot net"),
        rule(r"(?<=[^\W\d_])/2\b", " two"),
        rule(r"[Α-Ωα-ω](?![\u0370-\u03ff])(?<![\u0370-\u03ff]{2})", _greek),
    ]


def _measures() -> list[Rule]:
    n = numerals("en")

    def unit(match: re.Match[str]) -> str:
        one, many = _UNITS[match[2]]
        return f"{n.words(match[1])} {one if match[1] == '1' else many}"

    def across(match: re.Match[str]) -> str | None:
        """Before the noun that it measures, a measure is singular: a ten centimeter tube."""
        said = cldr.unit(n.bare(match[2]), match[3], "en")
        single = said and re.sub(rf"\b({_ACROSS})s$", r"\1", said).replace("feet", "foot")
        return f"{match[1]}{single}-" if single and single != said else None

    def feet(match: re.Match[str]) -> str:
        return f"{n.words(match[1])} foot {n.words(match[2])}"

    return [
        rule(r"\b(\d{1,2})'\s?(\d{1,2})(?:\"|''|”)?(?!\w)", feet),
        rule(r"\b(\d+) ?ft\.? (\d+) ?in\b\.?(?=\s\w|\W|$)", r"\1 feet \2 inches"),
        rule(r"\b(\d+(?:\.\d+)?) in\.(?=\s[a-z])", r"\1 inches"),
        rule(rf"(?<![\w.,$£€])({n.number})\s?({_any(_UNITS)})(?![\w/']|\.\w)", unit),
        rule(rf"\b(an? )({n.number})[ -]?({cldr.UNITS})[ -](?=[a-z]{{3,}})(?!\d)", across),
        rule(rf"(?<![\w.,])({n.number})\s?(bn|mn|tn)\b", lambda m: f"{m[1]} {_SCALES[m[2]]}"),
        rule(rf"(?<![\w.,$£€])({n.number})M(?= [a-z])", r"\1 million"),
        rule(r"(?<![\w.])([-−]?)\.(\d+)(?!\w)", lambda m: f"{m[1]}point {n.one_by_one(m[2])}"),
    ]


_SCALES = {"bn": "billion", "mn": "million", "tn": "trillion"}


def _greek(match: re.Match[str]) -> str | None:
    name = _GREEK.get(match[0].lower())
    return f" {name} " if name else None


def _stop(match: re.Match[str]) -> str:
    """The full stop of an abbreviation, where it also ends the text."""
    return "" if match.string[match.end() :].strip() else "."


def _any(words: dict[str, object] | dict[str, str] | dict[str, tuple[str, str]]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
