"""Cuts running text into paragraphs and sentences, so that a long turn can be spoken in pieces.

A cut that is missed costs nothing (the piece is a little longer); a cut inside "Dr. Smith" is
heard. So a full stop that may belong to an abbreviation is kept unless what follows clearly opens
a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Abbreviations that are always followed by more of the same sentence.
_NEVER_LAST = re.compile(
    "mr|mrs|ms|mx|dr|prof|rev|hon|gen|col|capt|lt|sgt|cmdr|cpl|maj|adm|gov|sen|rep|pres|supt|msgr|"
    "st|mt|ft|fr|nos?|vols?|ch|figs?|pg|pp|par|sec|art|eds?|cf|vs|viz|approx|ca|e[.]g|i[.]e|rs|al|"
    "sra|srta|sr|dra|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)
# Abbreviations that may end a sentence: cut only before a word that usually opens one.
_MAYBE_LAST = re.compile(
    "jr|inc|ltd|co|corp|bros|etc|dept|univ|ave|blvd|rd|bldg|(?:[a-z][.])+[a-z]|[a-hj-z]"
)
_OPENER = re.compile(
    "(?:the|an?|he|she|it|we|they|i|you|this|that|these|those|there|here|what|when|where|why|how|"
    "who|but|and|so|then|now|yes|no|if|in|on|at|for|after|before|my|our|your|his|her|its|their|is|"
    "are|did?|do|can|let|please|well|oh|meanwhile|however)\\b",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?…。！？।]+[\"'”’»)\]]*(?=\s)")
_OPENING = "\"'“‘«([¿¡"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence without surrounding space, and whether it is the last of its paragraph."""

    text: str
    ends_paragraph: bool = False


def split_sentences(text: str) -> list[Sentence]:
    """The sentences of `text` in order; blank lines part paragraphs, other breaks are spaces."""
    out: list[Sentence] = []
    for block in re.split(r"\n[ \t]*\n", text):
        paragraph = " ".join(block.split())
        if not paragraph:
            continue
        start = 0
        for match in _END.finditer(paragraph):
            rest = paragraph[match.end() :].lstrip()
            if rest and _ends(paragraph[start : match.end()], rest):
                out.append(Sentence(paragraph[start : match.end()].strip()))
                start = match.end()
        out.append(Sentence(paragraph[start:].strip(), ends_paragraph=True))
    return out


def _ends(before: str, after: str) -> bool:
    """Whether the stop at the end of `before` closes a sentence, given what follows it."""
    opening = after.lstrip(_OPENING)
    if not opening or opening[0].islower():
        return False
    stop = before.rstrip("\"'”’»)]")
    if not stop.endswith(".") or stop.endswith(".."):
        return True
    word = stop[:-1].rsplit(" ", 1)[-1].lstrip(_OPENING).casefold()
    if word == "no":
        return not opening[0].isdigit()
    if _NEVER_LAST.fullmatch(word):
        return False
    return _MAYBE_LAST.fullmatch(word) is None or _OPENER.match(opening) is not None


def split_clauses(text: str, limit: int) -> list[str]:
    """`text` in pieces of at most `limit` characters, cut after clause marks, else at spaces.

    Works on written text and on phoneme strings alike. A piece is only longer than `limit` where
    a single word is.
    """
    pieces: list[str] = []
    rest = text.strip()
    while len(rest) > limit:
        window = rest[: limit + 1]
        cut = 0
        for pattern in (r"[.!?…।]\S*\s", r"[;:—]\s?", r",\s", r"\s"):
            ends = [
                match.end() for match in re.finditer(pattern, window) if match.end() > limit // 4
            ]
            if ends:
                cut = ends[-1]
                break
        if not cut:
            space = re.search(r"\s", rest)
            if space is None:
                break
            cut = space.end()
        pieces.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*pieces, rest] if rest else pieces
