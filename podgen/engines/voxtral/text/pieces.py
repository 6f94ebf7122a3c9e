"""A long text as pieces that are each generated in one go."""

from __future__ import annotations

from dataclasses import dataclass

from podgen.engines.joins import PARAGRAPH_GAP, SENTENCE_GAP
from podgen.text.sentences import split_clauses, split_sentences

AUTO = 1200
"""Characters of a piece where splitting is left to the engine: about 85 s, within the 120 s that
the model is known to hold a text together and half of the 180 s that it was trained on."""
_FEWEST = 20


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and the seconds of pause between it and the next."""

    text: str
    gap: float


def read_split(value: object) -> int | None:
    """Characters of a piece as a `split` setting has them; None for "never".

    Raises:
        ValueError: where it is none of never, auto and a number of at least 20.
    """
    if value == "never":
        return None
    if value == "auto":
        return AUTO
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"split is {value!r}, not never, auto or a number of characters")
    try:
        characters = int(value)
    except ValueError:
        raise ValueError(f"split is {value!r}, not never, auto or a number of characters") from None
    if characters < _FEWEST:
        raise ValueError(f"split is {characters}, under {_FEWEST} characters")
    return characters


def cut(text: str, most: int | None) -> list[Piece]:
    """`text` in pieces of at most `most` characters, as few as paragraphs allow.

    A text that fits stays whole. Otherwise paragraphs are filled up with whole paragraphs,
    paragraphs too long with whole sentences, and sentences too long are cut at clause marks.
    """
    if most is None or len(text) <= most:
        return [Piece(text, 0.0)]
    pieces: list[Piece] = []
    for paragraph in _paragraphs(text):
        whole = " ".join(paragraph)
        parts = [whole] if len(whole) <= most else _filled(paragraph, most)
        last = pieces[-1] if pieces else None
        if last and len(parts) == 1 and len(last.text) + 2 + len(whole) <= most:
            pieces[-1] = Piece(f"{last.text}\n\n{whole}", PARAGRAPH_GAP)
            continue
        pieces += [Piece(part, SENTENCE_GAP) for part in parts[:-1]]
        pieces.append(Piece(parts[-1], PARAGRAPH_GAP))
    return pieces


def _paragraphs(text: str) -> list[list[str]]:
    """The sentences of each paragraph."""
    paragraphs: list[list[str]] = [[]]
    for sentence in split_sentences(text):
        paragraphs[-1].append(sentence.text)
        if sentence.ends_paragraph:
            paragraphs.append([])
    return paragraphs[:-1]


def _filled(sentences: list[str], most: int) -> list[str]:
    """Sentences put together up to `most` characters."""
    parts: list[str] = []
    for sentence in sentences:
        for clause in split_clauses(sentence, most):
            if parts and len(parts[-1]) + 1 + len(clause) <= most:
                parts[-1] = f"{parts[-1]} {clause}"
            else:
                parts.append(clause)
    return parts
