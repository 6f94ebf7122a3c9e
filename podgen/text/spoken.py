"""From the text as written to the text as spoken: Markdown gone, the lexicon applied, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from podgen.text.lexicon import Lexicon, find
from podgen.text.markdown import plain
from podgen.text.saying import in_words


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an engine is given: a text in words, and (word in it, IPA) for words with phonemes.

    Words stand in `phonemes` as they do in the text, less a possessive 's, the longest first.
    Paragraphs of `text` are apart by a blank line; all other space is single. `passed_over` are
    the symbols that stood in it and have no sound.
    """

    text: str
    phonemes: tuple[tuple[str, str], ...] = ()
    passed_over: tuple[str, ...] = ()


def spoken(text: str, *lexicons: Lexicon, language: str, ipa: bool = True) -> Spoken:
    """A written text as it is said; where lexicons disagree, the earlier one decides.

    Respellings replace their words, phonemes are listed. What a respelling writes is not looked
    up again. Give a turn's lexicons as its pronunciation, its character's and the show's. Without
    `ipa`, an entry that has both is respelt; one that has only phonemes is listed all the same.
    What figures and signs come to in a language (a BCP 47 tag) says `saying.in_words`.
    """
    said = plain(text)
    matches = find(said, lexicons)
    if not matches:
        return _in_words(said, {}, language)
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
    return _in_words("".join(parts), phonemes, language)


def _in_words(text: str, phonemes: Mapping[str, str], language: str) -> Spoken:
    listed = sorted(phonemes.items(), key=lambda pair: (-len(pair[0]), pair[0]))
    said = in_words(text, language, tuple(word for word, _ in listed))
    return Spoken(said.text, tuple(listed), said.passed_over)
