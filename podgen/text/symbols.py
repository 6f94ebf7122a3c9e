"""One form for each sign, and the symbols that have no sound."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200e\u200f\u2060\ufeff\ufe0f\ufe0e"), None
)  # a joiner goes with the emoji that it joins, see `without_sound`
_MARKS = str.maketrans({
    "’": "'", "ʼ": "'", "′": "'", "″": '"', "«": "“", "»": "”", "„": "“", "‹": "“", "›": "”",
    "‐": "-", "‑": "-", "−": "-", "‒": "-", "―": "—", "⁄": "/", "·": " ", "•": " ",
    "，": ",", "。": ".", "！": "!", "？": "?",
})  # fmt: skip
_ARABIC = str.maketrans({"\u066b": ".", "\u066c": ",", "\u066a": "%"})
_FIGURE = re.compile(r"[^\D0-9]|[₀-₉]")
"""Figures of all scripts are figures, and so are those below the line."""
_REPEATED = (
    (re.compile(r"<!--|-->"), " "),  # a comment that nothing closes is said
    (re.compile(r"\s*(?:-{2,}|—(?:\s*—)+)(?!>)\s*"), " — "),
    (re.compile(r"\.{4,}"), "..."),
    (re.compile(r"…{2,}"), "…"),
    (re.compile(r"(?:!\?|\?!)[!?]*"), "?!"),
    (re.compile(r"([!?,;:])(?:\s*\1)+"), r"\1"),
    (re.compile(r"([()\[\]\"“”])\1+"), r"\1"),
)
_QUOTED = re.compile(
    r"(?<!\w)['‘](?!(?:tis|twas|em|cause|n|\d0s)\b)([^'‘]{1,300}?)['’](?!\w)", re.IGNORECASE
)
_EMOTICON = re.compile(r"(?<!\S)(?:[:;=][-o']?|8-)[)(DPp|/](?!\w)")
_UNSAID = frozenset("*_|~^{}\\<>#=+`@&$%°")
"""Signs that mean something where a rule says so, and are passed over elsewhere."""
_PLAIN = re.compile(r"[\w\s.,;:!?'\"“”‘()\[\]–—…¿¡،؛؟।॥/-]*")


def plain_signs(text: str, language: str) -> str:
    """`text` with one form for each sign, and each sign once: straight apostrophes, one kind of
    dash, plain figures, no second exclamation mark."""
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE)
    if language == "en" and ("'" in text or "‘" in text):
        text = _QUOTED.sub(r"“\1”", text)
    for repeated, once in _REPEATED:
        text = repeated.sub(once, text)
    if text.isascii() or language in ("ja", "zh"):
        return text
    text = text.translate(_MARKS).translate(_ARABIC)
    return _FIGURE.sub(lambda match: str(unicodedata.digit(match[0])), text)


def without_sound(text: str) -> tuple[str, list[str]]:
    """`text` without the symbols that nobody says, and what they were, each once.

    Emoji, arrows, dingbats, mathematical signs that no rule has put into words, and marks that
    mean nothing where they stand. Letters, figures, punctuation and currency signs stay.
    """
    text = _EMOTICON.sub("", text)
    if _PLAIN.fullmatch(text):
        return text, []
    found: dict[str, None] = {}
    out: list[str] = []
    emoji = ""
    for char in text:
        if not _silent(char):
            if emoji:
                found[emoji] = None
                emoji = ""
                out.append(" ")
            out.append(char)
        elif char in _UNSAID:
            out.append(" ")
        else:
            emoji += char
    if emoji:
        found[emoji] = None
    return re.sub(r"\s+([,.;:!?…])", r"\1", "".join(out)), list(found)


def _silent(char: str) -> bool:
    if char in _UNSAID or char in "\u200d\u20e3":
        return True
    return not char.isascii() and unicodedata.category(char) in ("So", "Sm", "Sk", "Co", "Cn", "Cs")
