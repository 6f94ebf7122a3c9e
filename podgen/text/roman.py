"""Roman numerals after the names and titles that take them."""

from __future__ import annotations

import re

from podgen.text import cldr
from podgen.text.rules import Rule, rule

# A numeral after these is an ordinal: "Henry the eighth".
_RULERS = (
    "Pope|King|Queen|Emperor|Tsar|Henry|Louis|Edward|George|William|Charles|James|Richard|"
    "Elizabeth|Napoleon|Pius|Benedict|Leo|Ramses|Frederick|Philip|Alexander|Nicholas|Peter|"
    "Catherine|Ivan|Umberto|Gustav|Christian|Ferdinand|John|Paul|Victor Emmanuel|Innocent|"
    "Clement|Gregory|Urban|Otto|Robert|Malcolm|Juan Carlos|Felipe|Carlos|Margrethe"
)
_LETTERED = "Type|type|Level|level|Class|class|Grade|grade|Plan|Section|section|Vitamin|vitamin"
_NUMBERED = (
    f"Chapter|chapter|Part|part|Act|Scene|Volume|volume|Book|book|Phase|phase|Article|article|"
    f"Mark|{_LETTERED}|Stage|stage|Apollo|Gemini|Star Wars Episode|Episode|Round|round|Rocky|"
    f"World War|Super Bowl|Final Fantasy|Title|Appendix|Canto|Psalm"
)
_TITLES = "King|Queen|Pope|Emperor|Tsar|Empress|Tsarina"
_NUMERAL = r"(?=[MDCLXVI])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
AFTER_NAME = rf"\b({_RULERS}|{_NUMBERED}) ({_NUMERAL})(?![^\W_])"
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ENDS_NAME = re.compile(
    r"(?:['’]s\b|[-–]|\s*(?:$|[.,;:!?)\"”]|(?:of|and(?! I\b)|or|to|was|is|had|has|in|by|died|ruled|"
    r"reigned|became|begins|ends|ended|began|opens|covers)\b(?! I\b)))"
)


def read_numeral(match: re.Match[str]) -> str | None:
    """The words for a match of `AFTER_NAME`; None where the letters are no numeral."""
    name, numeral = match.groups()
    if not _is_numeral(match, name, numeral):
        return None
    number = value(numeral)
    if re.fullmatch(_RULERS, name):
        return f"{name} the {cldr.ordinal(number, 'en')}"
    return f"{name} {cldr.number(str(number), 'en')}"


_REGNAL = rf"\b([^\W\d_a-z][^\W\d_]{{2,}}) (?=[IVX]{{2,}})({_NUMERAL})(?![^\W_])"
_LAST_ORDINAL = {"es": 10, "pt": 10, "fr": 0}
"""From here on rulers are counted, in languages where the first ones have ordinals."""


def regnal_rules(language: str) -> list[Rule]:
    """Rulers and popes by their numbers, in other languages than English."""
    if language not in ("fr", "es", "it", "pt", "de", "nl"):
        return []
    stop = r"(\.(?=,? [a-zäöü]))?" if language == "de" else "()"

    def read(match: re.Match[str]) -> str:
        name, number = match[1], value(match[2])
        feminine = name.endswith("a") or name in ("Isabel", "Elisabeth")
        if number > _LAST_ORDINAL.get(language, 99):
            return f"{name} {cldr.number(str(number), language)}"
        said = cldr.ordinal(number, language, feminine)
        if language == "de":
            said = f"{'die' if feminine else 'der'} {said.capitalize()}"
        return f"{name} {'de ' if language == 'nl' else ''}{said}"

    return [rule(_REGNAL + stop, read)]


def _is_numeral(match: re.Match[str], name: str, numeral: str) -> bool:
    tail = match.string[match.end() :]
    if len(numeral) > 1:
        return not re.match(r"\.\w", tail)
    if re.match(r"['’](?!s\b)|\.\w", tail):  # "I'm", "C. S. Lewis", "Louis C.K."
        return False
    if numeral in "CLDM" or (re.fullmatch(_LETTERED, name) and numeral != "I"):
        return False
    if numeral != "I":
        return True
    if re.search(rf"\b(?:{_TITLES}) $", match.string[: match.start()]):
        return True
    return name[0].isupper() and _ENDS_NAME.match(tail) is not None


def value(numeral: str) -> int:
    """The number that a well-formed Roman numeral stands for."""
    values = [_VALUES[letter] for letter in numeral]
    following = [*values[1:], 0]
    return sum(-v if v < n else v for v, n in zip(values, following, strict=True))
