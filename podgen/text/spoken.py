"""From the text as written to the text as spoken: Markdown gone, the lexicon applied."""

from __future__ import annotations

from dataclasses import dataclass

from podgen.text.lexicon import Lexicon, find
from podgen.text.markdown import plain


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an engine is given: plain text, and (word in it, IPA) for words with phonemes.

    Words stand in `phonemes` as they do in the text, less a possessive 's, the longest first.
    Paragraphs of `text` are apart by a blank line; all other space is single.
    """

    text: str
    phonemes: tuple[tuple[str, str], ...] = ()


def spoken(text: str, *lexicons: Lexicon, ipa: bool = True) -> Spoken:
    """The plain speech of a written text; where lexicons disagree, the earlier one decides.

    Respellings replace their words, phonemes are listed. What a respelling writes is not looked
    up again. Give a turn's lexicons as its pronunciation, its character's and the show's. Without
    `ipa`, an entry that has both is respelt; one that has only phonemes is listed all the same.
    """
    said = plain(text)
    matches = find(said, lexicons)
    if not matches:
        return Spoken(said)
    parts: list[str] = []
    phonemes: dict[str, str] = {}
    at = 0
    for match in matches:
        word = said[match.start : match.end]
        sounds, respelling = match.said
        parts.append(said[at : match.start])
        at = match.end
        if sounds is not None and (ipa or respelling is None):
            phonemes.setdefault(word, sounds)
            parts.append(word)
        else:
            parts.append(respelling or word)
    parts.append(said[at:])
    listed = sorted(phonemes.items(), key=lambda pair: (-len(pair[0]), pair[0]))
    return Spoken("".join(parts), tuple(listed))


def is_silent(said: str) -> bool:
    """Whether a plain text holds nothing that can be spoken: no letter and no figure."""
    return not any(character.isalnum() for character in said)
